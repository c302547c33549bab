#include "runtime/operators/operator_report.h"

#include <algorithm>

namespace wavetank::runtime {

void EventTimeStats::Merge(const EventTimeStats& other) {
  rows += other.rows;
  min = std::min(min, other.min);
  max = std::max(max, other.max);
}

void OperatorReport::Merge(const OperatorReport& other) {
  rows_in += other.rows_in;
  rows_out += other.rows_out;
  rows_late += other.rows_late;
  rows_without_time += other.rows_without_time;
  event_times.Merge(other.event_times);
  state_rows += other.state_rows;
  state_bytes += other.state_bytes;
  rows_updated += other.rows_updated;
  rows_removed += other.rows_removed;
  earliest_final = std::min(earliest_final, other.earliest_final);
  earliest_timer = std::min(earliest_timer, other.earliest_timer);
}

}  // namespace wavetank::runtime
