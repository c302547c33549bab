// The source formats "text", "csv" and "json": the files of one directory, compressed or not.
//
// source_directory.h has the rule by which a file is input, once, whatever its times say. Files are
// taken in the order of their names, as far as they are there when a batch is planned.
//
// A batch's range lists its files with size and modification time: a replay reads these files and
// no others. One that has gone or is another by then is lost: it stops the query (kDataLoss, naming
// it), since no answer would be right, or is skipped, by InputFileOptions::lost. What a batch has
// read of its files is measured by those who read it, and stands in the query's log before anything
// of it is shown (structured/batch_reads.h). Offsets count files.
#ifndef WAVETANK_RUNTIME_CONNECTORS_FILE_SOURCE_H_
#define WAVETANK_RUNTIME_CONNECTORS_FILE_SOURCE_H_

#include <cstdint>
#include <limits>
#include <memory>
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
#include "runtime/connectors/source_format.h"

namespace wavetank::runtime {

SourceFormat TextFileSource();
SourceFormat CsvFileSource();
SourceFormat JsonFileSource();

struct FileSourceOptions {
  std::string directory = {};
  InputFileOptions files = {};
  int64_t max_files_per_trigger = std::numeric_limits<int64_t>::max();
  int64_t max_bytes_per_trigger = 0;  // 0: it is not said
};

// What a source of files was told. kInvalidArgument names the option and says what it takes.
absl::StatusOr<FileSourceOptions> FileSourceOptionsOf(const SourceDescription& source);

// The driver's side: discovers files that no definition names.
class FileSource final : public Source {
 public:
  // All outlive the source. REQUIRES: both limits > 0.
  FileSource(SourceHost host, checkpoint::Store& store, checkpoint::SeenPaths& seen,
             FileSourceOptions options);

  Task<absl::StatusOr<std::string>> Begin() override;
  Task<absl::StatusOr<SourceInput>> Define(std::string after) override;
  // The paths that are there and are no input yet. Later all of them are input, listed or not.
  Task<absl::StatusOr<std::string>> Freeze() override;
  absl::Status StopAt(const std::string& frozen) override;
  bool tells_news() const override { return watch_ != nullptr; }
  Task<void> AwaitNews() override { co_await watch_->Wait(); }

 private:
  // From before the directory is listed on, so that nothing comes in between.
  Task<void> Watch();

  // What may be input, and is not yet.
  struct Candidate {
    FoundFile file;
    bool gone = false;  // since it was listed
  };
  std::vector<Candidate> Candidates(FoundFiles& found);

  checkpoint::Store& store_;
  const checkpoint::SeenPaths& seen_;
  SourceDirectory directory_;
  const int64_t max_files_per_trigger_;
  const int64_t max_bytes_per_trigger_;
  std::optional<absl::btree_set<std::string>> available_;  // once it is frozen
  std::unique_ptr<platform::DirectoryWatch> watch_;        // null: nobody tells
  std::string watched_root_;  // what the directory that is watched said of itself
};

}  // namespace wavetank::runtime

#endif  // WAVETANK_RUNTIME_CONNECTORS_FILE_SOURCE_H_
