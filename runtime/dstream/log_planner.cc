#include "runtime/dstream/log_planner.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "absl/strings/str_cat.h"

#include "platform/planted.h"
#include "platform/status_macros.h"
#include "runtime/dstream/batch_outputs.h"

namespace wavetank::runtime {

LogSourceOptions SourceOptionsOf(const LogStreamOptions& options) {
  using Start = LogSourceOptions::Start;
  const Start start = options.start == LogStart::kEarliest ? Start::kEarliest
                      : options.start == LogStart::kLatest ? Start::kLatest
                                                           : Start::kGiven;
  return {.address = options.address,
          .topic = options.topic,
          .start = start,
          .given = start == Start::kGiven ? options.offsets : LogOffsets(),
          .read_committed = options.read_committed,
          .fail_on_data_loss = options.lost == LostRecords::kStop,
          .words = {.reader = "stream",
                    .begins = "LogStreamOptions::offsets",
                    .or_skip = "LogStreamOptions::lost = LostRecords::kSkip",
                    .else_do = "give the stream a new checkpoint"}};
}

LogOffsets WithinRates(const LogOffsets& from, LogOffsets to, LogRates rates,
                       absl::Duration interval) {
  if (rates.of_each <= 0 && rates.of_all <= 0) return to;
  double waiting = 0;
  for (const auto& [partition, end] : to) {
    waiting += static_cast<double>(end - OffsetOf(from, partition));
  }
  for (auto& [partition, end] : to) {
    const int64_t begin = OffsetOf(from, partition);
    const auto lag = static_cast<double>(end - begin);
    if (lag <= 0) continue;
    double rate = rates.of_all > 0 ? static_cast<double>(rates.of_all) * lag / waiting
                                   : static_cast<double>(rates.of_each);
    if (rates.of_each > 0) rate = std::min(rate, static_cast<double>(rates.of_each));
    const double most = std::max(std::floor(rate * absl::ToDoubleSeconds(interval)), 1.0);
    if (most < lag) end = begin + static_cast<int64_t>(most);
  }
  return to;
}

StreamInput LogPlanner::RangesTo(const LogOffsets& to) const {
  StreamInput planned{.stream = input_.id(), .log_id = positions_.log_id(), .ranges = {}};
  for (const auto& [partition, end] : to) {
    planned.ranges.push_back(
        {.partition = partition, .begin = OffsetOf(position_, partition), .end = end});
  }
  return planned;
}

Task<absl::StatusOr<StreamInput>> LogPlanner::Begin() {
  WT_CO_ASSIGN_OR_RETURN(const LogPosition begin, co_await positions_.Begin());
  position_ = begin.offsets;
  co_return RangesTo(position_);
}

Task<absl::Status> LogPlanner::GoOn(StreamInput from) {
  Logged(from);
  return positions_.Know(from.log_id);
}

Task<absl::StatusOr<StreamInput>> LogPlanner::Plan(int64_t rate) {
  absl::StatusOr<LogOffsets> newest = co_await positions_.Newest(position_);
  if (!newest.ok() && !IsTransient(newest.status())) co_return newest.status();
  if (!newest.ok()) {
    node_.Log(platform::LogLevel::kWarning,
              absl::StrCat("ask the log at ", input_.options.address, " for ", input_.Title(), ": ",
                           std::string(newest.status().message()), "; trying again"));
    co_return RangesTo(position_);
  }
  const LogRates rates{.of_each = input_.options.max_rate_per_partition, .of_all = rate};
  StreamInput planned = RangesTo(WithinRates(position_, *newest, rates, interval_));
  if (platform::Planted(node_, "log_rate_takes_the_newest")) {
    for (LogRange& range : planned.ranges) {
      range.begin += (*newest)[range.partition] - range.end;
      range.end = (*newest)[range.partition];
    }
  }
  if (platform::Planted(node_, "log_stream_leaves_out_quiet_partitions")) {
    std::erase_if(planned.ranges, [](const LogRange& range) { return range.begin == range.end; });
  }
  co_return planned;
}

void LogPlanner::Logged(const StreamInput& planned) {
  for (const LogRange& range : planned.ranges) position_[range.partition] = range.end;
}

Task<absl::StatusOr<std::string>> LogPlanner::Missing(StreamInput planned) {
  LogOffsets begins;
  LogOffsets ends;
  for (const LogRange& range : planned.ranges) {
    begins[range.partition] = range.begin;
    ends[range.partition] = range.end;
  }
  return positions_.Missing(std::move(begins), std::move(ends));
}

}  // namespace wavetank::runtime
