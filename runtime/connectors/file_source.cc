#include "runtime/connectors/file_source.h"

#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

#include "checkpoint/crc32c.h"
#include "platform/check.h"
#include "platform/status_macros.h"
#include "runtime/columnar/line_splitter.h"
#include "runtime/connectors/line_limit.h"

namespace wavetank::runtime {
namespace {

constexpr uint64_t kChecksumChunkBytes = 1 << 20;

Task<absl::StatusOr<SourceFile>> Measure(checkpoint::Store& store, std::string path,
                                         const InputFileOptions& options) {
  SourceFile file{std::move(path), 0, 0};
  LineLimit lines(options.max_line_bytes);
  while (true) {
    WT_CO_ASSIGN_OR_RETURN(const std::string chunk,
                           co_await store.Read(file.path, file.size_bytes, kChecksumChunkBytes));
    if (file.size_bytes == 0) {
      WT_CO_RETURN_IF_ERROR(
          RefuseCompressed(file.path, std::string_view(chunk).substr(0, kCompressionMarkBytes)));
    }
    if (!lines.Add(chunk)) {
      co_return LineTooLong(file.path, lines.begin(), lines.length(), options);
    }
    file.size_bytes += chunk.size();
    file.crc32c = checkpoint::Crc32c(chunk, file.crc32c);
    if (chunk.size() < kChecksumChunkBytes) co_return file;
  }
}

}  // namespace

FileSource::FileSource(SourceHost host, checkpoint::Store& store, checkpoint::SeenPaths& seen,
                       FileSourceOptions options)
    : store_(store),
      seen_(seen),
      directory_(std::move(host), store, seen, std::move(options.directory),
                 std::move(options.files)),
      max_files_per_trigger_(options.max_files_per_trigger) {
  WT_CHECK(max_files_per_trigger_ > 0);
}

Task<absl::Status> FileSource::FreezeAvailable(std::optional<AvailableFiles>& available) {
  if (!available) {
    WT_CO_ASSIGN_OR_RETURN(const FoundFiles found, co_await directory_.Find());
    available.emplace();
    for (const FoundFile& file : found.files) available->insert(file.path);
  }
  available_ = &*available;
  co_return absl::OkStatus();
}

// What is available is input whether or not it is listed still: what has gone since is lost.
std::vector<std::string> FileSource::Candidates(const FoundFiles& found) {
  std::vector<std::string> paths;
  if (available_ == nullptr) {
    for (const FoundFile& file : found.files) paths.push_back(file.path);
    return paths;
  }
  absl::erase_if(*available_, [this](const std::string& path) { return seen_.contains(path); });
  paths.assign(available_->begin(), available_->end());
  return paths;
}

Task<absl::StatusOr<DiscoveredFiles>> FileSource::Discover() {
  WT_CO_ASSIGN_OR_RETURN(FoundFiles found, co_await directory_.Find());
  DiscoveredFiles discovered{
      .files = {}, .root = std::move(found.root), .forgotten = std::move(found.forgotten)};
  for (const std::string& path : Candidates(found)) {
    if (static_cast<int64_t>(discovered.files.size()) == max_files_per_trigger_) break;
    auto file = co_await Measure(store_, path, directory_.options());
    // A file that was listed is input, so one that has gone since is lost input.
    const bool gone = absl::IsNotFound(file.status());
    if (gone) {
      discovered.directory_away = co_await DirectoryIsAway(store_, path);
      if (discovered.directory_away) break;
    }
    if (gone && directory_.options().lost == LostFiles::kSkip) {
      directory_.SayLost(path, "vanished after it was listed");
      if (available_ != nullptr) available_->erase(path);
      continue;
    }
    if (!file.ok()) {
      co_return absl::Status(
          gone ? absl::StatusCode::kDataLoss : file.status().code(),
          absl::StrCat("source file ", path, gone ? " vanished after it was listed: " : ": ",
                       file.status().message()));
    }
    discovered.files.push_back(*std::move(file));
  }
  co_return discovered;
}

SourceFileReader::SourceFileReader(checkpoint::Store& store, SourceFile file, int64_t chunk_bytes)
    : store_(store), file_(std::move(file)), chunk_bytes_(static_cast<uint64_t>(chunk_bytes)) {
  WT_CHECK(chunk_bytes > 0);
}

absl::Status SourceFileReader::Changed(const std::string& how) {
  lost_ = true;
  return absl::DataLossError(
      absl::StrCat("source file ", file_.path, " ", how, " since its batch was defined (",
                   file_.size_bytes, " bytes, crc32c ", absl::Hex(file_.crc32c, absl::kZeroPad8),
                   "): its records are lost; put the file back as it was and start again"));
}

Task<absl::StatusOr<std::optional<std::string>>> SourceFileReader::Next() {
  while (true) {
    auto chunk = co_await store_.Read(file_.path, offset_, chunk_bytes_);
    if (absl::IsNotFound(chunk.status())) {
      const bool away = co_await DirectoryIsAway(store_, file_.path);
      if (!away) co_return Changed("has vanished");
      co_return absl::UnavailableError(
          absl::StrCat("source file ", file_.path, ": its directory is not there"));
    }
    WT_CO_RETURN_IF_ERROR(chunk.status());
    if (chunk->empty()) break;
    offset_ += chunk->size();
    crc32c_ = checkpoint::Crc32c(*chunk, crc32c_);
    if (offset_ > file_.size_bytes) co_return Changed("has grown");
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
  if (offset_ < file_.size_bytes) co_return Changed("has shrunk");
  if (crc32c_ != file_.crc32c) co_return Changed("has changed");
  if (partial_line_.empty()) co_return std::nullopt;
  co_return std::exchange(partial_line_, std::string());
}

}  // namespace wavetank::runtime
