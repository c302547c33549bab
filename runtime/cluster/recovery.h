// Recovery: what the driver does when something has happened to an attempt of a task. One table,
// one row for every combination.
//
// The invariant behind it: the results of a graph come from one consistent set of attempts, in
// which each read exactly the outputs that count. So when the output of an attempt is lost and
// made again, by a body that need not be deterministic, whatever read the lost one runs again too,
// finished or not.
#ifndef WAVETANK_RUNTIME_CLUSTER_RECOVERY_H_
#define WAVETANK_RUNTIME_CLUSTER_RECOVERY_H_

namespace wavetank::runtime {

enum class Happened {
  kSucceeded,      // the body returned its result
  kFailed,         // it threw, or returned an error that may pass
  kRefused,        // it returned an error that will not pass
  kInputMissing,   // it could not fetch a shuffle block
  kInputReplaced,  // an output that it has read, or may have, is made again
  kWorkerLost,     // its worker is gone, and its output with it
  kOutputMissing,  // a reader could not fetch from its worker, which is there otherwise
};
inline constexpr int kHappenedCount = 7;

enum class Standing {
  kRunning,     // the latest attempt of its task, at work
  kTwice,       // at work, and another attempt of its task is, too
  kNeeded,      // finished; tasks that read its output have not
  kFinished,    // finished; nobody will read its output
  kSuperseded,  // a later attempt counts, or the graph has ended
};
inline constexpr int kStandingCount = 5;

// Whether the task may run once more: ClusterOptions::max_attempts for failures of the body,
// kMaxRecoveries for what is no fault of its own.
enum class Allowance { kLeft, kSpent };

enum class Decision {
  kCount,         // its result counts
  kTryAgain,      // on the next worker
  kMove,          // run it again, where there is a worker
  kLeaveToOther,  // the other attempt goes on
  kMakeAgain,     // run it again for its output, and whatever read that
  kFailGraph,
  kLeave,   // nothing changes
  kIgnore,  // it does not count any more
};

inline constexpr int kMaxRecoveries = 100;

Decision Decide(Happened happened, Standing standing, Allowance allowance);

}  // namespace wavetank::runtime

#endif  // WAVETANK_RUNTIME_CLUSTER_RECOVERY_H_
