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

// The rows for which `drops(row)` is not so.
template <typename Drops>
RowNumbers KeptRows(int64_t rows, const Drops& drops) {
  RowNumbers kept(static_cast<size_t>(rows));
  for (int64_t row = 0; row < rows; ++row) {
    kept.data()[kept.size()] = static_cast<uint32_t>(row);
    kept.SetSize(kept.size() + (drops(row) ? 0 : 1));
  }
  return kept;
}

class PartialAggregation {
 public:
  PartialAggregation(const StreamingQueryPlan& plan, const BatchClock& clock)
      : plan_(plan),
        aggregate_(*plan.aggregate),
        clock_(clock),
        late_(aggregate_, plan.mode == QueryOutputMode::kComplete ? absl::InfinitePast()
                                                                  : clock.late_watermark),
        groups_(aggregate_.key_types, aggregate_.calls) {}

  void Add(const RecordBatch& batch, MapStats& stats) {
    int64_t rows = batch.num_rows();
    std::vector<Column> keys;
    keys.reserve(aggregate_.keys.size());
    for (const BoundExpression& key : aggregate_.keys) {
      keys.push_back(NormaliseKey(Evaluate(key, batch, clock_.timestamp)));
    }
    std::vector<Column> arguments;
    arguments.reserve(aggregate_.arguments.size());
    for (const BoundExpression& argument : aggregate_.arguments) {
      arguments.push_back(Evaluate(argument, batch, clock_.timestamp));
    }
    const auto keep = [&](const RowNumbers& kept, int64_t& dropped) {
      const auto kept_rows = static_cast<int64_t>(kept.size());
      if (kept_rows == rows) return;
      dropped += rows - kept_rows;
      rows = kept_rows;
      for (Column& key : keys) key = Take(key, Numbers(kept));
      for (Column& argument : arguments) argument = Take(argument, Numbers(kept));
    };
    if (aggregate_.window_key >= 0) {
      const Column& starts = keys[static_cast<size_t>(aggregate_.window_key)];
      keep(KeptRows(rows, [&starts](int64_t row) { return starts.IsNull(row); }),
           stats.rows_without_time);
    }
    if (late_.active()) {
      const Column& times = keys[static_cast<size_t>(aggregate_.event_time_key)];
      keep(KeptRows(
               rows,
               [&](int64_t row) { return !times.IsNull(row) && late_.Passes(times.Int64At(row)); }),
           stats.rows_dropped_late);
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
          aggregate_.partial_schema, groups_.Partials(Numbers(groups)),
          static_cast<int64_t>(groups.size())));
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
