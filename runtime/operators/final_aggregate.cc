#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"

#include "platform/status_macros.h"
#include "runtime/columnar/partition_of.h"
#include "runtime/columnar/row_key.h"
#include "runtime/columnar/take.h"
#include "runtime/operators/aggregate.h"
#include "runtime/operators/event_time.h"
#include "runtime/operators/pieces.h"

namespace wavetank::runtime {
namespace {

using checkpoint::StateTable;

RowNumbers AllGroups(const HashAggregate& groups) {
  RowNumbers all(groups.size());
  for (uint32_t group = 0; group < groups.size(); ++group) all.Append(group);
  return all;
}

std::vector<std::string_view> StringsIn(const Column& column) {
  std::vector<std::string_view> strings;
  strings.reserve(static_cast<size_t>(column.size()));
  for (int64_t row = 0; row < column.size(); ++row) strings.push_back(column.StringAt(row));
  return strings;
}

// From keys and intermediate columns to keys and results.
RecordBatch Results(const AggregateSpec& spec, const std::vector<Column>& columns, int64_t rows) {
  const auto keys = static_cast<ptrdiff_t>(spec.key_types.size());
  std::vector<Column> shown(columns.begin(), columns.begin() + keys);
  std::span<const Column> rest(columns.begin() + keys, columns.end());
  for (const AggregateCall& call : spec.calls) {
    const size_t count = call.intermediate().size();
    const AggregateParts& parts = *call.function->parts;
    shown.push_back(parts.result ? parts.result(rest.first(count)) : rest[0]);
    rest = rest.subspan(count);
  }
  return RecordBatch(spec.schema, std::move(shown), rows);
}

// Keys and values as they stand in state; gives them as rows of the aggregate's schema.
class StateRows {
 public:
  void Add(std::string_view key, std::string_view value) {
    keys_.String(key);
    values_.String(value);
  }

  absl::StatusOr<RecordBatch> Decode(const AggregateSpec& spec) {
    const int64_t rows = keys_.size();
    WT_ASSIGN_OR_RETURN(std::vector<Column> columns, DecodeRowKeys(keys_.Finish(), spec.key_types));
    WT_ASSIGN_OR_RETURN(std::vector<Column> results,
                        DecodeRowKeys(values_.Finish(), spec.intermediate));
    for (Column& result : results) columns.push_back(std::move(result));
    return Results(spec, columns, rows);
  }

 private:
  ColumnBuilder keys_{DataType::kString};
  ColumnBuilder values_{DataType::kString};
};

class FinalAggregate final : public Operator {
 public:
  explicit FinalAggregate(std::shared_ptr<const AggregateSpec> spec) : spec_(std::move(spec)) {}

  absl::Status Open(const OperatorContext& context) override {
    memory_ = context.memory;
    state_ = context.stores[0];
    partition_ = context.partition;
    if (Evicts()) {
      state_->IndexBy({.key_parts = RowKeyWidths(spec_->key_types),
                       .time = checkpoint::DerivedIndexes::Time::kPartOfKey,
                       .time_part = spec_->event_time_key});
    }
    return absl::OkStatus();
  }

  void Begin(const Epoch& epoch) override {
    epoch_ = epoch;
    groups_.emplace(spec_->key_types, spec_->calls);
    rows_.Clear();
    ended_ = false;
    rows_updated_ = rows_removed_ = 0;
  }

  absl::Status Add(int, RecordBatch batch) override {
    if (batch.schema() != *spec_->partial_schema) {
      return absl::DataLossError(absl::StrCat("partial aggregates of ", batch.schema().ToText(),
                                              " where the query has ",
                                              spec_->partial_schema->ToText()));
    }
    const std::span<const Column> columns = batch.columns();
    const size_t keys = spec_->key_types.size();
    groups_->Merge({columns.begin(), columns.begin() + static_cast<ptrdiff_t>(keys)},
                   columns.subspan(keys), batch.num_rows());
    return memory_.Hold(groups_->bytes());
  }

  absl::Status EndInput(int) override {
    ended_ = true;
    // The group of all rows exists without any row, and is shown by every epoch.
    if (spec_->key_types.empty() && partition_ == 0) groups_->Touch();
    WT_RETURN_IF_ERROR(MergeState());
    RecordBatch rows;
    if (spec_->mode == QueryOutputMode::kComplete) {
      WT_ASSIGN_OR_RETURN(rows, WholeTable());
    } else {
      WT_ASSIGN_OR_RETURN(rows, Evict());
    }
    if (spec_->mode == QueryOutputMode::kUpdate) {
      rows = Results(*spec_, groups_->Partials(Numbers(AllGroups(*groups_))), groups_->size());
    }
    const int64_t bytes = ByteSize(rows);
    rows_.Set(std::move(rows));
    WT_RETURN_IF_ERROR(memory_.Hold(groups_->bytes() + bytes));
    groups_.reset();
    return memory_.Hold(bytes);
  }

  absl::StatusOr<Pulled> Next(RecordBatch& output) override {
    if (rows_.empty()) return Pulled{ended_ ? Pull::kDone : Pull::kNeedsInput};
    output = rows_.Take();
    return Pulled{Pull::kOutput};
  }

  void Report(OperatorReport& report) const override {
    report.state_rows = static_cast<int64_t>(state_->size());
    report.state_bytes = static_cast<int64_t>(state_->live_bytes());
    report.rows_updated = rows_updated_;
    report.rows_removed = rows_removed_;
    if (Evicts()) {
      report.earliest_final = WatermarkThatPasses(state_->LeastTime(), -spec_->span_micros);
    }
  }

 private:
  // Adds what state holds of the groups, and puts the sums back.
  absl::Status MergeState() {
    const RowNumbers all = AllGroups(*groups_);
    const auto rows = static_cast<int64_t>(all.size());
    const Column encoded = EncodeRowKeys(groups_->Keys(Numbers(all)), rows);
    const std::vector<std::string_view> keys = StringsIn(encoded);
    for (const std::string_view key : keys) {
      if (key.size() <= StateTable::kLargestKey) continue;
      return absl::InvalidArgumentError(
          absl::StrCat("the key of a group has ", key.size(), " bytes, and state holds keys of ",
                       StateTable::kLargestKey, ": group by a part of it"));
    }
    std::vector<std::optional<std::string_view>> found(keys.size());
    state_->GetMany(keys, found);
    RowNumbers present;
    ColumnBuilder stored(DataType::kString);
    for (size_t row = 0; row < found.size(); ++row) {
      if (!found[row]) continue;
      stored.String(*found[row]);
      present.Append(static_cast<uint32_t>(row));
    }
    WT_ASSIGN_OR_RETURN(const std::vector<Column> before,
                        DecodeRowKeys(stored.Finish(), spec_->intermediate));
    groups_->MergeEarlier(Numbers(present), before);
    const Column values = EncodeRowKeys(groups_->Intermediate(Numbers(all)), rows);
    state_->PutMany(keys, StringsIn(values));
    rows_updated_ = rows;
    return absl::OkStatus();
  }

  bool Evicts() const {
    return spec_->event_time_key >= 0 && spec_->mode != QueryOutputMode::kComplete;
  }

  // Removes the rows that the watermark has passed and gives them, in the state's order.
  absl::StatusOr<RecordBatch> Evict() {
    StateRows evicted;
    const std::optional<int64_t> passed =
        Evicts() ? TimesUpTo(epoch_.evict, -spec_->span_micros) : std::nullopt;
    if (passed) {
      rows_removed_ = static_cast<int64_t>(state_->RemoveUpTo(
          *passed,
          [&evicted](std::string_view key, std::string_view value) { evicted.Add(key, value); }));
    }
    return evicted.Decode(*spec_);
  }

  absl::StatusOr<RecordBatch> WholeTable() {
    // What is shown is a copy, which is built from another.
    WT_RETURN_IF_ERROR(
        memory_.Hold(groups_->bytes() + 2 * static_cast<int64_t>(state_->live_bytes())));
    StateRows table;
    state_->ForEach([&](std::string_view key, std::string_view value) { table.Add(key, value); });
    return table.Decode(*spec_);
  }

  const std::shared_ptr<const AggregateSpec> spec_;
  MemoryHolder memory_;
  StateTable* state_ = nullptr;
  int partition_ = 0;
  Epoch epoch_;
  std::optional<HashAggregate> groups_;  // until all input is there
  Pieces rows_;                          // then what is shown
  bool ended_ = false;
  int64_t rows_updated_ = 0;
  int64_t rows_removed_ = 0;
};

}  // namespace

std::unique_ptr<Operator> MakeFinalAggregate(std::shared_ptr<const AggregateSpec> spec) {
  return std::make_unique<FinalAggregate>(std::move(spec));
}

}  // namespace wavetank::runtime
