// StreamingQueryManager: structured queries that run in this process, as Spark's.
//
//   Session session;
//   CountWords(session);                             // ends with WriteStream()...Start()
//   StreamingQueryManager queries({.checkpoint = "checkpoint"});
//   auto started = queries.Start(session);
//   if (!started.ok()) …                             // says what is wrong, and where
//   (*started)[0]->ProcessAllAvailable();
//   queries.AwaitAnyTermination();
//
// Each query has a driver and workers of its own, exactly as in a cluster of processes: it goes on
// from its checkpoint when it is started again, and whoever starts it last owns it.
#ifndef WAVETANK_RUNTIME_LOCAL_QUERY_MANAGER_H_
#define WAVETANK_RUNTIME_LOCAL_QUERY_MANAGER_H_

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"

#include "runtime/local/query_listener.h"
#include "runtime/local/streaming_query.h"
#include "runtime/structured/data_frame.h"

namespace wavetank::runtime {

// Every call may come from any thread.
class StreamingQueryManager {
 public:
  explicit StreamingQueryManager(LocalConfig config = {});
  StreamingQueryManager(const StreamingQueryManager&) = delete;
  StreamingQueryManager& operator=(const StreamingQueryManager&) = delete;
  // Queries of which nobody else has a handle are ended, whatever they do; the others go on.
  ~StreamingQueryManager();

  // Starts the session's queries, and waits until each has taken its checkpoint over. What is wrong
  // with the session, or with a query before it takes over, is told, and none goes on:
  // kInvalidArgument, kFailedPrecondition, kUnimplemented. kAlreadyExists: a query of such a name
  // is active. What goes wrong later, a query's exception() has. (Each begins once it has taken
  // over: of several, some may have committed batches before another one is refused.)
  absl::StatusOr<std::vector<std::shared_ptr<StreamingQuery>>> Start(const Session& session);

  std::vector<std::shared_ptr<StreamingQuery>> Active() const;
  // Of that name or id, if it is active; null otherwise.
  std::shared_ptr<StreamingQuery> Get(std::string_view name_or_id) const;

  // Until a query has ended since the last ResetTerminated: what it ended with, an error before
  // others' good ends.
  // kDeadlineExceeded: none has by then. kFailedPrecondition: there was none that could.
  absl::Status AwaitAnyTermination(absl::Duration timeout = absl::InfiniteDuration());
  void ResetTerminated();

  void AddListener(std::shared_ptr<StreamingQueryListener> listener);
  void RemoveListener(const std::shared_ptr<StreamingQueryListener>& listener);

 private:
  class Shared;  // with the queries, which may outlive the manager
  const std::shared_ptr<Shared> shared_;
};

}  // namespace wavetank::runtime

#endif  // WAVETANK_RUNTIME_LOCAL_QUERY_MANAGER_H_
