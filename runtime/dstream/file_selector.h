// FileSelector: which files of a directory a batch takes.
//
// source_directory.h has the rule by which a file is input, once. Besides, a file is too old when
// it was there when the stream first started (unless FileStreamOptions::new_files_only is false):
// that is, listed then, and modified no later than the driver's clock said. A file is taken by the
// first batch that is planned after a listing shows it, with the size it has then; its name is in
// that batch's durable input.
//
// Spark selects by modification time within a window (spark.streaming.fileStream.
// minRememberDuration), and so loses what becomes visible later than that, as after a long
// downtime, and whatever a clock that jumped has dated wrongly. Here clocks decide nothing after
// the first start. A file that grows after it was selected is read as far as it was long then.
#ifndef WAVETANK_RUNTIME_DSTREAM_FILE_SELECTOR_H_
#define WAVETANK_RUNTIME_DSTREAM_FILE_SELECTOR_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"

#include "checkpoint/seen_paths.h"
#include "checkpoint/store.h"
#include "platform/node.h"
#include "platform/status_macros.h"
#include "platform/task.h"
#include "platform/task_scope.h"
#include "runtime/connectors/source_directory.h"
#include "runtime/dstream/file_inputs.h"

namespace wavetank::runtime {

struct SelectedFile {
  std::string path;  // in the store
  uint64_t size_bytes = 0;
};

struct SelectedFiles {
  std::vector<SelectedFile> files;  // by name
  // As in FoundFiles.
  std::string root;
  std::vector<std::string> forgotten;
};

class FileSelector {
 public:
  // All outlive the selector.
  FileSelector(platform::Node& node, checkpoint::Store& store, checkpoint::SeenPaths& seen,
               const FileInput& input)
      : node_(node),
        store_(store),
        input_(input),
        directory_(HostOf(node), store, seen, input.directory, input.options.files) {}

  // Those that are new, and that can be read.
  platform::Task<absl::StatusOr<SelectedFiles>> Select() {
    WT_CO_ASSIGN_OR_RETURN(FoundFiles found, co_await directory_.Find());
    SelectedFiles selected{
        .files = {}, .root = std::move(found.root), .forgotten = std::move(found.forgotten)};
    const std::vector<absl::StatusOr<std::string>> beginnings = co_await Beginnings(found.files);
    for (size_t i = 0; i < found.files.size(); ++i) {
      FoundFile& file = found.files[i];
      const absl::StatusOr<std::string>& first_bytes = beginnings[i];
      if (absl::IsNotFound(first_bytes.status())) {
        const bool away = co_await DirectoryIsAway(store_, file.path);
        if (away) break;  // the next listing shows what is there then
        if (directory_.options().lost == LostFiles::kStop) {
          co_return absl::DataLossError(absl::StrCat(
              "input file ", file.path, " vanished after it was listed: its records are lost"));
        }
        directory_.SayLost(file.path, "vanished after it was listed");
        continue;
      }
      WT_CO_RETURN_IF_ERROR(first_bytes.status());
      WT_CO_RETURN_IF_ERROR(input_.Check(file.path, file.size_bytes, *first_bytes));
      selected.files.push_back({std::move(file.path), file.size_bytes});
    }
    co_return selected;
  }

  // Those that are there when the stream first starts and were modified by then.
  platform::Task<absl::StatusOr<SelectedFiles>> SelectOld(absl::Time start) {
    WT_CO_ASSIGN_OR_RETURN(FoundFiles found, co_await directory_.Find());
    SelectedFiles old{.files = {}, .root = std::move(found.root), .forgotten = {}};
    for (FoundFile& file : found.files) {
      if (file.modified > start) continue;
      old.files.push_back({std::move(file.path), file.size_bytes});
    }
    co_return old;
  }

  LostFiles lost() const { return directory_.options().lost; }

 private:
  static constexpr size_t kAtOnce = 16;

  // The first bytes of each, which the listing has shown. `files` outlive the task.
  platform::Task<std::vector<absl::StatusOr<std::string>>> Beginnings(
      const std::vector<FoundFile>& files) {
    std::vector<absl::StatusOr<std::string>> beginnings(files.size());
    size_t next = 0;
    platform::TaskScope scope(node_.executor());
    for (size_t i = 1; i < std::min(kAtOnce, files.size()); ++i) {
      scope.Spawn("look at files", LookAt(files, next, beginnings));
    }
    co_await LookAt(files, next, beginnings);
    co_await scope.Join();
    co_return beginnings;
  }
  // All outlive the task.
  platform::Task<void> LookAt(const std::vector<FoundFile>& files, size_t& next,
                              std::vector<absl::StatusOr<std::string>>& beginnings) {
    while (next < files.size()) {
      const size_t at = next++;
      auto shown = co_await store_.ReadShown(files[at].path, 0, input_.shown_bytes());
      if (shown.ok()) {
        beginnings[at] = std::move(shown->bytes);
      } else {
        beginnings[at] = shown.status();
      }
    }
  }

  platform::Node& node_;
  checkpoint::Store& store_;
  const FileInput& input_;
  SourceDirectory directory_;
};

}  // namespace wavetank::runtime

#endif  // WAVETANK_RUNTIME_DSTREAM_FILE_SELECTOR_H_
