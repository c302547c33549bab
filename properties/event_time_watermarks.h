// EventTimeWatermarks: what the watermarks of a query's operators are, by the event times that they
// have seen, and the one watermark that the query goes by.
#ifndef WAVETANK_PROPERTIES_EVENT_TIME_WATERMARKS_H_
#define WAVETANK_PROPERTIES_EVENT_TIME_WATERMARKS_H_

#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include "properties/naive_query.h"

namespace wavetank::properties {

// Which of the operators' watermarks is the query's: the least, or the greatest. Under the least
// there is none while one operator has seen nothing.
enum class WatermarkPolicy : uint8_t { kMin, kMax };

class EventTimeWatermarks {
 public:
  explicit EventTimeWatermarks(WatermarkPolicy policy) : policy_(policy) {}

  // What each operator saw in the next batch. An operator's watermark is the latest time less its
  // delay, in whole milliseconds, towards the past; it never falls.
  void Add(const std::vector<NaiveSeenTimes>& seen);

  std::optional<int64_t> operator_ms(int operator_id) const;
  std::optional<int64_t> global_ms() const;

 private:
  WatermarkPolicy policy_;
  std::map<int, std::optional<int64_t>> operators_ms_;  // by operator id
};

}  // namespace wavetank::properties

#endif  // WAVETANK_PROPERTIES_EVENT_TIME_WATERMARKS_H_
