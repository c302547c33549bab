#include "runtime/connectors/file_lines.h"

#include <utility>

#include "absl/strings/str_cat.h"

#include "checkpoint/crc32c.h"
#include "platform/check.h"
#include "platform/status_macros.h"
#include "runtime/columnar/line_splitter.h"
#include "runtime/connectors/source_directory.h"

namespace wavetank::runtime {

FileLines::FileLines(checkpoint::Store& store, FilePiece file, int64_t chunk_bytes)
    : store_(store), file_(std::move(file)), chunk_bytes_(static_cast<uint64_t>(chunk_bytes)) {
  WT_CHECK(chunk_bytes > 0);
}

absl::Status FileLines::Changed(const std::string& how) {
  lost_ = true;
  return absl::DataLossError(absl::StrCat(
      "source file ", file_.path(), " ", how, " since its batch was defined (", file_.size_bytes(),
      " bytes, crc32c ", absl::Hex(file_.crc32c(), absl::kZeroPad8),
      "): its records are lost; put the file back as it was and start again"));
}

Task<absl::StatusOr<std::optional<std::string>>> FileLines::Next() {
  while (true) {
    auto chunk = co_await store_.Read(file_.path(), offset_, chunk_bytes_);
    if (absl::IsNotFound(chunk.status())) {
      const bool away = co_await DirectoryIsAway(store_, file_.path());
      if (!away) co_return Changed("has vanished");
      co_return absl::UnavailableError(
          absl::StrCat("source file ", file_.path(), ": its directory is not there"));
    }
    WT_CO_RETURN_IF_ERROR(chunk.status());
    if (chunk->empty()) break;
    offset_ += chunk->size();
    crc32c_ = checkpoint::Crc32c(*chunk, crc32c_);
    if (offset_ > file_.size_bytes()) co_return Changed("has grown");
    const size_t whole = WholeLines(*chunk);
    if (whole == 0) {
      partial_line_ += *chunk;
      continue;
    }
    std::string lines = std::move(partial_line_);
    partial_line_ = chunk->substr(whole);
    chunk->resize(whole);
    lines += *chunk;
    co_return lines;
  }
  if (offset_ < file_.size_bytes()) co_return Changed("has shrunk");
  if (crc32c_ != file_.crc32c()) co_return Changed("has changed");
  if (partial_line_.empty()) co_return std::nullopt;
  co_return std::exchange(partial_line_, std::string());
}

}  // namespace wavetank::runtime
