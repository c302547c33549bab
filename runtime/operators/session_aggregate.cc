#include "runtime/operators/session_aggregate.h"

#include <algorithm>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"

#include "checkpoint/key_parts.h"
#include "platform/status_macros.h"
#include "runtime/columnar/row_key.h"
#include "runtime/columnar/take.h"
#include "runtime/operators/aggregate_results.h"
#include "runtime/operators/event_time.h"
#include "runtime/operators/pieces.h"

namespace wavetank::runtime {
namespace {

using checkpoint::StateTable;

// Of a key; `entry`: where it stands in state.
struct Session {
  int64_t start = 0;
  int64_t end = 0;
  uint32_t entry = StateTable::kNoEntry;
};

class SessionAggregate final : public Operator {
 public:
  explicit SessionAggregate(std::shared_ptr<const AggregateSpec> spec)
      : spec_(std::move(spec)),
        start_key_(spec_->key_types.size() - 2),
        widths_(RowKeyWidths(spec_->key_types)) {}

  absl::Status Open(const OperatorContext& context) override {
    memory_ = context.memory;
    state_ = context.stores[0];
    checkpoint::DerivedIndexes by{.key_parts = widths_,
                                  .prefix_parts = static_cast<int>(start_key_)};
    if (Evicts()) {
      by.time = checkpoint::DerivedIndexes::Time::kPartOfKey;
      by.time_part = static_cast<int>(start_key_) + 1;
    }
    state_->IndexBy(by);
    return absl::OkStatus();
  }

  void Begin(const Epoch& epoch) override {
    epoch_ = epoch;
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
    const std::vector<Column>& columns = batch.columns();
    const auto keys = static_cast<ptrdiff_t>(spec_->key_types.size());
    const Column encoded =
        EncodeRowKeys({columns.begin(), columns.begin() + keys}, batch.num_rows());
    for (uint32_t row = 0; row < static_cast<uint32_t>(batch.num_rows()); ++row) {
      WT_RETURN_IF_ERROR(Join(batch, row, encoded.StringAt(row)));
    }
    return absl::OkStatus();
  }

  absl::Status EndInput(int) override {
    ended_ = true;
    StateRows shown;
    if (spec_->mode == QueryOutputMode::kAppend) {
      const std::optional<int64_t> passed =
          Evicts() ? TimesUpTo(epoch_.evict, -spec_->span_micros) : std::nullopt;
      if (passed) {
        rows_removed_ = static_cast<int64_t>(state_->RemoveUpTo(
            *passed,
            [&shown](std::string_view key, std::string_view value) { shown.Add(key, value); }));
      }
    } else {
      // What is shown is a copy, which is built from another.
      WT_RETURN_IF_ERROR(memory_.Hold(2 * static_cast<int64_t>(state_->live_bytes())));
      state_->ForEach(
          [&shown](std::string_view key, std::string_view value) { shown.Add(key, value); });
    }
    WT_ASSIGN_OR_RETURN(RecordBatch rows, shown.Decode(*spec_));
    const int64_t bytes = ByteSize(rows);
    rows_.Set(std::move(rows));
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
  // Joins the sessions of its key that it meets, or is one of its own.
  absl::Status Join(const RecordBatch& batch, uint32_t row, std::string_view key) {
    if (key.size() > StateTable::kLargestKey) {
      return absl::InvalidArgumentError(
          absl::StrCat("the key of a session has ", key.size(), " bytes, and state holds keys of ",
                       StateTable::kLargestKey, ": group by a part of it"));
    }
    WT_ASSIGN_OR_RETURN(Session joined, BoundsOf(key));
    const std::string_view others =
        key.substr(0, checkpoint::PartsLength(key, std::span(widths_).first(start_key_)));
    WT_ASSIGN_OR_RETURN(const std::vector<Session> met, Meeting(others, joined));
    RunningAggregates running(spec_->calls);
    running.Resize(1);
    std::vector<std::string_view> values;
    for (const Session& session : met) values.push_back(state_->ValueAt(session.entry));
    if (!values.empty()) {
      WT_ASSIGN_OR_RETURN(const std::vector<Column> before,
                          DecodeRowKeys(values, spec_->intermediate));
      const std::vector<uint32_t> groups(values.size(), 0);
      running.Merge(before, groups);
    }
    std::vector<Column> own;
    const std::vector<Column>& columns = batch.columns();
    for (size_t i = spec_->key_types.size(); i < columns.size(); ++i) {
      own.push_back(Take(columns[i], {&row, 1}));
    }
    const uint32_t group = 0;
    running.Merge(own, {&group, 1});
    const Column value = EncodeRowKeys(running.Intermediate({&group, 1}), 1);
    for (const Session& session : met) {
      joined.start = std::min(joined.start, session.start);
      joined.end = std::max(joined.end, session.end);
    }
    const std::string merged = KeyOf(others, joined);
    for (const Session& session : met) {
      const std::string_view old = state_->KeyAt(session.entry);
      if (old != merged) state_->Remove(old);
    }
    state_->Put(merged, value.StringAt(0));
    ++rows_updated_;
    return absl::OkStatus();
  }

  absl::StatusOr<Session> BoundsOf(std::string_view key) const {
    Session session;
    const std::optional<int64_t> start =
        checkpoint::TimePart(key, std::span(widths_).first(start_key_));
    const std::optional<int64_t> end =
        checkpoint::TimePart(key, std::span(widths_).first(start_key_ + 1));
    if (!start || !end) return absl::DataLossError("a session without a start or an end");
    session.start = *start;
    session.end = *end;
    return session;
  }

  // The sessions of these other keys that it meets, the earliest first.
  absl::StatusOr<std::vector<Session>> Meeting(std::string_view others, const Session& with) const {
    std::vector<Session> met;
    uint32_t entry = StateTable::kNoEntry;
    state_->FirstWithPrefix({&others, 1}, {&entry, 1});
    for (; entry != StateTable::kNoEntry; entry = state_->NextWithPrefix(entry)) {
      WT_ASSIGN_OR_RETURN(Session session, BoundsOf(state_->KeyAt(entry)));
      session.entry = entry;
      if (session.start <= with.end && with.start <= session.end) met.push_back(session);
    }
    std::ranges::sort(met, {}, &Session::start);
    return met;
  }

  static std::string KeyOf(std::string_view others, const Session& session) {
    ColumnBuilder starts(DataType::kTimestamp);
    ColumnBuilder ends(DataType::kTimestamp);
    starts.Int64(session.start);
    ends.Int64(session.end);
    const Column bounds = EncodeRowKeys({starts.Finish(), ends.Finish()}, 1);
    return absl::StrCat(std::string(others), std::string(bounds.StringAt(0)));
  }

  bool Evicts() const {
    return spec_->event_time_key >= 0 && spec_->mode == QueryOutputMode::kAppend;
  }

  const std::shared_ptr<const AggregateSpec> spec_;
  const size_t start_key_;  // the session's start; its end is the next and last key
  const std::vector<uint8_t> widths_;
  MemoryHolder memory_;
  StateTable* state_ = nullptr;
  Epoch epoch_;
  Pieces rows_;
  bool ended_ = false;
  int64_t rows_updated_ = 0;
  int64_t rows_removed_ = 0;
};

}  // namespace

std::unique_ptr<Operator> MakeSessionAggregate(std::shared_ptr<const AggregateSpec> spec) {
  return std::make_unique<SessionAggregate>(std::move(spec));
}

}  // namespace wavetank::runtime
