// BatchSchedule: when batches are due, and which time each stands for.
//
// Batch n (1, 2, ...) stands for the time zero + n * interval. `zero` is fixed, durably, when the
// stream first starts: the last multiple of the interval before that, as Spark's RecurringTimer has
// it. Rules, whatever the wall clock does:
// - While a driver lives, batches are due an interval apart on the monotonic clock. A wall clock
//   that jumps changes no batch time; from then on they differ from it by the jump.
// - A driver reads the wall clock once, when it starts: batches whose time has passed by then are
//   due at once (Spark's downtime batches), later ones when their time comes.
// - Of more overdue batches than a bound, the oldest are left out, so that a long downtime, a long
//   pause or a clock that jumped ahead costs no more than the bound. The first that runs takes all
//   that came meanwhile: those left out would have had no input.
// - If it reads a time before the last logged batch (the clock went back), the next batch is due an
//   interval from now, and takes the next time: no batch time comes twice, or goes back.
#ifndef WAVETANK_RUNTIME_DSTREAM_BATCH_SCHEDULE_H_
#define WAVETANK_RUNTIME_DSTREAM_BATCH_SCHEDULE_H_

#include <cstdint>

#include "absl/time/time.h"

#include "platform/clock.h"
#include "platform/strong_id.h"

namespace wavetank::runtime {

// The n-th batch since the stream first started: 1, 2, ...
using BatchNumber = platform::StrongId<struct BatchNumberTag>;

class BatchSchedule {
 public:
  // From which monotonic times are counted, where they are taken for absolute ones.
  static constexpr platform::MonotonicTime kStart{};

  static absl::Time ZeroTime(absl::Time wall_now, absl::Duration interval) {
    const absl::Duration since_epoch = wall_now - absl::UnixEpoch();
    return absl::UnixEpoch() + absl::Floor(since_epoch, interval);
  }

  // `next` is the first batch that no log knows.
  BatchSchedule(absl::Time zero, absl::Duration interval, BatchNumber next,
                const platform::Clock& clock)
      : zero_(zero), interval_(interval), start_(clock.Now()) {
    start_time_ = clock.WallNow();
    if (TimeOf(next) - interval > start_time_) start_time_ = TimeOf(next) - interval;
  }

  absl::Time TimeOf(BatchNumber batch) const { return zero_ + batch.value() * interval_; }
  // Of a time that is one's.
  BatchNumber NumberOf(absl::Time batch_time) const {
    absl::Duration rest;
    return BatchNumber(absl::IDivDuration(batch_time - zero_, interval_, &rest));
  }
  platform::MonotonicTime Due(BatchNumber batch) const {
    return start_ + (TimeOf(batch) - start_time_);
  }
  // On the scale of batch times.
  absl::Time TimeAt(platform::MonotonicTime at) const { return start_time_ + (at - start_); }
  // The batch to go on with instead of `next`: that, or, when more than `most` are overdue, the
  // first of the newest `most`. REQUIRES: most >= 1.
  BatchNumber GoOnWith(BatchNumber next, int64_t most, platform::MonotonicTime now) const {
    if (now < Due(next)) return next;
    absl::Duration since;
    const int64_t overdue = 1 + absl::IDivDuration(now - Due(next), interval_, &since);
    return overdue <= most ? next : BatchNumber(next.value() + overdue - most);
  }

 private:
  const absl::Time zero_;
  const absl::Duration interval_;
  const platform::MonotonicTime start_;
  absl::Time start_time_;  // which time `start_` stands for
};

}  // namespace wavetank::runtime

#endif  // WAVETANK_RUNTIME_DSTREAM_BATCH_SCHEDULE_H_
