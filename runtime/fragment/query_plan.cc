#include "runtime/fragment/query_plan.h"

#include <algorithm>

#include "absl/strings/str_cat.h"

#include "platform/random.h"

namespace wavetank::runtime {

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
  int64_t rows = 0;
  for (size_t i = 0; i < fragments.size(); ++i) {
    const std::vector<FragmentPlan::Input>& inputs = plan.fragments[i]->inputs;
    for (size_t input = 0; input < fragments[i].input_rows.size(); ++input) {
      if (inputs[input].from == FragmentPlan::kSource) rows += fragments[i].input_rows[input];
    }
  }
  return rows;
}

int64_t EpochReport::sink_rows(const StreamingQueryPlan& plan) const {
  // An epoch without input, of a query without state, has run nothing.
  if (fragments.size() < plan.fragments.size()) return 0;
  const std::vector<OperatorReport>& operators = fragments.back().operators;
  return operators.empty() ? 0 : operators.back().rows_in;
}

std::string PlanHash(const std::string& physical) {
  return absl::StrCat(absl::Hex(platform::StableHash(physical), absl::kZeroPad16));
}

absl::Time NextWatermark(const StreamingQueryPlan& plan, absl::Time watermark,
                         const EpochReport& report) {
  absl::Time next = watermark;
  for (const StreamingQueryPlan::Watermark& op : plan.watermarks) {
    if (op.fragment >= report.fragments.size()) continue;
    const FragmentReport& fragment = report.fragments[op.fragment];
    if (op.node >= fragment.operators.size()) continue;
    const EventTimeStats& seen = fragment.operators[op.node].event_times;
    if (seen.rows == 0) continue;
    // In whole units of event times.
    next = std::max(next, FromMicros(ToMicros(seen.max - op.delay)));
  }
  return next;
}

bool ShouldRunAnotherBatch(const StreamingQueryPlan& plan, absl::Time watermark,
                           absl::Time next_watermark) {
  return plan.stateful && plan.mode != QueryOutputMode::kComplete && next_watermark > watermark;
}

}  // namespace wavetank::runtime
