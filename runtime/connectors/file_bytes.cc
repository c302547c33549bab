#include "runtime/connectors/file_bytes.h"

#include <utility>

#include "absl/strings/str_cat.h"

#include "checkpoint/crc32c.h"
#include "platform/check.h"
#include "platform/status_macros.h"
#include "runtime/connectors/source_directory.h"

namespace wavetank::runtime {

FileBytes::FileBytes(checkpoint::Store& store, FilePiece file, int64_t chunk_bytes)
    : store_(store), file_(std::move(file)), chunk_bytes_(static_cast<uint64_t>(chunk_bytes)) {
  WT_CHECK(chunk_bytes > 0);
}

absl::Status FileBytes::Changed(const std::string& how) {
  lost_ = true;
  return absl::DataLossError(absl::StrCat(
      "source file ", file_.path(), " ", how, " since its batch was defined (", file_.size_bytes(),
      " bytes, crc32c ", absl::Hex(file_.crc32c(), absl::kZeroPad8),
      "): its records are lost; put the file back as it was and start again"));
}

Task<absl::StatusOr<std::optional<std::string>>> FileBytes::Next() {
  absl::StatusOr<std::string> chunk = co_await store_.Read(file_.path(), offset_, chunk_bytes_);
  if (absl::IsNotFound(chunk.status())) {
    const bool away = co_await DirectoryIsAway(store_, file_.path());
    if (!away) co_return Changed("has vanished");
    co_return absl::UnavailableError(
        absl::StrCat("source file ", file_.path(), ": its directory is not there"));
  }
  WT_CO_RETURN_IF_ERROR(chunk.status());
  if (!chunk->empty()) {
    offset_ += chunk->size();
    crc32c_ = checkpoint::Crc32c(*chunk, crc32c_);
    if (offset_ > file_.size_bytes()) co_return Changed("has grown");
    co_return *std::move(chunk);
  }
  if (offset_ < file_.size_bytes()) co_return Changed("has shrunk");
  if (crc32c_ != file_.crc32c()) co_return Changed("has changed");
  co_return std::nullopt;
}

}  // namespace wavetank::runtime
