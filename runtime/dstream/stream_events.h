// StreamEvents: tells a plan's listeners what its driver does, and measures its batches.
#ifndef WAVETANK_RUNTIME_DSTREAM_STREAM_EVENTS_H_
#define WAVETANK_RUNTIME_DSTREAM_STREAM_EVENTS_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"

#include "platform/node.h"
#include "runtime/dstream/batch_log.h"
#include "runtime/dstream/batch_schedule.h"
#include "runtime/dstream/graph.h"
#include "runtime/dstream/streaming_listener.h"
#include "runtime/dstream/streaming_statistics.h"

namespace wavetank::runtime {

class StreamEvents {
 public:
  // Both outlive it.
  StreamEvents(platform::Node& node, const StreamingGraph& graph)
      : node_(node), graph_(graph), measured_(graph.batch_interval) {}

  // From now on; `schedule` outlives it.
  void Started(const BatchSchedule& schedule);

  // One batch after the other: its input is durable, then its outputs, each started and ended, then
  // the end. `runs_again`: a driver before had not completed it.
  void BatchSubmitted(const BatchInput& input, bool runs_again);
  void BatchStarted(const std::vector<OperatorId>& outputs);
  void OutputEnded(OperatorId output, const absl::Status& status);
  void BatchCompleted();
  void BatchFailed(const absl::Status& status);

  void ReceiverStarted(OperatorId stream);
  void ReceiverError(OperatorId stream, std::string error);
  void ReceiverStopped(OperatorId stream, std::string error);

 private:
  absl::Time Now() const;
  ReceiverInfo InfoOf(OperatorId stream, std::string error) const;
  void End(absl::Status status);
  void Show();
  // Calls tell(listener) for each.
  template <typename Call>
  void Tell(const char* what, const Call& tell);

  platform::Node& node_;
  const StreamingGraph& graph_;
  const BatchSchedule* schedule_ = nullptr;
  absl::Time started_;
  BatchInfo batch_;  // that runs
  BatchMeasurements measured_;
};

}  // namespace wavetank::runtime

#endif  // WAVETANK_RUNTIME_DSTREAM_STREAM_EVENTS_H_
