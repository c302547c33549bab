// References: the files of a checkpoint held against what a log's records name.
#ifndef WAVETANK_CHECKPOINT_REFERENCES_H_
#define WAVETANK_CHECKPOINT_REFERENCES_H_

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"

#include "checkpoint/log_summary.h"
#include "checkpoint/state_file.h"
#include "checkpoint/store.h"

namespace wavetank::checkpoint {

// What was found below the directory that is inspected. Paths are of the store.
struct FilesFound {
  // Unset: no state file, or one that cannot be read, which is then named already.
  std::map<std::string, std::optional<StateFileHeader>> files;
};

// What is to be said about the files that belong to one log.
struct Complaints {
  std::vector<std::string> damaged;       // or missing
  std::vector<std::string> unfinished;    // as a crash may leave it
  std::vector<std::string> unreferenced;  // no record that counts names it
  std::vector<std::string> unseen;        // named, and out of reach

  bool whole() const { return damaged.empty() && unfinished.empty() && unseen.empty(); }
  friend bool operator==(const Complaints&, const Complaints&) = default;
};

// Files that are named must be there, with the checksum that they were named with; those of a
// version of state must follow one another; none may come after the log's end; and what belongs to
// the log must be named. An error is one of the store.
Task<absl::Status> HoldAgainstLog(Store& store, const FilesFound& found, std::string directory,
                                  LogSummary summary, Complaints& complaints);

}  // namespace wavetank::checkpoint

#endif  // WAVETANK_CHECKPOINT_REFERENCES_H_
