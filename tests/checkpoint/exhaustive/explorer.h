// Explorer: every crash of a script that the disk model allows, within a stated bound.
//
// A script of operations runs in a simulated world; at each call on the disk, and at the end,
// the disk is copied. From each such point the process may have died (its calls stand, the page
// cache with them) or the machine may have lost power, in every way: each pending change of
// names done or not, each changed file of each size that it had since its last sync, each
// sector that was not synced with each value that it had since (old, new, zeros and stale bytes
// in appended space). From each image that differs from the others of its point recovery runs,
// in a world of its own, and must keep what the script had been promised by then. Recovery
// itself is struck the same way, once.
//
// What is not in the bound: two strikes within recovery, writes torn within a sector, concurrent
// operations. Those are left to the random tests.
#ifndef WAVETANK_TESTS_CHECKPOINT_EXHAUSTIVE_EXPLORER_H_
#define WAVETANK_TESTS_CHECKPOINT_EXHAUSTIVE_EXPLORER_H_

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "platform/node.h"
#include "platform/task.h"

namespace wavetank::checkpoint {

using platform::Task;

// What the outside has been told so far, in a subject's own terms.
using Promises = std::map<std::string, std::string>;

// What is explored: operations, and what recovery must find.
class CrashSubject {
 public:
  virtual ~CrashSubject() = default;
  virtual std::string name() const = 0;
  virtual std::vector<std::string> operations() const = 0;
  // Carries the operations out, in order. Notes in `promises` what it is about to ask for, and what
  // has been acknowledged as soon as it has.
  virtual Task<void> Run(platform::Node& node, std::vector<int> script, Promises& promises) = 0;
  // Recovers, and looks at everything. `broken`: the promise that is not kept, if any. What it has
  // been shown is promised from then on.
  virtual Task<void> Recover(platform::Node& node, Promises& promises, std::string& broken) = 0;
};

struct Bound {
  int operations = 3;
  size_t pending_items = 8;
  // Whether recovery is struck too.
  bool strike_recovery = true;
};

struct ExplorerCounts {
  int64_t scripts = 0;
  int64_t points = 0;          // where the scripts were struck
  int64_t points_outside = 0;  // with more pending items than the bound: struck by a crash alone
  // Distinct images, counted for each script, point and, in recovery, outcome of the first strike.
  int64_t after_crash = 0;
  int64_t after_power_loss = 0;
  int64_t in_recovery = 0;
  int64_t recoveries_run =
      0;  // an image that was met before, with the same promises, is not run again
  size_t most_pending = 0;

  int64_t images() const { return after_crash + after_power_loss + in_recovery; }
};

// Stops at the first promise that is broken, and says in `broken` how to get there.
ExplorerCounts Explore(CrashSubject& subject, const Bound& bound, std::string& broken);

}  // namespace wavetank::checkpoint

#endif  // WAVETANK_TESTS_CHECKPOINT_EXHAUSTIVE_EXPLORER_H_
