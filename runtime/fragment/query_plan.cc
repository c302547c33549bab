#include "runtime/fragment/query_plan.h"

#include <algorithm>

#include "absl/strings/str_cat.h"

#include "platform/random.h"

namespace wavetank::runtime {

bool StreamingQueryPlan::acts_on_watermark() const {
  return std::ranges::any_of(state_operators, &StateOperator::acts_on_watermark);
}

void EpochReport::Merge(size_t fragment, const FragmentReport& report) {
  fragments.resize(std::max(fragments.size(), fragment + 1));
  fragments[fragment].Merge(report);
}

OperatorReport EpochReport::Sum() const {
  OperatorReport sum;
  for (const FragmentReport& fragment : fragments) {
    for (const OperatorReport& report : fragment.operators) sum.Merge(report);
  }
  return sum;
}

int64_t EpochReport::source_rows(const StreamingQueryPlan& plan) const {
  std::vector<bool> counted(plan.sources.size());
  int64_t rows = 0;
  for (size_t i = 0; i < fragments.size(); ++i) {
    const FragmentPlan& fragment = *plan.fragments[i];
    if (!fragment.reads_source() || fragments[i].input_rows.empty()) continue;
    const auto source = static_cast<size_t>(fragment.inputs[0].number);
    if (!counted[source]) rows += fragments[i].input_rows[0];
    counted[source] = true;
  }
  return rows;
}

int64_t EpochReport::sink_rows(const StreamingQueryPlan& plan) const {
  int64_t rows = 0;
  for (size_t i = 0; i < fragments.size(); ++i) {
    // One without input has run nothing.
    if (plan.fragments[i]->writes_exchange >= 0 || fragments[i].operators.empty()) continue;
    rows += fragments[i].operators.back().rows_in;
  }
  return rows;
}

std::string PlanHash(const std::string& physical) {
  return absl::StrCat(absl::Hex(platform::StableHash(physical), absl::kZeroPad16));
}

EventTimeStats SeenBy(const StreamingQueryPlan::Watermark& op, const EpochReport& report) {
  EventTimeStats seen;
  for (const StreamingQueryPlan::Watermark::Place& place : op.places) {
    if (place.fragment >= report.fragments.size()) continue;
    const std::vector<OperatorReport>& operators = report.fragments[place.fragment].operators;
    if (place.node < operators.size()) seen.Merge(operators[place.node].event_times);
  }
  return seen;
}

Watermarks NextWatermarks(const StreamingQueryPlan& plan, WatermarkPolicy policy,
                          const Watermarks& before, const EpochReport& report) {
  Watermarks next = before;
  next.of_operators.resize(plan.watermarks.size(), absl::InfinitePast());
  for (size_t i = 0; i < plan.watermarks.size(); ++i) {
    const EventTimeStats seen = SeenBy(plan.watermarks[i], report);
    if (seen.rows == 0) continue;
    // In whole milliseconds, towards the past: as it is durable.
    const absl::Time watermark =
        absl::FromUnixMillis(absl::ToUnixMillis(seen.max - plan.watermarks[i].delay));
    next.of_operators[i] = std::max(next.of_operators[i], watermark);
  }
  if (next.of_operators.empty()) return next;
  const auto [least, most] = std::ranges::minmax(next.of_operators);
  next.of_query = std::max(next.of_query, policy == WatermarkPolicy::kMin ? least : most);
  return next;
}

// What one operator gives as it becomes final reaches the others in the same epoch, before they
// look at their own, so that none of them need know of another.
absl::Time NextFinal(const StreamingQueryPlan& plan, const EpochReport& report) {
  absl::Time next = absl::InfiniteFuture();
  for (size_t i = 0; i < report.fragments.size(); ++i) {
    const std::vector<OperatorReport>& operators = report.fragments[i].operators;
    for (size_t node = 0; node < operators.size(); ++node) {
      const std::optional<absl::Duration>& lag = plan.fragments[i]->nodes[node].watermark_lag;
      if (lag) next = std::min(next, operators[node].earliest_final + *lag);
    }
  }
  return next;
}

bool ShouldRunAnotherBatch(const StreamingQueryPlan& plan, absl::Time watermark,
                           absl::Time next_watermark, std::optional<absl::Time> next_final) {
  if (next_watermark <= watermark) return false;
  if (next_final) return next_watermark >= *next_final;
  return plan.mode != QueryOutputMode::kComplete && plan.acts_on_watermark();
}

}  // namespace wavetank::runtime
