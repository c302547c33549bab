// What operators say of an epoch.
#ifndef WAVETANK_RUNTIME_OPERATORS_OPERATOR_REPORT_H_
#define WAVETANK_RUNTIME_OPERATORS_OPERATOR_REPORT_H_

#include <cstdint>

#include "absl/time/time.h"

namespace wavetank::runtime {

// Event times that passed a watermark operator, late rows included.
struct EventTimeStats {
  int64_t rows = 0;  // with an event time
  absl::Time min = absl::InfiniteFuture();
  absl::Time max = absl::InfinitePast();

  void Merge(const EventTimeStats& other);
  friend bool operator==(const EventTimeStats&, const EventTimeStats&) = default;
};

// Of one operator in one epoch; merged, of all its partitions.
struct OperatorReport {
  int64_t rows_in = 0;
  int64_t rows_out = 0;
  int64_t rows_late = 0;          // dropped: raw rows, before any aggregation
  int64_t rows_without_time = 0;  // dropped: they are in none of the windows
  EventTimeStats event_times;     // of a watermark operator
  // Of its state, after the epoch.
  int64_t state_rows = 0;
  int64_t state_bytes = 0;   // of keys and values
  int64_t rows_updated = 0;  // keys put
  int64_t rows_removed = 0;  // keys evicted
  // The earliest watermark, the operator's own, at which something of it becomes final: is given,
  // or forgotten.
  absl::Time earliest_final = absl::InfiniteFuture();
  // The processing time at which it wants an epoch, with or without input.
  absl::Time earliest_timer = absl::InfiniteFuture();

  void Merge(const OperatorReport& other);
  friend bool operator==(const OperatorReport&, const OperatorReport&) = default;
};

}  // namespace wavetank::runtime

#endif  // WAVETANK_RUNTIME_OPERATORS_OPERATOR_REPORT_H_
