// StreamRates: how fast each stream may be read: spark.streaming.backpressure. Of each stream that
// a receiver or a log brings in, an estimator (pid_rate_estimator.h) is told of every batch that is
// complete, and its rate bounds what comes: a receiver takes in no more a second, and a batch of a
// log has no more, each partition its part of what waits in all.
//
// Nothing of it is durable: a new driver begins at the initial rate. What a batch has is.
#ifndef WAVETANK_RUNTIME_DSTREAM_STREAM_RATES_H_
#define WAVETANK_RUNTIME_DSTREAM_STREAM_RATES_H_

#include <algorithm>
#include <cstdint>
#include <map>
#include <optional>

#include "absl/time/time.h"

#include "runtime/dstream/batch_log.h"
#include "runtime/dstream/graph.h"
#include "runtime/dstream/log_input.h"
#include "runtime/dstream/pid_rate_estimator.h"
#include "runtime/dstream/receiver_input.h"

namespace wavetank::runtime {

struct RateOptions {
  // Rows a second of each receiver, at most; 0: no limit. spark.streaming.receiver.maxRate.
  int64_t receiver_max_rate = 0;
  // spark.streaming.backpressure.enabled, .initialRate (rows a second until there is an estimate;
  // 0: no limit) and .pid.*.
  bool backpressure = false;
  int64_t initial_rate = 0;
  PidOptions pid = {};
};

class StreamRates {
 public:
  // `graph` outlives it.
  StreamRates(const StreamingGraph& graph, const RateOptions& options)
      : options_(options), interval_(graph.batch_interval) {
    for (const OperatorId input : graph.inputs()) {
      const bool received = dynamic_cast<const ReceiverInput*>(&graph.at(input)) != nullptr;
      if (!received && dynamic_cast<const LogInput*>(&graph.at(input)) == nullptr) continue;
      streams_.emplace(input, Stream{PidRateEstimator(interval_, options_.pid),
                                     received ? options_.receiver_max_rate : 0});
    }
  }

  // Of a batch that is complete; its rows are the stream's own.
  void Completed(const BatchInput& batch, BatchTiming timing) {
    if (!options_.backpressure) return;
    for (const StreamInput& input : batch.streams) {
      const auto stream = streams_.find(input.stream);
      if (stream == streams_.end()) continue;
      timing.rows = input.offsets();
      for (const Block& block : input.blocks) timing.rows += block.records;
      const std::optional<double> rate = stream->second.estimator.Compute(timing);
      if (rate.has_value()) stream->second.estimate = std::max<int64_t>(Whole(*rate), 1);
    }
  }

  // Rows a second; 0: no limit.
  int64_t RateOf(OperatorId stream) const {
    const auto found = streams_.find(stream);
    if (found == streams_.end()) return 0;
    const int64_t wanted =
        !options_.backpressure ? 0 : found->second.estimate.value_or(options_.initial_rate);
    const int64_t most = found->second.max_rate;
    if (wanted == 0 || most == 0) return std::max(wanted, most);
    return std::min(wanted, most);
  }

 private:
  // Far beyond what comes of any source.
  static constexpr int64_t kHighest = int64_t{1} << 40;
  static int64_t Whole(double rate) {
    return rate >= static_cast<double>(kHighest) ? kHighest : static_cast<int64_t>(rate);
  }

  struct Stream {
    PidRateEstimator estimator;
    int64_t max_rate = 0;
    std::optional<int64_t> estimate = {};
  };
  const RateOptions options_;
  const absl::Duration interval_;
  std::map<OperatorId, Stream> streams_;
};

}  // namespace wavetank::runtime

#endif  // WAVETANK_RUNTIME_DSTREAM_STREAM_RATES_H_
