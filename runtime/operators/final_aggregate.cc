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
#include "runtime/operators/aggregate_results.h"
#include "runtime/operators/distinct_entries.h"
#include "runtime/operators/epoch_groups.h"
#include "runtime/operators/event_time.h"
#include "runtime/operators/pieces.h"
#include "runtime/operators/touched_entries.h"
#include "runtime/operators/values_in_place.h"

namespace wavetank::runtime {
namespace {

using checkpoint::StateTable;

// What state takes of an entry besides its key and value, about.
constexpr size_t kBytesAnEntry = 24;
// What so many rows touch of state stays in the processor's cache until they are through.
constexpr int64_t kRowsAtHand = DistinctEntries::kMostRows;

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

class FinalAggregate final : public Operator {
 public:
  explicit FinalAggregate(std::shared_ptr<const AggregateSpec> spec)
      : spec_(std::move(spec)),
        at_once_(MergesAtOnce(spec_->intermediate)),
        in_place_(at_once_ ? ValuesInPlace::Of(spec_->calls) : std::nullopt) {}

  absl::Status Open(const OperatorContext& context) override {
    memory_ = context.memory;
    state_ = context.stores[0];
    partition_ = context.partition;
    state_->FixLayout(
        {.key_bytes = MostBytes(spec_->key_types), .value_bytes = MostBytes(spec_->intermediate)});
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
    // The group of all rows exists without any row, and is shown by every epoch.
    if (spec_->key_types.empty() && partition_ == 0) {
      WT_RETURN_IF_ERROR(Touch(EncodeRowKeys({}, 1)));
      if (at_once_) WT_RETURN_IF_ERROR(MergeAtHand({}));
    }
    rows_updated_ = static_cast<int64_t>(Touched().size());
    if (!at_once_) groups_->running.Resize(groups_->numbers.size());
    for (uint32_t begin = 0, end = 0; !at_once_ && begin < rows_updated_; begin = end) {
      end = EndOfPiece(begin);
      const RowNumbers groups = NumbersBetween(begin, end);
      WT_RETURN_IF_ERROR(MergeState(begin, end));
      PutBack(EntriesOf(begin, end), groups_->running.Intermediate(Numbers(groups)));
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
      if (shown_ < rows_updated_) {
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
  // The groups that an epoch touches. Their keys are those of the state's entries.
  struct Groups {
    explicit Groups(const std::vector<AggregateCall>& calls) : running(calls) {}
    int64_t bytes() const {
      return touched.bytes() + numbers.bytes() + running.bytes() + new_entries_bytes;
    }

    TouchedEntries touched;  // where rows go into state at once
    EpochGroups numbers;     // where they do not, and what came of them
    RunningAggregates running;
    int64_t new_entries_bytes = 0;  // of state
  };

  absl::Status Merge(const RecordBatch& rows) {
    const std::span<const Column> columns = rows.columns();
    const auto keys = static_cast<ptrdiff_t>(spec_->key_types.size());
    const std::span<const Column> partials = columns.subspan(spec_->key_types.size());
    const Column encoded =
        EncodeRowKeys({columns.begin(), columns.begin() + keys}, rows.num_rows());
    if (in_place_ && ValuesInPlace::CanMerge(partials)) return MergeInPlace(encoded, partials);
    WT_RETURN_IF_ERROR(Touch(encoded));
    if (at_once_) return MergeAtHand(partials);
    groups_->running.Resize(groups_->numbers.size());
    groups_->running.Merge(partials, Numbers(batch_groups_));
    return absl::OkStatus();
  }

  // Into state where the groups' values stand, but for those of which some are null.
  absl::Status MergeInPlace(const Column& keys, std::span<const Column> partials) {
    WT_RETURN_IF_ERROR(SetKeys(keys));
    const size_t rows = strings_.size();
    places_.Clear();
    places_.Reserve(rows);
    places_.SetSize(rows);
    const size_t before = state_->end_number();
    state_->ChangeMany(Views(strings_), in_place_->first(), {entries_.data(), rows},
                       {places_.data(), rows});
    HoldNewEntries(before);
    groups_->touched.Add(Numbers(entries_), state_->end_number());
    RowNumbers elsewhere;
    for (uint32_t row = 0; row < rows; ++row) {
      if (places_[row] == nullptr) elsewhere.Append(row);
    }
    if (elsewhere.size() == 0) return MergeAt(partials);
    return MergePartly(partials, elsewhere);
  }

  absl::Status MergeAt(std::span<const Column> partials) {
    if (in_place_->Merge(partials, {places_.data(), places_.size()})) return absl::OkStatus();
    return absl::DataLossError("a state row of other columns than the query's");
  }

  // The rows whose values do not stand as they must, and the others where theirs do.
  absl::Status MergePartly(std::span<const Column> partials, const RowNumbers& elsewhere) {
    const auto take = [&](const RowNumbers& rows) {
      std::vector<Column> taken;
      for (const Column& column : partials) taken.push_back(Take(column, Numbers(rows)));
      return taken;
    };
    RowNumbers here;
    for (uint32_t row = 0; row < places_.size(); ++row) {
      if (places_[row] == nullptr) continue;
      places_[here.size()] = places_[row];
      here.Append(row);
    }
    places_.SetSize(here.size());
    WT_RETURN_IF_ERROR(MergeAt(take(here)));
    for (size_t i = 0; i < elsewhere.size(); ++i) {
      entries_[i] = entries_[elsewhere[i]];
      values_[i] = state_->ValueAt(entries_[i]);
    }
    entries_.SetSize(elsewhere.size());
    return MergeAtHand(take(elsewhere));
  }

  // Into state, of the groups of the rows at hand. Without columns there is nothing to add.
  absl::Status MergeAtHand(std::span<const Column> partials) {
    at_hand_.Assign(Numbers(entries_));
    groups_->touched.Add(at_hand_.entries(), state_->end_number());
    RunningAggregates running(spec_->calls);
    running.Resize(at_hand_.size());
    if (!partials.empty()) running.Merge(partials, at_hand_.numbers());
    strings_.Clear();
    strings_.Reserve(at_hand_.size());
    RowNumbers present(at_hand_.size());
    for (uint32_t number = 0; number < at_hand_.size(); ++number) {
      const std::string_view value = values_[at_hand_.first_rows()[number]];
      if (value.data() == nullptr) continue;
      strings_.Append(value);
      present.Append(number);
    }
    WT_RETURN_IF_ERROR(MergeEarlier(present, running));
    PutBack(at_hand_.entries(), running.Intermediate(at_hand_.all()));
    return absl::OkStatus();
  }

  // Finds the groups of a batch's rows, and gives new ones their place in state.
  absl::Status Touch(const Column& keys) {
    WT_RETURN_IF_ERROR(SetKeys(keys));
    const size_t rows = strings_.size();
    const size_t before = state_->end_number();
    state_->NumberMany(Views(strings_), {entries_.data(), rows}, {values_.data(), rows});
    HoldNewEntries(before);
    if (!at_once_) {
      groups_->numbers.Assign(Numbers(entries_), state_->end_number(),
                              {batch_groups_.data(), rows});
    }
    return absl::OkStatus();
  }

  // The keys of a batch's rows, and room for what is found of them.
  absl::Status SetKeys(const Column& keys) {
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
    values_.Clear();
    values_.Reserve(rows);
    values_.SetSize(rows);
    return absl::OkStatus();
  }

  // Of state, from this number on.
  void HoldNewEntries(size_t before) {
    for (size_t number = before; number < state_->end_number(); ++number) {
      const auto bytes = state_->KeyAt(static_cast<uint32_t>(number)).size() + kBytesAnEntry;
      groups_->new_entries_bytes += static_cast<int64_t>(bytes);
    }
  }

  // The entries of the epoch's groups.
  std::span<const uint32_t> Touched() const {
    return at_once_ ? groups_->touched.entries() : groups_->numbers.entries();
  }
  uint32_t EndOfPiece(uint32_t begin) const {
    return static_cast<uint32_t>(std::min<int64_t>(rows_updated_, int64_t{begin} + kRowsAtOnce));
  }
  std::span<const uint32_t> EntriesOf(uint32_t begin, uint32_t end) const {
    return Touched().subspan(begin, end - begin);
  }
  static RowNumbers NumbersBetween(uint32_t begin, uint32_t end) {
    RowNumbers numbers(end - begin);
    for (uint32_t number = begin; number < end; ++number) numbers.data()[number - begin] = number;
    numbers.SetSize(end - begin);
    return numbers;
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
    return MergeEarlier(present, groups_->running);
  }

  // Adds the values at hand to these groups.
  absl::Status MergeEarlier(const RowNumbers& groups, RunningAggregates& running) {
    WT_ASSIGN_OR_RETURN(const std::vector<Column> before,
                        DecodeRowKeys(Views(strings_), spec_->intermediate));
    running.MergeEarlier(before, Numbers(groups));
    return absl::OkStatus();
  }

  void PutBack(std::span<const uint32_t> entries, const std::vector<Column>& intermediate) {
    const Column values = EncodeRowKeys(intermediate, static_cast<int64_t>(entries.size()));
    SetStrings(values, strings_);
    state_->PutAt(entries, Views(strings_));
  }

  absl::StatusOr<RecordBatch> Show(uint32_t begin, uint32_t end) {
    const std::span<const uint32_t> entries = EntriesOf(begin, end);
    Strings keys(entries.size());
    Strings values(entries.size());
    state_->VisitMany(entries, [&](size_t, std::string_view key, std::string_view value) {
      keys.Append(key);
      values.Append(value);
    });
    return DecodeResults(*spec_, Views(keys), Views(values), static_cast<int64_t>(keys.size()));
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
  const std::optional<ValuesInPlace> in_place_;
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
  Strings values_;
  RowNumbers entries_;
  RowNumbers batch_groups_;
  BufferBuilder<char*> places_;
  DistinctEntries at_hand_;
};

}  // namespace

std::unique_ptr<Operator> MakeFinalAggregate(std::shared_ptr<const AggregateSpec> spec) {
  return std::make_unique<FinalAggregate>(std::move(spec));
}

}  // namespace wavetank::runtime
