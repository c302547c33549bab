#include <numeric>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"

#include "platform/check.h"
#include "platform/status_macros.h"
#include "runtime/columnar/row_key.h"
#include "runtime/columnar/take.h"
#include "runtime/structured/compiled_plan.h"
#include "runtime/structured/physical_plan.h"

namespace wavetank::runtime {
namespace {

using checkpoint::StateTable;

RowNumbers AllGroups(const HashAggregate& groups) {
  RowNumbers all(groups.size());
  for (uint32_t group = 0; group < groups.size(); ++group) all.Append(group);
  return all;
}

// Keys and values as they stand in state; gives them as rows of the aggregate's schema.
class StateRows {
 public:
  void Add(std::string_view key, std::string_view value) {
    keys_.String(key);
    values_.String(value);
  }

  absl::StatusOr<RecordBatch> Decode(const AggregatePlan& plan) {
    const int64_t rows = keys_.size();
    WT_ASSIGN_OR_RETURN(std::vector<Column> columns, DecodeRowKeys(keys_.Finish(), plan.key_types));
    WT_ASSIGN_OR_RETURN(std::vector<Column> results,
                        DecodeRowKeys(values_.Finish(), plan.intermediate));
    for (Column& result : results) columns.push_back(std::move(result));
    return Results(plan, columns, rows);
  }

 private:
  ColumnBuilder keys_{DataType::kString};
  ColumnBuilder values_{DataType::kString};
};

std::vector<std::string_view> StringsIn(const Column& column) {
  std::vector<std::string_view> strings;
  strings.reserve(static_cast<size_t>(column.size()));
  for (int64_t row = 0; row < column.size(); ++row) strings.push_back(column.StringAt(row));
  return strings;
}

absl::Status MergeInputs(const AggregatePlan& plan, const std::vector<RecordBatch>& inputs,
                         HashAggregate& groups, ReduceStats& stats) {
  const auto keys = static_cast<ptrdiff_t>(plan.keys.size());
  for (const RecordBatch& input : inputs) {
    if (input.schema() != *plan.partial_schema) {
      return absl::DataLossError(absl::StrCat("partial aggregates of ", input.schema().ToText(),
                                              " where the query has ",
                                              plan.partial_schema->ToText()));
    }
    const std::vector<Column>& columns = input.columns();
    groups.Merge({columns.begin(), columns.begin() + keys},
                 std::span<const Column>(columns).subspan(static_cast<size_t>(keys)),
                 input.num_rows());
    stats.rows_in += input.num_rows();
  }
  return absl::OkStatus();
}

// Adds what state holds of the groups, and puts the sums back.
absl::Status MergeState(const AggregatePlan& plan, StateTable& state, HashAggregate& groups,
                        ReduceStats& stats) {
  const RowNumbers all = AllGroups(groups);
  const auto rows = static_cast<int64_t>(all.size());
  const Column encoded = EncodeRowKeys(groups.Keys(Numbers(all)), rows);
  const std::vector<std::string_view> keys = StringsIn(encoded);
  std::vector<std::optional<std::string_view>> found(keys.size());
  state.GetMany(keys, found);
  RowNumbers present;
  ColumnBuilder stored(DataType::kString);
  for (size_t row = 0; row < found.size(); ++row) {
    if (!found[row]) continue;
    stored.String(*found[row]);
    present.Append(static_cast<uint32_t>(row));
  }
  WT_ASSIGN_OR_RETURN(const std::vector<Column> before,
                      DecodeRowKeys(stored.Finish(), plan.intermediate));
  groups.MergeEarlier(Numbers(present), before);
  const Column values = EncodeRowKeys(groups.Intermediate(Numbers(all)), rows);
  state.PutMany(keys, StringsIn(values));
  stats.rows_updated = rows;
  return absl::OkStatus();
}

// Removes the rows that are final at `watermark` and gives them, in the state's order.
absl::StatusOr<RecordBatch> Evict(const AggregatePlan& plan, StateTable& state,
                                  const WatermarkPredicate& expired, ReduceStats& stats) {
  StateRows evicted;
  std::vector<std::string_view> keys;
  absl::Status status;
  if (expired.active()) {
    state.ForEach([&](std::string_view key, std::string_view value) {
      std::optional<int64_t> event_time;
      if (!RowKeyInt64(key, plan.key_types, plan.event_time_key, &event_time)) {
        status = absl::DataLossError("a state key of other columns than the query's");
      } else if (event_time && expired.Passes(*event_time)) {
        evicted.Add(key, value);
        keys.push_back(key);
      }
    });
  }
  WT_RETURN_IF_ERROR(status);
  state.RemoveMany(keys);
  stats.rows_removed = static_cast<int64_t>(keys.size());
  return evicted.Decode(plan);
}

absl::StatusOr<RecordBatch> WholeTable(const AggregatePlan& plan, const StateTable& state) {
  StateRows table;
  state.ForEach([&](std::string_view key, std::string_view value) { table.Add(key, value); });
  return table.Decode(plan);
}

}  // namespace

absl::StatusOr<ReduceOutput> ReduceTask(const StreamingQueryPlan& plan, int partition,
                                        const std::vector<RecordBatch>& inputs, StateTable& state,
                                        const BatchClock& clock) {
  WT_CHECK(plan.stateful);
  const AggregatePlan& aggregate = *plan.aggregate;
  ReduceOutput output;
  HashAggregate groups(aggregate.key_types, aggregate.calls);
  WT_RETURN_IF_ERROR(MergeInputs(aggregate, inputs, groups, output.stats));
  if (aggregate.keys.empty() && partition == 0) {
    // The group of all rows exists without any row, and is shown by every batch.
    groups.Touch();
  }
  WT_RETURN_IF_ERROR(MergeState(aggregate, state, groups, output.stats));

  RecordBatch rows;
  if (plan.mode == QueryOutputMode::kComplete) {
    WT_ASSIGN_OR_RETURN(rows, WholeTable(aggregate, state));
  } else {
    // What the watermark before had passed was removed then, so an unchanged one finds nothing.
    const bool advanced = clock.watermark > clock.late_watermark;
    const WatermarkPredicate expired(aggregate, advanced ? clock.watermark : absl::InfinitePast());
    WT_ASSIGN_OR_RETURN(rows, Evict(aggregate, state, expired, output.stats));
    if (plan.mode == QueryOutputMode::kUpdate) {
      rows = Results(aggregate, groups.Partials(Numbers(AllGroups(groups))), groups.size());
    }
  }
  auto shown = std::make_shared<const RecordBatch>(
      RunSteps(aggregate.projection, std::move(rows), clock.timestamp, nullptr));
  output.stats.rows_out = shown->num_rows();
  output.stats.state_rows = static_cast<int64_t>(state.size());
  output.rows = std::move(shown);
  return output;
}

}  // namespace wavetank::runtime
