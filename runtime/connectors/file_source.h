// The source formats "text", "csv" and "json": the files of one directory, compressed or not.
//
// source_directory.h has the rule by which a file is input, once, whatever its times say. Files are
// taken in the order of their names, as far as they are there when a batch is planned.
//
// A batch's range lists its files with size and checksum: a replay reads these files and no others.
// One that has gone or does not hold these very bytes any more is lost: it stops the query
// (kDataLoss, naming it), since no answer would be right, or is skipped, by InputFileOptions::lost.
// Offsets count files.
#ifndef WAVETANK_RUNTIME_CONNECTORS_FILE_SOURCE_H_
#define WAVETANK_RUNTIME_CONNECTORS_FILE_SOURCE_H_

#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/btree_set.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"

#include "checkpoint/seen_paths.h"
#include "checkpoint/store.h"
#include "platform/task.h"
#include "runtime/connectors/source_directory.h"
#include "runtime/connectors/source_format.h"

namespace wavetank::runtime {

SourceFormat TextFileSource();
SourceFormat CsvFileSource();
SourceFormat JsonFileSource();

struct FileSourceOptions {
  std::string directory;
  InputFileOptions files = {};
  int64_t max_files_per_trigger = std::numeric_limits<int64_t>::max();
};

// What a source of files was told. kInvalidArgument names the option and says what it takes.
absl::StatusOr<FileSourceOptions> FileSourceOptionsOf(const SourceDescription& source);

// A batch has at most this many tasks that read one source of files; its files go to them in runs
// of neighbours. The number depends on nothing but the range, so a batch run again on another
// cluster merges in the same order.
inline constexpr int kMaxSourceTasks = 32;
// Of the files from 0 to `files`, those of each task: [begin, end).
std::vector<std::pair<size_t, size_t>> SourceTasks(size_t files);

// The driver's side: discovers files that no definition names.
class FileSource final : public Source {
 public:
  // All outlive the source. REQUIRES: max_files_per_trigger > 0.
  FileSource(SourceHost host, checkpoint::Store& store, checkpoint::SeenPaths& seen,
             FileSourceOptions options);

  Task<absl::StatusOr<std::string>> Begin() override;
  Task<absl::StatusOr<SourceInput>> Define(std::string after) override;
  // The paths that are there and are no input yet. Later all of them are input, listed or not.
  Task<absl::StatusOr<std::string>> Freeze() override;
  absl::Status StopAt(const std::string& frozen) override;

 private:
  std::vector<std::string> Candidates(const FoundFiles& found);

  checkpoint::Store& store_;
  const checkpoint::SeenPaths& seen_;
  SourceDirectory directory_;
  const int64_t max_files_per_trigger_;
  std::optional<absl::btree_set<std::string>> available_;  // once it is frozen
};

}  // namespace wavetank::runtime

#endif  // WAVETANK_RUNTIME_CONNECTORS_FILE_SOURCE_H_
