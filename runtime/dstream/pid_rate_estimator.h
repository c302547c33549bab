// PidRateEstimator: how many rows a second a stream should take, by how fast its batches are worked
// off: Spark's, by its formula (PIDRateEstimator.scala), its defaults and its special cases.
//
//   processing rate  = rows / processing delay
//   error            = latest rate - processing rate            (proportional)
//   historical error = scheduling delay * processing rate / batch interval   (integral: the rows
//                      that wait, as a rate)
//   change of error  = (error - latest error) / time since the latest       (derivative)
//   new rate = max(min rate, latest rate - P * error - I * historical error - D * change of error)
//
// The first batch with rows sets the latest rate to its processing rate and says nothing. A batch
// that ended no later than the latest one, had no rows or took no time says and changes nothing.
#ifndef WAVETANK_RUNTIME_DSTREAM_PID_RATE_ESTIMATOR_H_
#define WAVETANK_RUNTIME_DSTREAM_PID_RATE_ESTIMATOR_H_

#include <algorithm>
#include <cstdint>
#include <optional>

#include "absl/time/time.h"

namespace wavetank::runtime {

// spark.streaming.backpressure.pid.*
struct PidOptions {
  double proportional = 1.0;
  double integral = 0.2;
  double derived = 0.0;
  double min_rate = 100;  // rows a second
};

// Of a batch that is complete.
struct BatchTiming {
  absl::Time processing_end;
  int64_t rows = 0;
  absl::Duration processing_delay;  // from its input to its completion
  absl::Duration scheduling_delay;  // from when it was due to when it began
};

class PidRateEstimator {
 public:
  // REQUIRES: interval > 0; the options are not negative, the least rate is above 0.
  explicit PidRateEstimator(absl::Duration batch_interval, PidOptions options = {})
      : interval_(batch_interval), options_(options) {}

  // Rows a second from now on; nullopt: as before.
  std::optional<double> Compute(const BatchTiming& batch) {
    const bool later = !latest_ || batch.processing_end > latest_->time;
    if (!later || batch.rows <= 0 || batch.processing_delay <= absl::ZeroDuration()) {
      return std::nullopt;
    }
    const double processing_rate =
        static_cast<double>(batch.rows) / absl::ToDoubleSeconds(batch.processing_delay);
    if (!latest_) {
      latest_ = {batch.processing_end, processing_rate, 0};
      return std::nullopt;
    }
    const double since = absl::ToDoubleSeconds(batch.processing_end - latest_->time);
    const double error = latest_->rate - processing_rate;
    const double historical =
        absl::FDivDuration(batch.scheduling_delay, interval_) * processing_rate;
    const double change = (error - latest_->error) / since;
    const double rate =
        std::max(options_.min_rate, latest_->rate - options_.proportional * error -
                                        options_.integral * historical - options_.derived * change);
    latest_ = {batch.processing_end, rate, error};
    return rate;
  }

 private:
  struct Latest {
    absl::Time time;
    double rate = 0;
    double error = 0;
  };
  const absl::Duration interval_;
  const PidOptions options_;
  std::optional<Latest> latest_;
};

}  // namespace wavetank::runtime

#endif  // WAVETANK_RUNTIME_DSTREAM_PID_RATE_ESTIMATOR_H_
