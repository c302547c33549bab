#include <algorithm>
#include <optional>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"

#include "platform/status_macros.h"
#include "runtime/columnar/partition_of.h"
#include "runtime/columnar/row_key.h"
#include "runtime/columnar/take.h"
#include "runtime/operators/aggregate.h"
#include "runtime/operators/epoch_groups.h"
#include "runtime/operators/event_time.h"
#include "runtime/operators/pieces.h"

namespace wavetank::runtime {
namespace {

using checkpoint::StateTable;

// What state takes of an entry besides its key and value, about.
constexpr size_t kBytesAnEntry = 24;
// What so many rows touch of state stays in the processor's cache until they are through.
constexpr int64_t kRowsAtHand = 1024;

using Strings = BufferBuilder<std::string_view>;

std::span<const std::string_view> Views(const Strings& strings) {
  return {strings.data(), strings.size()};
}

void SetStrings(const Column& column, Strings& strings) {
  const auto rows = static_cast<size_t>(column.size());
  strings.Clear();
  strings.Reserve(rows);
  for (size_t row = 0; row < rows; ++row) {
    strings.data()[row] = column.StringAt(static_cast<int64_t>(row));
  }
  strings.SetSize(rows);
}

// Of values of these types, as they stand in state; 0: they have no bound.
uint32_t MostBytes(const std::vector<DataType>& types) {
  uint32_t bytes = 0;
  for (const uint8_t width : RowKeyWidths(types)) {
    if (width == 0) return 0;
    bytes += 1 + width;
  }
  return bytes;
}

// Whether rows go into state batch by batch, while what they need of it is at hand, rather than all
// at the end of the epoch. The sum is the same then, in whatever grouping; that of doubles is not,
// and longer values are changed once an epoch rather than once a batch.
bool MergesAtOnce(const std::vector<DataType>& intermediate) {
  return MostBytes(intermediate) != 0 && std::ranges::none_of(intermediate, [](const auto& type) {
           return type == DataType::kDouble || type == DataType::kFloat;
         });
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
  explicit FinalAggregate(std::shared_ptr<const AggregateSpec> spec)
      : spec_(std::move(spec)), at_once_(MergesAtOnce(spec_->intermediate)) {}

  absl::Status Open(const OperatorContext& context) override {
    memory_ = context.memory;
    state_ = context.stores[0];
    partition_ = context.partition;
    state_->FixValueRoom(MostBytes(spec_->intermediate));
    if (Evicts()) {
      state_->IndexBy({.key_parts = RowKeyWidths(spec_->key_types),
                       .time = checkpoint::DerivedIndexes::Time::kPartOfKey,
                       .time_part = spec_->event_time_key});
    }
    return absl::OkStatus();
  }

  void Begin(const Epoch& epoch) override {
    epoch_ = epoch;
    groups_.emplace(spec_->calls);
    rows_.Clear();
    shown_ = 0;
    ended_ = false;
    rows_updated_ = rows_removed_ = 0;
  }

  absl::Status Add(int, RecordBatch batch) override {
    if (batch.schema() != *spec_->partial_schema) {
      return absl::DataLossError(absl::StrCat("partial aggregates of ", batch.schema().ToText(),
                                              " where the query has ",
                                              spec_->partial_schema->ToText()));
    }
    for (int64_t begin = 0; begin < batch.num_rows(); begin += kRowsAtHand) {
      const int64_t rows = std::min(kRowsAtHand, batch.num_rows() - begin);
      WT_RETURN_IF_ERROR(Merge(batch.Slice(begin, rows)));
    }
    return memory_.Hold(groups_->bytes());
  }

  absl::Status EndInput(int) override {
    ended_ = true;
    uint32_t merged = at_once_ ? groups_->numbers.size() : 0;
    // The group of all rows exists without any row, and is shown by every epoch.
    if (spec_->key_types.empty() && partition_ == 0) {
      WT_RETURN_IF_ERROR(Touch(EncodeRowKeys({}, 1)));
    }
    rows_updated_ = groups_->numbers.size();
    for (uint32_t end = merged; merged < rows_updated_; merged = end) {
      end = EndOfPiece(merged);
      WT_RETURN_IF_ERROR(MergeState(merged, end));
      PutBack(EntriesOf(merged, end), Numbers(GroupsBetween(merged, end)));
    }
    // They are shown as they are asked for: together they may be as large as state.
    if (spec_->mode == QueryOutputMode::kUpdate) return memory_.Hold(groups_->bytes());
    RecordBatch rows;
    if (spec_->mode == QueryOutputMode::kComplete) {
      WT_ASSIGN_OR_RETURN(rows, WholeTable());
    } else {
      WT_ASSIGN_OR_RETURN(rows, Evict());
    }
    const int64_t bytes = ByteSize(rows);
    rows_.Set(std::move(rows));
    WT_RETURN_IF_ERROR(memory_.Hold(groups_->bytes() + bytes));
    groups_.reset();
    return memory_.Hold(bytes);
  }

  absl::StatusOr<Pulled> Next(RecordBatch& output) override {
    if (ended_ && groups_) {
      if (shown_ < groups_->numbers.size()) {
        const uint32_t end = EndOfPiece(shown_);
        WT_ASSIGN_OR_RETURN(output, Show(shown_, end));
        shown_ = end;
        return Pulled{Pull::kOutput};
      }
      // Only now: a group that is removed was shown before, by its entry in state.
      WT_RETURN_IF_ERROR(Evict().status());
      groups_.reset();
      WT_RETURN_IF_ERROR(memory_.Hold(0));
    }
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
  // What came of the epoch's groups. Their keys are those of the state's entries.
  struct Groups {
    explicit Groups(const std::vector<AggregateCall>& calls) : running(calls) {}
    int64_t bytes() const { return numbers.bytes() + running.bytes() + new_entries_bytes; }

    EpochGroups numbers;
    RunningAggregates running;
    int64_t new_entries_bytes = 0;  // of state
  };

  absl::Status Merge(const RecordBatch& rows) {
    const std::span<const Column> columns = rows.columns();
    const size_t keys = spec_->key_types.size();
    const uint32_t before = groups_->numbers.size();
    WT_RETURN_IF_ERROR(Touch(EncodeRowKeys(
        {columns.begin(), columns.begin() + static_cast<ptrdiff_t>(keys)}, rows.num_rows())));
    groups_->running.Merge(columns.subspan(keys), Numbers(batch_groups_));
    if (!at_once_) return absl::OkStatus();
    WT_RETURN_IF_ERROR(MergeState(before, groups_->numbers.size()));
    PutBack(Numbers(entries_), Numbers(batch_groups_));
    return absl::OkStatus();
  }

  // Finds the groups of a batch's rows, and gives new ones their place in state.
  absl::Status Touch(const Column& keys) {
    SetStrings(keys, strings_);
    for (const std::string_view key : Views(strings_)) {
      if (key.size() <= StateTable::kLargestKey) continue;
      return absl::InvalidArgumentError(
          absl::StrCat("the key of a group has ", key.size(), " bytes, and state holds keys of ",
                       StateTable::kLargestKey, ": group by a part of it"));
    }
    const size_t rows = strings_.size();
    for (RowNumbers* const numbers : {&entries_, &batch_groups_}) {
      numbers->Clear();
      numbers->Reserve(rows);
      numbers->SetSize(rows);
    }
    const size_t before = state_->end_number();
    state_->NumberMany(Views(strings_), {entries_.data(), rows});
    for (size_t number = before; number < state_->end_number(); ++number) {
      const auto bytes = state_->KeyAt(static_cast<uint32_t>(number)).size() + kBytesAnEntry;
      groups_->new_entries_bytes += static_cast<int64_t>(bytes);
    }
    groups_->numbers.Assign(Numbers(entries_), state_->end_number(), {batch_groups_.data(), rows});
    groups_->running.Resize(groups_->numbers.size());
    return absl::OkStatus();
  }

  uint32_t EndOfPiece(uint32_t begin) const {
    return static_cast<uint32_t>(
        std::min<int64_t>(groups_->numbers.size(), int64_t{begin} + kRowsAtOnce));
  }
  std::span<const uint32_t> EntriesOf(uint32_t begin, uint32_t end) const {
    return groups_->numbers.entries().subspan(begin, end - begin);
  }
  static RowNumbers GroupsBetween(uint32_t begin, uint32_t end) {
    RowNumbers groups(end - begin);
    for (uint32_t group = begin; group < end; ++group) groups.data()[group - begin] = group;
    groups.SetSize(end - begin);
    return groups;
  }

  // Adds what state holds of some groups: they are whole then.
  absl::Status MergeState(uint32_t begin, uint32_t end) {
    const std::span<const uint32_t> entries = EntriesOf(begin, end);
    strings_.Clear();
    strings_.Reserve(entries.size());
    RowNumbers present(entries.size());
    size_t count = 0;
    state_->VisitMany(entries, [&](size_t i, std::string_view, std::string_view value) {
      strings_.data()[count] = value;
      present.data()[count++] = begin + static_cast<uint32_t>(i);
    });
    strings_.SetSize(count);
    present.SetSize(count);
    WT_ASSIGN_OR_RETURN(const std::vector<Column> before,
                        DecodeRowKeys(Views(strings_), spec_->intermediate));
    groups_->running.MergeEarlier(before, Numbers(present));
    return absl::OkStatus();
  }

  void PutBack(std::span<const uint32_t> entries, std::span<const uint32_t> groups) {
    const Column values =
        EncodeRowKeys(groups_->running.Intermediate(groups), static_cast<int64_t>(groups.size()));
    SetStrings(values, strings_);
    state_->PutAt(entries, Views(strings_));
  }

  absl::StatusOr<RecordBatch> Show(uint32_t begin, uint32_t end) {
    const std::span<const uint32_t> entries = EntriesOf(begin, end);
    strings_.Clear();
    strings_.Reserve(entries.size());
    state_->VisitMany(entries, [&](size_t i, std::string_view key, std::string_view) {
      strings_.data()[i] = key;
    });
    strings_.SetSize(entries.size());
    WT_ASSIGN_OR_RETURN(std::vector<Column> columns,
                        DecodeRowKeys(Views(strings_), spec_->key_types));
    for (Column& column : groups_->running.Intermediate(Numbers(GroupsBetween(begin, end)))) {
      columns.push_back(std::move(column));
    }
    return Results(*spec_, columns, static_cast<int64_t>(entries.size()));
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
  const bool at_once_;
  MemoryHolder memory_;
  StateTable* state_ = nullptr;
  int partition_ = 0;
  Epoch epoch_;
  std::optional<Groups> groups_;  // until all input is there; in update mode, until they are shown
  uint32_t shown_ = 0;            // of them
  Pieces rows_;                   // what is shown in other modes
  bool ended_ = false;
  int64_t rows_updated_ = 0;
  int64_t rows_removed_ = 0;
  // Of the rows at hand.
  Strings strings_;
  RowNumbers entries_;
  RowNumbers batch_groups_;
};

}  // namespace

std::unique_ptr<Operator> MakeFinalAggregate(std::shared_ptr<const AggregateSpec> spec) {
  return std::make_unique<FinalAggregate>(std::move(spec));
}

}  // namespace wavetank::runtime
