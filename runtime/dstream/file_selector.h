// FileSelector: which files of a directory a batch takes.
//
// The rule. A file is selectable when its name begins with neither "." nor "_" and it was not
// already there when the stream first started (unless TextFileOptions::new_files_only is false):
// that is, listed then, and modified no later than the driver's clock said. A selectable file is
// selected exactly once, by the first batch that is planned after a listing shows it, with the size
// it has then; its name is in that batch's durable input. A name is remembered while the log still
// holds the batch that took the file, and after that for as long as the file is there
// (checkpoint/seen_paths.h): give new files new names.
//
// Spark selects by modification time within a window (spark.streaming.fileStream.
// minRememberDuration), and so loses what becomes visible later than that, as after a long
// downtime, and whatever a clock that jumped has dated wrongly. Here clocks decide nothing after
// the first start. As in Spark, a file must come into the directory whole, by a rename or a link: a
// file that grows after it was selected is read as far as it was long then.
#ifndef WAVETANK_RUNTIME_DSTREAM_FILE_SELECTOR_H_
#define WAVETANK_RUNTIME_DSTREAM_FILE_SELECTOR_H_

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/btree_set.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"

#include "checkpoint/seen_paths.h"
#include "checkpoint/store.h"
#include "platform/status_macros.h"
#include "platform/task.h"

namespace wavetank::runtime {

struct SelectedFile {
  std::string path;  // in the store
  uint64_t size_bytes = 0;
};

class FileSelector {
 public:
  // `store` and `seen`, the files that are in some batch's durable input or too old, must outlive
  // the selector.
  FileSelector(checkpoint::Store& store, checkpoint::SeenPaths& seen, std::string directory)
      : store_(store), seen_(seen), directory_(std::move(directory)) {}

  // The files there are now that are new, by name; `modified_by` leaves out later ones. Files that
  // are gone are forgotten, if they may be.
  platform::Task<absl::StatusOr<std::vector<SelectedFile>>> Select(
      absl::Time modified_by = absl::InfiniteFuture()) {
    WT_CO_ASSIGN_OR_RETURN(const std::vector<checkpoint::StoredFile> listed,
                           co_await store_.List(directory_));
    std::vector<SelectedFile> selected;
    absl::btree_set<std::string> there;
    for (const checkpoint::StoredFile& file : listed) {
      if (file.kind != platform::FileKind::kFile) continue;
      if (file.name.starts_with(".") || file.name.starts_with("_")) continue;
      std::string path = absl::StrCat(directory_, "/", file.name);
      there.insert(there.end(), path);
      if (seen_.contains(path) || file.modified > modified_by) continue;
      selected.push_back({std::move(path), file.size_bytes});
    }
    seen_.ForgetGone(there);
    co_return selected;
  }

 private:
  checkpoint::Store& store_;
  checkpoint::SeenPaths& seen_;
  const std::string directory_;
};

}  // namespace wavetank::runtime

#endif  // WAVETANK_RUNTIME_DSTREAM_FILE_SELECTOR_H_
