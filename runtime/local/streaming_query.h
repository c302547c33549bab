// StreamingQuery: a structured query that runs in this process, as Spark's. What starts one:
// StreamingQueryManager.
#ifndef WAVETANK_RUNTIME_LOCAL_STREAMING_QUERY_H_
#define WAVETANK_RUNTIME_LOCAL_STREAMING_QUERY_H_

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"

#include "runtime/cluster/speculation.h"
#include "runtime/local/query_listener.h"
#include "runtime/structured/data_frame.h"
#include "runtime/structured/progress.h"

namespace wavetank::runtime {

// Where a query runs, and where its files are.
struct LocalConfig {
  // "local[N]": a driver and N workers, each with a thread, for each query.
  std::string master = "local[2]";
  // The directory of the host in which relative paths are.
  std::string directory = ".";
  // Below it each query that has no option checkpointLocation has its own, by its name. "": they
  // need that option.
  std::string checkpoint = {};
  // Partitions of a shuffle and of state. Unset: as the checkpoint has it, 2 in a new one.
  std::optional<int> shuffle_partitions = std::nullopt;
  // How often an idle query asks sources that do not tell of news.
  absl::Duration poll_interval = absl::Milliseconds(100);
  // What may be found there: spark.sql.streaming.numRecentProgressUpdates.
  size_t recent_progress = 100;
  // Of tasks that take long: spark.speculation. Off, as in Spark.
  SpeculationOptions speculation = {};
};

// Every call may come from any thread. Calls that wait give kFailedPrecondition in functions that
// the query calls (ForeachBatch), which would wait for themselves; there, Stop returns at once.
class StreamingQuery {
 public:
  StreamingQuery(const StreamingQuery&) = delete;
  StreamingQuery& operator=(const StreamingQuery&) = delete;
  // Ends it, whatever it does: what was not committed its next start does.
  ~StreamingQuery();

  const std::string& name() const;
  // Of its checkpoint, the same in every run; "": it has not taken it over yet.
  std::string id() const;
  // Of this run; "": it has not begun yet.
  std::string run_id() const;
  bool is_active() const;
  // What it ended with; OK: nothing, or it is active.
  absl::Status exception() const;

  // Of the newest batch, by this run; nullopt: there was none.
  std::optional<StreamingQueryProgress> last_progress() const;
  // Of the newest ones, oldest first.
  std::vector<StreamingQueryProgress> recent_progress() const;

  // Until it has ended: what it ended with. kDeadlineExceeded: it has not by then.
  absl::Status AwaitTermination(absl::Duration timeout = absl::InfiniteDuration());
  // Until all that its sources had when this was called is committed, or the query has ended, with
  // what: for tests. With batches that begin at times of their own it waits for such a time. (What
  // a file sink commits its manifest has, a plain listing soon after.)
  absl::Status ProcessAllAvailable(absl::Duration timeout = absl::InfiniteDuration());
  // Lets the batch under way finish, and begins no other. Idempotent. Gives what it ended with.
  absl::Status Stop();

 private:
  friend class StreamingQueryManager;
  class Running;
  explicit StreamingQuery(std::unique_ptr<Running> running);

  std::unique_ptr<Running> running_;
};

}  // namespace wavetank::runtime

#endif  // WAVETANK_RUNTIME_LOCAL_STREAMING_QUERY_H_
