#include "runtime/connectors/file_bytes.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"

#include "checkpoint/crc32c.h"
#include "platform/check.h"
#include "platform/status_macros.h"
#include "runtime/connectors/source_directory.h"

namespace wavetank::runtime {
namespace {

// The rest of a line that ends behind the piece is short, as a rule.
constexpr uint64_t kBehindBytes = 64 << 10;

}  // namespace

FileBytes::FileBytes(platform::Executor& executor, checkpoint::Store& store, FilePiece piece,
                     std::string line_end, int64_t chunk_bytes)
    : store_(store),
      piece_(std::move(piece)),
      line_end_(std::move(line_end)),
      chunk_bytes_(static_cast<uint64_t>(chunk_bytes)),
      scope_(executor) {
  WT_CHECK(chunk_bytes > 0);
  WT_CHECK(piece_.begin() <= piece_.end() && piece_.end() <= piece_.size_bytes());
}

void FileBytes::Prefetch() {
  if (reading_ || begun_ || piece_.size_bytes() == 0) return;
  Request(0, whole() ? std::max(chunk_bytes_, kCompressionMarkBytes) : kCompressionMarkBytes);
}

void FileBytes::Request(uint64_t offset, uint64_t length) {
  reading_ = true;
  read_ahead_.Reset();
  scope_.Spawn("read of a source file", Read(offset, std::min(length, piece_.size_bytes())));
}

Task<void> FileBytes::Read(uint64_t offset, uint64_t length) {
  chunk_ = co_await store_.ReadShown(piece_.path(), offset, length);
  read_ahead_.Set();
}

Task<absl::StatusOr<std::string>> FileBytes::Take() {
  co_await read_ahead_.Wait();
  reading_ = false;
  absl::StatusOr<checkpoint::ShownBytes> chunk = *std::exchange(chunk_, std::nullopt);
  if (absl::IsNotFound(chunk.status())) co_return co_await Gone();
  WT_CO_RETURN_IF_ERROR(chunk.status());
  looked_ = true;
  const checkpoint::StoredFile& file = chunk->file;
  if (file.size_bytes < piece_.size_bytes()) co_return Changed("has shrunk");
  if (file.size_bytes > piece_.size_bytes()) co_return Changed("has grown");
  const bool of_that_time =
      piece_.modified_ns() == 0 || absl::ToUnixNanos(file.modified) == piece_.modified_ns();
  if (!of_that_time) co_return Changed("has changed");
  co_return std::move(chunk->bytes);
}

Task<absl::StatusOr<std::string>> FileBytes::Chunk(uint64_t most_bytes) {
  if (!reading_) Request(offset_, most_bytes);
  WT_CO_ASSIGN_OR_RETURN(std::string chunk, co_await Take());
  if (chunk.empty()) co_return Changed("has shrunk");
  offset_ += chunk.size();
  if (offset_ < piece_.end()) Request(offset_, std::min(chunk_bytes_, piece_.end() - offset_));
  co_return chunk;
}

Task<absl::Status> FileBytes::Begin() {
  Prefetch();
  begun_ = true;
  if (!whole()) {
    WT_CO_ASSIGN_OR_RETURN(const std::string mark, co_await Take());
    WT_CO_ASSIGN_OR_RETURN(codec_, CompressionOf(piece_.path(), mark));
  }
  if (codec_ != CompressionCodec::kNone) {
    piece_.set_end(piece_.begin() == 0 ? piece_.size_bytes() : piece_.begin());
  }
  read_ = {.file = piece_.number(), .begin = piece_.begin(), .end = piece_.end(), .crc32c = 0};
  offset_ = piece_.begin();
  if (piece_.begin() == 0 || piece_.begin() == piece_.end()) co_return absl::OkStatus();
  to_begin_.emplace(line_end_);
  offset_ -= std::min<uint64_t>(offset_, to_begin_->looks_back());
  co_return absl::OkStatus();
}

Task<absl::StatusOr<std::optional<std::string>>> FileBytes::Next() {
  if (!begun_) WT_CO_RETURN_IF_ERROR(co_await Begin());
  while (offset_ < piece_.end()) {
    const uint64_t at = offset_;
    WT_CO_ASSIGN_OR_RETURN(std::string chunk,
                           co_await Chunk(std::min(chunk_bytes_, piece_.end() - offset_)));
    if (at == 0 && whole() && codec_ == CompressionCodec::kNone) {
      WT_CO_ASSIGN_OR_RETURN(codec_, CompressionOf(piece_.path(), std::string_view(chunk).substr(
                                                                      0, kCompressionMarkBytes)));
    }
    Count(at, chunk);
    if (to_begin_) {
      const std::optional<size_t> begin = to_begin_->Find(chunk);
      if (!begin) continue;
      to_begin_.reset();
      chunk.erase(0, *begin);
      first_ = at + *begin;
    }
    if (!chunk.empty()) co_return chunk;
  }
  // (Where the piece's first line has not begun, none begins in it.)
  while (!to_begin_ && !at_end_ && offset_ < piece_.size_bytes() && piece_.begin() < piece_.end()) {
    if (!to_end_) {
      to_end_.emplace(line_end_);
      const size_t seen = std::min<size_t>(before_end_.size(), to_end_->looks_back());
      at_end_ = to_end_->Find(std::string_view(before_end_).substr(before_end_.size() - seen))
                    .has_value();
      continue;
    }
    WT_CO_ASSIGN_OR_RETURN(
        std::string chunk,
        co_await Chunk(std::min({kBehindBytes, chunk_bytes_, piece_.size_bytes() - offset_})));
    if (const std::optional<size_t> end = to_end_->Find(chunk)) {
      at_end_ = true;
      chunk.resize(*end);
    }
    if (!chunk.empty()) co_return chunk;
  }
  WT_CO_RETURN_IF_ERROR(co_await Check());
  co_return std::nullopt;
}

void FileBytes::Count(uint64_t offset, std::string_view bytes) {
  const size_t kept = std::min<size_t>(2, bytes.size());
  before_end_.append(bytes.substr(bytes.size() - kept));
  before_end_.erase(0, before_end_.size() - std::min<size_t>(2, before_end_.size()));
  // (What is looked back at is none of the piece's.)
  if (offset < piece_.begin()) {
    bytes.remove_prefix(std::min<uint64_t>(bytes.size(), piece_.begin() - offset));
  }
  read_.crc32c = checkpoint::Crc32c(bytes, read_.crc32c);
}

Task<absl::Status> FileBytes::Check() {
  if (!looked_) {
    Request(0, 0);
    WT_CO_RETURN_IF_ERROR((co_await Take()).status());
  }
  if (piece_.has_crc32c() && read_.crc32c != piece_.crc32c()) co_return Changed("has changed");
  co_return absl::OkStatus();
}

Task<absl::Status> FileBytes::Gone() {
  const bool away = co_await DirectoryIsAway(store_, piece_.path());
  if (!away) co_return Changed("has vanished");
  co_return absl::UnavailableError(
      absl::StrCat("source file ", piece_.path(), ": its directory is not there"));
}

absl::Status FileBytes::Changed(const std::string& how) {
  lost_ = how;
  std::string as = absl::StrCat(piece_.size_bytes(), " bytes");
  if (piece_.modified_ns() != 0) {
    absl::StrAppend(&as, ", modified ",
                    absl::FormatTime(absl::RFC3339_full, absl::FromUnixNanos(piece_.modified_ns()),
                                     absl::UTCTimeZone()));
  }
  if (piece_.has_crc32c()) {
    absl::StrAppend(&as, ", crc32c ", absl::Hex(piece_.crc32c(), absl::kZeroPad8));
  }
  return absl::DataLossError(absl::StrCat("source file ", piece_.path(), " ", how,
                                          " since its batch was defined (", as,
                                          "): its records are lost; put the file back as it was, "
                                          "with its time, and start again, or go on "
                                          "without it (lostFiles=skip)"));
}

}  // namespace wavetank::runtime
