#include "runtime/connectors/file_source.h"

#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

#include "checkpoint/crc32c.h"
#include "platform/check.h"
#include "platform/status_macros.h"

namespace wavetank::runtime {
namespace {

constexpr uint64_t kChecksumChunkBytes = 1 << 20;

bool IsSelectable(const checkpoint::StoredFile& file) {
  return file.kind == platform::FileKind::kFile && !file.name.empty() && file.name[0] != '.' &&
         file.name[0] != '_';
}

Task<absl::StatusOr<SourceFile>> Measure(checkpoint::Store& store, std::string path) {
  SourceFile file{std::move(path), 0, 0};
  while (true) {
    WT_CO_ASSIGN_OR_RETURN(const std::string chunk,
                           co_await store.Read(file.path, file.size_bytes, kChecksumChunkBytes));
    file.size_bytes += chunk.size();
    file.crc32c = checkpoint::Crc32c(chunk, file.crc32c);
    if (chunk.size() < kChecksumChunkBytes) co_return file;
  }
}

}  // namespace

FileSource::FileSource(checkpoint::Store& store, checkpoint::SeenPaths& seen,
                       FileSourceOptions options)
    : store_(store), seen_(seen), options_(std::move(options)) {
  WT_CHECK(options_.max_files_per_trigger > 0);
}

Task<absl::StatusOr<std::vector<std::string>>> FileSource::ListNew() {
  auto listed = co_await store_.List(options_.directory);
  if (!listed.ok()) {
    co_return absl::Status(listed.status().code(),
                           absl::StrCat("listing source directory ", options_.directory, ": ",
                                        listed.status().message()));
  }
  std::vector<std::string> paths;
  absl::btree_set<std::string> there;
  for (const checkpoint::StoredFile& file : *listed) {
    if (!IsSelectable(file)) continue;
    std::string path = absl::StrCat(options_.directory, "/", file.name);
    there.insert(there.end(), path);
    if (seen_.contains(path)) continue;
    if (available_ && !available_->contains(path)) continue;
    paths.push_back(std::move(path));
  }
  seen_.ForgetGone(there);
  co_return paths;
}

Task<absl::Status> FileSource::FreezeAvailable() {
  available_.reset();
  WT_CO_ASSIGN_OR_RETURN(const std::vector<std::string> paths, co_await ListNew());
  available_.emplace(paths.begin(), paths.end());
  co_return absl::OkStatus();
}

Task<absl::StatusOr<std::vector<SourceFile>>> FileSource::Discover() {
  WT_CO_ASSIGN_OR_RETURN(std::vector<std::string> paths, co_await ListNew());
  if (static_cast<int64_t>(paths.size()) > options_.max_files_per_trigger) {
    paths.resize(static_cast<size_t>(options_.max_files_per_trigger));
  }
  std::vector<SourceFile> files;
  for (std::string& path : paths) {
    auto file = co_await Measure(store_, path);
    if (!file.ok()) {
      // A file that was listed is input, so one that has gone since is lost input.
      const bool gone = absl::IsNotFound(file.status());
      co_return absl::Status(
          gone ? absl::StatusCode::kDataLoss : file.status().code(),
          absl::StrCat("source file ", path, gone ? " vanished after it was listed: " : ": ",
                       file.status().message()));
    }
    files.push_back(*std::move(file));
  }
  co_return files;
}

SourceFileReader::SourceFileReader(checkpoint::Store& store, SourceFile file, int64_t chunk_bytes)
    : store_(store), file_(std::move(file)), chunk_bytes_(static_cast<uint64_t>(chunk_bytes)) {
  WT_CHECK(chunk_bytes > 0);
}

absl::Status SourceFileReader::Changed(const std::string& how) const {
  return absl::DataLossError(
      absl::StrCat("source file ", file_.path, " ", how, " since its batch was defined (",
                   file_.size_bytes, " bytes, crc32c ", absl::Hex(file_.crc32c, absl::kZeroPad8),
                   "): its records are lost; put the file back as it was and start again"));
}

Task<absl::StatusOr<std::optional<std::string>>> SourceFileReader::Next() {
  while (true) {
    auto chunk = co_await store_.Read(file_.path, offset_, chunk_bytes_);
    if (absl::IsNotFound(chunk.status())) co_return Changed("has vanished");
    WT_CO_RETURN_IF_ERROR(chunk.status());
    if (chunk->empty()) break;
    offset_ += chunk->size();
    crc32c_ = checkpoint::Crc32c(*chunk, crc32c_);
    if (offset_ > file_.size_bytes) co_return Changed("has grown");
    const size_t last_newline = chunk->rfind('\n');
    if (last_newline == std::string::npos) {
      partial_line_ += *chunk;
      continue;
    }
    std::string lines = std::move(partial_line_);
    partial_line_ = chunk->substr(last_newline + 1);
    chunk->resize(last_newline + 1);
    lines += *chunk;
    co_return lines;
  }
  if (offset_ < file_.size_bytes) co_return Changed("has shrunk");
  if (crc32c_ != file_.crc32c) co_return Changed("has changed");
  if (partial_line_.empty()) co_return std::nullopt;
  co_return std::exchange(partial_line_, std::string());
}

}  // namespace wavetank::runtime
