#include "runtime/connectors/file_rows.h"

#include <string_view>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"

#include "platform/status_macros.h"
#include "platform/text.h"
#include "runtime/connectors/formats/compression.h"

namespace wavetank::runtime {
namespace {

constexpr int64_t kReadChunkBytes = 1 << 20;

}  // namespace

FileRows::FileRows(SplitContext context, FileSplit split, FileRowsOptions options)
    : context_(context), split_(std::move(split)), options_(std::move(options)) {}

Task<absl::StatusOr<std::optional<RecordBatch>>> FileRows::Next() {
  while (true) {
    if (!file_) {
      std::unique_ptr<FileBytes> bytes =
          fetched_ == nullptr ? Fetch() : std::exchange(fetched_, nullptr);
      if (bytes == nullptr) co_return std::nullopt;
      WT_CO_RETURN_IF_ERROR(Open(std::move(bytes)));
      fetched_ = Fetch();
    }
    absl::StatusOr<RecordBatch> rows = RecordBatch();
    if (file_->decompressor != nullptr && !file_->chunk.empty()) {
      rows = Decompress();
    } else {
      WT_CO_ASSIGN_OR_RETURN(std::optional<std::string> bytes, co_await Bytes());
      rows = bytes ? Decode(*std::move(bytes)) : Finish();
      if (rows.ok() && !bytes) {
        reads_.push_back(file_->bytes->read());
        file_.reset();
      }
    }
    if (!rows.ok()) {
      NoteCorrupt(rows.status());
      co_return InFile(rows.status());
    }
    if (rows->num_rows() > 0) co_return *std::move(rows);
  }
}

Task<absl::Status> FileRows::Check() {
  while (file_) {
    WT_CO_ASSIGN_OR_RETURN(const std::optional<std::string> bytes, co_await Bytes());
    if (!bytes) file_.reset();
  }
  co_return absl::OkStatus();
}

std::unique_ptr<FileBytes> FileRows::Fetch() {
  while (next_ < split_.pieces_size()) {
    const FilePiece& piece = split_.pieces(next_++);
    if (context_.skipped.contains(piece.path())) {
      reads_.push_back({.file = piece.number(), .skipped = true});
      continue;
    }
    auto bytes = std::make_unique<FileBytes>(context_.node.executor(), context_.store, piece,
                                             options_.line_end, kReadChunkBytes);
    bytes->Prefetch();
    return bytes;
  }
  return nullptr;
}

absl::Status FileRows::Open(std::unique_ptr<FileBytes> bytes) {
  const DecoderStart start = bytes->is_first() ? DecoderStart::kFile : DecoderStart::kLine;
  WT_ASSIGN_OR_RETURN(std::unique_ptr<RowDecoder> decoder,
                      MakeDecoder(options_.format, options_.schema, options_.decoder, start));
  file_.emplace(File{.bytes = std::move(bytes),
                     .decoder = std::move(decoder),
                     .decompressor = nullptr,
                     .lines = LineLimit(options_.files.max_line_bytes),
                     .chunk = {}});
  return absl::OkStatus();
}

Task<absl::StatusOr<std::optional<std::string>>> FileRows::Bytes() {
  absl::StatusOr<std::optional<std::string>> bytes = co_await file_->bytes->Next();
  if (bytes.ok()) co_return bytes;
  NoteLost();
  NoteCorrupt(bytes.status());  // that it does not begin as it is named, say
  co_return InFile(bytes.status());
}

absl::StatusOr<RecordBatch> FileRows::Decode(std::string chunk) {
  if (!std::exchange(file_->begun, true)) {
    const CompressionCodec codec = file_->bytes->codec();
    if (codec != CompressionCodec::kNone) file_->decompressor = MakeDecompressor(codec);
  }
  if (file_->decompressor == nullptr) return DecodeContent(chunk);
  file_->chunk = std::move(chunk);
  file_->decompressor->Feed(file_->chunk);
  return Decompress();
}

// The rows of one piece of the content.
absl::StatusOr<RecordBatch> FileRows::Decompress() {
  WT_ASSIGN_OR_RETURN(const std::string_view content, file_->decompressor->Next());
  if (content.empty()) {
    file_->chunk.clear();
    return RecordBatch();
  }
  return DecodeContent(content);
}

absl::StatusOr<RecordBatch> FileRows::DecodeContent(std::string_view content) {
  if (!file_->lines.Add(content)) {
    return LineTooLong(file_->bytes->path(), file_->bytes->first() + file_->lines.begin(),
                       file_->lines.length(), options_.files);
  }
  return file_->decoder->Decode(content);
}

absl::StatusOr<RecordBatch> FileRows::Finish() {
  if (file_->decompressor != nullptr) WT_RETURN_IF_ERROR(file_->decompressor->Finish());
  absl::StatusOr<RecordBatch> rows = file_->decoder->Finish();
  const int64_t malformed = file_->decoder->malformed();
  if (malformed > 0) {
    context_.node.Log(platform::LogLevel::kWarning,
                      absl::StrCat("batch ", context_.batch, ": source file ", file_->bytes->path(),
                                   " has ", malformed, " malformed record",
                                   malformed == 1 ? "" : "s", " of format ", options_.format));
  }
  return rows;
}

absl::Status FileRows::InFile(const absl::Status& status) const {
  const std::string& path = file_->bytes->path();
  std::string text(platform::ToStd(status.message()));
  if (text.find(path) == std::string::npos) text = absl::StrCat("source file ", path, ": ", text);
  if (absl::IsDataLoss(status) && file_->bytes->lost().empty()) {
    absl::StrAppend(&text,
                    "; its batch is defined: start with ignoreCorruptFiles=true, which leaves the "
                    "file out, and bring it whole under another name");
  }
  return absl::Status(status.code(), text);
}

void FileRows::NoteCorrupt(const absl::Status& status) {
  const bool is_damage = absl::IsDataLoss(status) && file_->bytes->lost().empty();
  if (!is_damage || !options_.files.ignore_corrupt) return;
  context_.node.Log(platform::LogLevel::kWarning,
                    absl::StrCat("batch ", context_.batch, ": source file ", file_->bytes->path(),
                                 ": ", status.message(),
                                 ": it is left out whole, as ignoreCorruptFiles says, its records "
                                 "are lost, and no file of that name is read"));
  context_.lost = file_->bytes->path();
}

void FileRows::NoteLost() {
  if (file_->bytes->lost().empty() || options_.files.lost != LostFiles::kSkip) return;
  context_.node.Log(platform::LogLevel::kWarning,
                    absl::StrCat("batch ", context_.batch, ": source file ", file_->bytes->path(),
                                 " ", file_->bytes->lost(),
                                 " since its batch was defined: it is skipped, as lostFiles ",
                                 "says, its records are lost, and no file of that name is read"));
  context_.lost = file_->bytes->path();
}

}  // namespace wavetank::runtime
