#include "runtime/structured/compiled_plan.h"

#include <algorithm>
#include <utility>

#include "runtime/columnar/split.h"
#include "runtime/columnar/take.h"

namespace wavetank::runtime {
namespace {

RecordBatch Project(const BatchStep& step, const RecordBatch& batch, absl::Time timestamp) {
  std::vector<Column> columns;
  columns.reserve(step.expressions.size());
  for (const BoundExpression& expression : step.expressions) {
    columns.push_back(Evaluate(expression, batch, timestamp));
  }
  return RecordBatch(step.schema, std::move(columns), batch.num_rows());
}

RecordBatch Explode(const BatchStep& step, const RecordBatch& batch, absl::Time timestamp) {
  const Column arrays = Evaluate(step.expressions[0], batch, timestamp);
  std::vector<Column> columns;
  if (step.expressions.size() > 1) {
    const RowNumbers from = RowsOfElements(arrays);
    for (size_t i = 1; i < step.expressions.size(); ++i) {
      columns.push_back(Take(Evaluate(step.expressions[i], batch, timestamp), Numbers(from)));
    }
  }
  columns.push_back(Elements(arrays));
  const int64_t rows = columns.back().size();
  return RecordBatch(step.schema, std::move(columns), rows);
}

RecordBatch Filter(const BatchStep& step, RecordBatch batch, absl::Time timestamp) {
  const RowNumbers kept = TrueRows(Evaluate(step.expressions[0], batch, timestamp));
  if (kept.size() == static_cast<size_t>(batch.num_rows())) return batch;
  return Take(batch, Numbers(kept));
}

void Observe(const BatchStep& step, const RecordBatch& batch, absl::Time timestamp,
             EventTimeStats& stats) {
  const Column times = Evaluate(step.expressions[0], batch, timestamp);
  int64_t least = std::numeric_limits<int64_t>::max();
  int64_t most = std::numeric_limits<int64_t>::min();
  for (int64_t row = 0; row < times.size(); ++row) {
    if (times.IsNull(row)) continue;
    least = std::min(least, times.Int64At(row));
    most = std::max(most, times.Int64At(row));
  }
  const int64_t rows = times.size() - times.null_count();
  if (rows > 0) stats.Merge({rows, FromMicros(least), FromMicros(most)});
}

}  // namespace

RecordBatch RunSteps(const std::vector<BatchStep>& steps, RecordBatch batch, absl::Time timestamp,
                     std::map<int, EventTimeStats>* event_times) {
  for (const BatchStep& step : steps) {
    switch (step.kind) {
      case StepKind::kProject:
        batch = Project(step, batch, timestamp);
        break;
      case StepKind::kExplode:
        batch = Explode(step, batch, timestamp);
        break;
      case StepKind::kFilter:
        batch = Filter(step, std::move(batch), timestamp);
        break;
      case StepKind::kWatermark:
        Observe(step, batch, timestamp, (*event_times)[step.operator_id]);
        break;
    }
  }
  return batch;
}

RecordBatch Results(const AggregatePlan& plan, const std::vector<Column>& columns, int64_t rows) {
  const auto keys = static_cast<ptrdiff_t>(plan.keys.size());
  std::vector<Column> shown(columns.begin(), columns.begin() + keys);
  std::span<const Column> rest(columns.begin() + keys, columns.end());
  for (const AggregateCall& call : plan.calls) {
    const size_t count = call.intermediate().size();
    const AggregateParts& parts = *call.function->parts;
    shown.push_back(parts.result ? parts.result(rest.first(count)) : rest[0]);
    rest = rest.subspan(count);
  }
  return RecordBatch(plan.schema, std::move(shown), rows);
}

WatermarkPredicate::WatermarkPredicate(const AggregatePlan& plan, absl::Time watermark) {
  if (plan.event_time_key < 0 || watermark == absl::InfinitePast()) return;
  active_ = !__builtin_sub_overflow(ToMicros(watermark), plan.span_micros, &threshold_);
}

}  // namespace wavetank::runtime
