// FileSource: the files of one directory as a replayable source of lines.
//
// source_directory.h has the rule by which a file is input, once, whatever its times say. Files are
// taken in the order of their names, as far as they are there when a batch is planned.
//
// A planned batch lists its files with size and checksum, and that list is the batch's offset
// range: a replay reads these files and no others. One that has gone or does not hold these very
// bytes any more is lost: it stops the query (kDataLoss, naming it), since no answer would be
// right, or is skipped, by InputFileOptions::lost.
#ifndef WAVETANK_RUNTIME_CONNECTORS_FILE_SOURCE_H_
#define WAVETANK_RUNTIME_CONNECTORS_FILE_SOURCE_H_

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "absl/container/btree_set.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"

#include "checkpoint/seen_paths.h"
#include "checkpoint/store.h"
#include "platform/task.h"
#include "runtime/connectors/source_directory.h"

namespace wavetank::runtime {

using platform::Task;

struct SourceFile {
  std::string path;  // in the store
  uint64_t size_bytes = 0;
  uint32_t crc32c = 0;

  friend bool operator==(const SourceFile&, const SourceFile&) = default;
};

struct FileSourceOptions {
  std::string directory;
  InputFileOptions files = {};
  int64_t max_files_per_trigger = std::numeric_limits<int64_t>::max();
};

// Paths of files that were there at one instant and are input, though no definition names them yet.
using AvailableFiles = absl::btree_set<std::string>;

struct DiscoveredFiles {
  std::vector<SourceFile> files;  // in order of their names
  // There are files that are input and cannot be looked at, as their directory is not there.
  bool directory_away = false;
  // As in FoundFiles.
  std::string root;
  std::vector<std::string> forgotten;
};

// The driver's side: discovers files that no definition names.
class FileSource {
 public:
  // All outlive the source. REQUIRES: max_files_per_trigger > 0.
  FileSource(SourceHost host, checkpoint::Store& store, checkpoint::SeenPaths& seen,
             FileSourceOptions options);

  // From now on only `available` is found, and all of it (the AvailableNow trigger). What that is,
  // unless a source before this one has fixed it: the files that are there at this instant. It
  // outlives the source.
  Task<absl::Status> FreezeAvailable(std::optional<AvailableFiles>& available);
  // The next batch's files; none when there are no new ones. Repeatable: nothing is taken by it.
  Task<absl::StatusOr<DiscoveredFiles>> Discover();

 private:
  std::vector<std::string> Candidates(const FoundFiles& found);

  checkpoint::Store& store_;
  const checkpoint::SeenPaths& seen_;
  SourceDirectory directory_;
  const int64_t max_files_per_trigger_;
  AvailableFiles* available_ = nullptr;
};

// A worker's side: reads one file in chunks of whole lines, and checks at its end that it was the
// file that the definition names. So what was read counts only once Next has given nullopt. A lost
// file is kDataLoss, and lost() tells that from other damage.
class SourceFileReader {
 public:
  SourceFileReader(checkpoint::Store& store, SourceFile file, int64_t chunk_bytes);

  // Some lines, each with its newline but for the file's last; nullopt at the end.
  Task<absl::StatusOr<std::optional<std::string>>> Next();
  bool lost() const { return lost_; }

 private:
  absl::Status Changed(const std::string& how);

  checkpoint::Store& store_;
  const SourceFile file_;
  const uint64_t chunk_bytes_;
  uint64_t offset_ = 0;
  uint32_t crc32c_ = 0;
  std::string partial_line_;
  bool lost_ = false;
};

}  // namespace wavetank::runtime

#endif  // WAVETANK_RUNTIME_CONNECTORS_FILE_SOURCE_H_
