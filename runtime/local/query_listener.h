// StreamingQueryListener: what happens to the queries of a manager, as Spark's.
#ifndef WAVETANK_RUNTIME_LOCAL_QUERY_LISTENER_H_
#define WAVETANK_RUNTIME_LOCAL_QUERY_LISTENER_H_

#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"

#include "runtime/structured/progress.h"

namespace wavetank::runtime {

// One start of a query.
struct QueryRun {
  std::string id;  // of its checkpoint, the same in every run; "": it was refused before it had one
  std::string run_id;
  std::string name;
};

// Called one event after the other, on a thread of the manager's, soon after it. An exception is
// said on standard error, and ends nothing.
class StreamingQueryListener {
 public:
  virtual ~StreamingQueryListener() = default;
  // It has taken its checkpoint over, and goes on from there.
  virtual void OnQueryStarted(const QueryRun& /*run*/) {}
  // A batch was committed.
  virtual void OnQueryProgress(const StreamingQueryProgress& /*progress*/) {}
  // Its sources have had nothing new, and no batch is under way. Once, until there is one again.
  virtual void OnQueryIdle(const QueryRun& /*run*/) {}
  // OK: it was stopped, or has read everything.
  virtual void OnQueryTerminated(const QueryRun& /*run*/, const absl::Status& /*exception*/) {}
};

}  // namespace wavetank::runtime

#endif  // WAVETANK_RUNTIME_LOCAL_QUERY_LISTENER_H_
