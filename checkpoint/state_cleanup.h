// Clean-up of state files: deltas that a snapshot has replaced, snapshots that no version adopted,
// files of attempts that do not count.
#ifndef WAVETANK_CHECKPOINT_STATE_CLEANUP_H_
#define WAVETANK_CHECKPOINT_STATE_CLEANUP_H_

#include <cstdint>
#include <functional>
#include <set>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

#include "checkpoint/state_store.h"
#include "checkpoint/store.h"
#include "platform/node.h"

namespace wavetank::checkpoint {

// A file of a version above (newest committed version - kUnreferencedKept) is not removed beside
// attempts, though nothing retained refers to it: it may yet be referred to. An attempt starts from
// the newest committed version, C or one above it by now, or is too late to count. What it can name
// besides the files of that version, which are retained, is its own delta, of a version above C,
// and a background snapshot that it adopts, of a version at least C + 1 - kAdoptWithin. So anything
// above kAdoptWithin would do; the rest is for people who look for what happened.
inline constexpr int64_t kUnreferencedKept = StateStore::kAdoptWithin + 16;

struct StateCleanup {
  // The newest version whose commit is durable and counts. All operators and partitions below the
  // directory count alike, as those of one query do: one version a batch.
  int64_t committed_version = 0;
  // Paths in the store of every file of every version that must stay loadable: of the newest
  // committed one, of one that is prepared above it, and of what else may be rolled back to.
  std::set<std::string> referenced;
  // Whether deltas of versions above the committed one go, too, as far as nothing refers to them:
  // of attempts that have come to nothing, or that come too late to count. REQUIRES then: none of
  // this owner's attempts is under way.
  bool attempts = false;
  // Looks for a newer epoch of the log that says what is committed, and gives OK only if there is
  // none: else what is referenced is no more this caller's to say, and nothing is removed.
  std::function<Task<absl::Status>()> look;
};

struct StateCleanupCounts {
  int64_t files = 0;    // state files below the directory
  int64_t removed = 0;  // of them
};

// Removes what nothing refers to from `directory` and those below it. Lists, then looks, then
// removes, so that what a newer owner's attempts have written is not even known here. Other files
// than state files are left alone. Gives the error of `look`, and of the store: it may be called
// again, and then goes on. REQUIRES: at most one at a time, of the log's one owner; it may run
// beside attempts, commits and background snapshots of any number of workers, zombies among them.
Task<absl::StatusOr<StateCleanupCounts>> RemoveUnreferencedState(platform::Node& node, Store& store,
                                                                 std::string directory,
                                                                 StateCleanup cleanup);

}  // namespace wavetank::checkpoint

#endif  // WAVETANK_CHECKPOINT_STATE_CLEANUP_H_
