// StreamingStatistics: how a stream that runs keeps up, over its last batches.
#ifndef WAVETANK_RUNTIME_DSTREAM_STREAMING_STATISTICS_H_
#define WAVETANK_RUNTIME_DSTREAM_STREAMING_STATISTICS_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <tuple>
#include <utility>
#include <vector>

#include "absl/time/time.h"

#include "runtime/dstream/codec.h"
#include "runtime/dstream/streaming_listener.h"

namespace wavetank::runtime {

// By nearest rank: as many of the batches as that took no longer.
struct DelayPercentiles {
  absl::Duration median;
  absl::Duration p90;
  absl::Duration p99;
  absl::Duration longest;
  static constexpr auto Fields() {
    return std::tuple(&DelayPercentiles::median, &DelayPercentiles::p90, &DelayPercentiles::p99,
                      &DelayPercentiles::longest);
  }
};

struct StreamingStatistics {
  // How many batches the rest is measured over.
  static constexpr size_t kBatches = 1000;  // spark.streaming.ui.retainedBatches

  int64_t batches_completed = 0;  // by this driver
  int64_t batches_failed = 0;
  // Of the newest kBatches that it has completed.
  int64_t batches_measured = 0;
  double records_per_second = 0;  // of inputs that know (StreamInputInfo), by the batch interval
  double bytes_per_second = 0;
  DelayPercentiles scheduling_delay = {};
  DelayPercentiles processing_delay = {};
  DelayPercentiles total_delay = {};
  static constexpr auto Fields() {
    return std::tuple(
        &StreamingStatistics::batches_completed, &StreamingStatistics::batches_failed,
        &StreamingStatistics::batches_measured, &StreamingStatistics::records_per_second,
        &StreamingStatistics::bytes_per_second, &StreamingStatistics::scheduling_delay,
        &StreamingStatistics::processing_delay, &StreamingStatistics::total_delay);
  }
};

// What they are told from.
class BatchMeasurements {
 public:
  explicit BatchMeasurements(absl::Duration batch_interval) : batch_interval_(batch_interval) {
    newest_.reserve(StreamingStatistics::kBatches);
  }

  void Completed(const BatchInfo& batch) {
    const Measured measured = {
        .scheduling = batch.scheduling_delay().value_or(absl::ZeroDuration()),
        .processing = batch.processing_delay().value_or(absl::ZeroDuration()),
        .records = batch.num_records(),
        .bytes = batch.num_bytes()};
    const auto place = static_cast<size_t>(completed_++) % StreamingStatistics::kBatches;
    if (place == newest_.size()) {
      newest_.push_back(measured);
    } else {
      newest_[place] = measured;
    }
  }
  void Failed() { ++failed_; }

  StreamingStatistics Statistics() const {
    StreamingStatistics statistics{.batches_completed = completed_,
                                   .batches_failed = failed_,
                                   .batches_measured = std::ssize(newest_)};
    if (newest_.empty()) return statistics;
    int64_t records = 0;
    int64_t bytes = 0;
    std::vector<absl::Duration> scheduling;
    std::vector<absl::Duration> processing;
    std::vector<absl::Duration> total;
    for (const Measured& batch : newest_) {
      records += batch.records;
      bytes += batch.bytes;
      scheduling.push_back(batch.scheduling);
      processing.push_back(batch.processing);
      total.push_back(batch.scheduling + batch.processing);
    }
    const double seconds = absl::ToDoubleSeconds(statistics.batches_measured * batch_interval_);
    statistics.records_per_second = static_cast<double>(records) / seconds;
    statistics.bytes_per_second = static_cast<double>(bytes) / seconds;
    statistics.scheduling_delay = PercentilesOf(std::move(scheduling));
    statistics.processing_delay = PercentilesOf(std::move(processing));
    statistics.total_delay = PercentilesOf(std::move(total));
    return statistics;
  }

 private:
  struct Measured {
    absl::Duration scheduling;
    absl::Duration processing;
    int64_t records = 0;
    int64_t bytes = 0;
  };
  static DelayPercentiles PercentilesOf(std::vector<absl::Duration> delays) {
    std::ranges::sort(delays);
    const auto rank = [&delays](size_t percent) {
      return delays[(delays.size() * percent + 99) / 100 - 1];
    };
    return {.median = rank(50), .p90 = rank(90), .p99 = rank(99), .longest = delays.back()};
  }

  const absl::Duration batch_interval_;
  std::vector<Measured> newest_;  // in any order; all of its memory from the start on
  int64_t completed_ = 0;
  int64_t failed_ = 0;
};

}  // namespace wavetank::runtime

#endif  // WAVETANK_RUNTIME_DSTREAM_STREAMING_STATISTICS_H_
