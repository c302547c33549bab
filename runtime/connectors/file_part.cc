#include "runtime/connectors/file_part.h"

#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"

#include "checkpoint/crc32c.h"
#include "platform/status_macros.h"
#include "runtime/connectors/part_name.h"

namespace wavetank::runtime {
namespace {

constexpr absl::string_view kStagedPrefix = "batch-";
constexpr absl::string_view kFiledPrefix = "filed-";

ManifestPart PartOf(int64_t batch, const std::string& unique, PartDialect dialect) {
  ManifestPart part;
  part.set_file(absl::StrFormat("%s%05d-%s%s", kStagedPrefix, batch, unique, ExtensionOf(dialect)));
  part.set_dialect(dialect);
  return part;
}

}  // namespace

FilePartWriter::FilePartWriter(checkpoint::Store& store, const std::string& directory,
                               int64_t batch, const std::string& unique, PartDialect dialect,
                               uint64_t inline_bytes, uint64_t piece_bytes)
    : inline_bytes_(inline_bytes),
      piece_bytes_(piece_bytes),
      part_(PartOf(batch, unique, dialect)),
      file_(store, StagedPath(directory, part_)) {}

Task<absl::Status> FilePartWriter::Flush() {
  if (text_.size() < piece_bytes_) co_return absl::OkStatus();
  Measure();
  co_return co_await file_.Append(std::exchange(text_, std::string()));
}

Task<absl::StatusOr<std::string>> FilePartWriter::Finish() {
  if (part_.rows() == 0) co_return std::string();
  const bool nothing_sent = part_.size_bytes() == 0;
  Measure();
  if (nothing_sent && text_.size() <= inline_bytes_) {
    part_.set_text(std::move(text_));
    co_return part_.SerializeAsString();
  }
  WT_CO_RETURN_IF_ERROR((co_await file_.Finish(std::move(text_))).status());
  co_return part_.SerializeAsString();
}

void FilePartWriter::Measure() {
  part_.set_crc32c(checkpoint::Crc32c(text_, part_.crc32c()));
  part_.set_size_bytes(part_.size_bytes() + text_.size());
}

bool IsStagedName(absl::string_view name) {
  int64_t batch = 0;
  return absl::ConsumePrefix(&name, kStagedPrefix) && absl::StrContains(name, '-') &&
         absl::SimpleAtoi(name.substr(0, name.find('-')), &batch);
}

std::string FiledName(int64_t batch, FencingToken token, const std::string& unique,
                      PartDialect dialect) {
  return absl::StrFormat("%s%05d-%d-%d-%s%s", kFiledPrefix, batch, token.epoch, token.fences,
                         unique, ExtensionOf(dialect));
}

std::optional<FencingToken> TokenOfFiled(absl::string_view name) {
  if (!absl::ConsumePrefix(&name, kFiledPrefix)) return std::nullopt;
  const std::vector<absl::string_view> words = absl::StrSplit(name, absl::MaxSplits('-', 3));
  int64_t batch = 0;
  FencingToken token;
  const bool is_one = words.size() == 4 && absl::SimpleAtoi(words[0], &batch) &&
                      absl::SimpleAtoi(words[1], &token.epoch) &&
                      absl::SimpleAtoi(words[2], &token.fences);
  return is_one ? std::optional(token) : std::nullopt;
}

Task<absl::StatusOr<bool>> HasTextOf(checkpoint::Store& store, std::string path,
                                     ManifestPart part) {
  constexpr uint64_t kPiece = checkpoint::UniqueFileWriter::kPartBytes;
  uint64_t size = 0;
  uint32_t crc32c = 0;
  // One byte more than it should have, so that a longer file is seen to be one.
  while (size <= part.size_bytes()) {
    WT_CO_ASSIGN_OR_RETURN(const std::string piece, co_await store.Read(path, size, kPiece));
    size += piece.size();
    crc32c = checkpoint::Crc32c(piece, crc32c);
    if (piece.size() < kPiece) break;
  }
  co_return size == part.size_bytes() && crc32c == part.crc32c();
}

}  // namespace wavetank::runtime
