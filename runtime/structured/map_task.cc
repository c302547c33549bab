#include <algorithm>
#include <numeric>
#include <utility>

#include "absl/strings/str_cat.h"

#include "runtime/cluster/partition_of.h"
#include "runtime/columnar/row_key.h"
#include "runtime/columnar/take.h"
#include "runtime/structured/compiled_plan.h"
#include "runtime/structured/physical_plan.h"

namespace wavetank::runtime {
namespace {

// Rows that go through all steps together, so that what a step gives is still in the cache for the
// next one. A multiple of 64, as slices need.
constexpr int64_t kRowsAtOnce = 1024;

// The rows that are not late.
RowNumbers InTimeRows(const Column& event_times, const WatermarkPredicate& late) {
  RowNumbers rows(static_cast<size_t>(event_times.size()));
  for (int64_t row = 0; row < event_times.size(); ++row) {
    const bool is_late = !event_times.IsNull(row) && late.Passes(event_times.Int64At(row));
    rows.data()[rows.size()] = static_cast<uint32_t>(row);
    rows.SetSize(rows.size() + (is_late ? 0 : 1));
  }
  return rows;
}

class PartialAggregation {
 public:
  PartialAggregation(const StreamingQueryPlan& plan, const BatchClock& clock)
      : plan_(plan),
        aggregate_(*plan.aggregate),
        clock_(clock),
        late_(aggregate_, plan.mode == QueryOutputMode::kComplete ? absl::InfinitePast()
                                                                  : clock.late_watermark),
        groups_(aggregate_.key_types, aggregate_.functions) {}

  void Add(const RecordBatch& batch, MapStats& stats) {
    int64_t rows = batch.num_rows();
    std::vector<Column> keys;
    keys.reserve(aggregate_.keys.size());
    std::vector<Column> values(aggregate_.values.size());
    for (const BoundExpression& key : aggregate_.keys) {
      keys.push_back(NormaliseKey(Evaluate(key, batch, clock_.timestamp)));
    }
    std::vector<const Column*> arguments(values.size(), nullptr);
    for (size_t i = 0; i < values.size(); ++i) {
      if (!aggregate_.values[i]) continue;
      values[i] = Evaluate(*aggregate_.values[i], batch, clock_.timestamp);
      arguments[i] = &values[i];
    }
    if (late_.active()) {
      const RowNumbers kept =
          InTimeRows(keys[static_cast<size_t>(aggregate_.event_time_key)], late_);
      const auto kept_rows = static_cast<int64_t>(kept.size());
      if (kept_rows != rows) {
        stats.rows_dropped_late += rows - kept_rows;
        rows = kept_rows;
        for (Column& key : keys) key = Take(key, Numbers(kept));
        for (size_t i = 0; i < values.size(); ++i) {
          if (arguments[i] != nullptr) values[i] = Take(values[i], Numbers(kept));
        }
      }
    }
    groups_.Update(keys, arguments, rows);
  }

  std::vector<std::shared_ptr<const RecordBatch>> Finish() const {
    std::vector<RowNumbers> members(static_cast<size_t>(plan_.shuffle_partitions));
    for (uint32_t group = 0; group < groups_.size(); ++group) {
      const int partition = PartitionOf(groups_.Hash(group), plan_.shuffle_partitions);
      members[static_cast<size_t>(partition)].Append(group);
    }
    std::vector<std::shared_ptr<const RecordBatch>> partitions;
    partitions.reserve(members.size());
    for (const RowNumbers& groups : members) {
      partitions.push_back(std::make_shared<const RecordBatch>(
          aggregate_.schema, groups_.Rows(Numbers(groups)), static_cast<int64_t>(groups.size())));
    }
    return partitions;
  }

 private:
  const StreamingQueryPlan& plan_;
  const AggregatePlan& aggregate_;
  const BatchClock& clock_;
  const WatermarkPredicate late_;
  HashAggregate groups_;
};

}  // namespace

absl::StatusOr<MapOutput> MapTask(const StreamingQueryPlan& plan, const RecordBatch& input,
                                  const BatchClock& clock) {
  if (input.schema() != *plan.source_schema) {
    return absl::InvalidArgumentError(absl::StrCat("the source gives ", input.schema().ToText(),
                                                   ", the query reads ",
                                                   plan.source_schema->ToText()));
  }
  MapOutput output;
  output.stats.rows_in = input.num_rows();
  std::optional<PartialAggregation> partials;
  if (plan.stateful) partials.emplace(plan, clock);
  std::vector<RecordBatch> rows;
  for (int64_t begin = 0; begin < input.num_rows(); begin += kRowsAtOnce) {
    const int64_t length = std::min(kRowsAtOnce, input.num_rows() - begin);
    RecordBatch batch = RunSteps(plan.map->steps, input.Slice(begin, length), clock.timestamp,
                                 &output.stats.event_times);
    if (plan.stateful)
      partials->Add(batch, output.stats);
    else
      rows.push_back(std::move(batch));
  }
  if (plan.stateful) {
    output.partitions = partials->Finish();
  } else {
    output.partitions = {
        std::make_shared<const RecordBatch>(Concatenate(plan.output_schema, rows))};
  }
  for (const auto& partition : output.partitions) output.stats.rows_out += partition->num_rows();
  return output;
}

}  // namespace wavetank::runtime
