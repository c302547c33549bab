#include <algorithm>
#include <optional>
#include <utility>

#include "platform/check.h"
#include "platform/status_macros.h"
#include "runtime/columnar/row_key.h"
#include "runtime/columnar/take.h"
#include "runtime/functions/row_error.h"
#include "runtime/operators/aggregate.h"

namespace wavetank::runtime {
namespace {

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

class PartialAggregate final : public Operator {
 public:
  explicit PartialAggregate(std::shared_ptr<const AggregateSpec> spec)
      : spec_(std::move(spec)), late_(*spec_, absl::InfinitePast()) {}

  absl::Status Open(const OperatorContext& context) override {
    memory_ = context.memory;
    return absl::OkStatus();
  }

  void Begin(const Epoch& epoch) override {
    timestamp_ = epoch.timestamp;
    late_ = WatermarkPredicate(
        *spec_, spec_->mode == QueryOutputMode::kComplete ? absl::InfinitePast() : epoch.late);
    rows_late_ = rows_without_time_ = 0;
    ended_ = false;
    rest_ = RecordBatch();
    StartGroups();
  }

  absl::Status Add(int, RecordBatch batch) override { return Group(std::move(batch)); }

  absl::Status EndInput(int) override {
    giving_ = ended_ = true;
    return absl::OkStatus();
  }

  absl::StatusOr<Pulled> Next(RecordBatch& output) override {
    while (giving_ && given_ == groups_->size()) {
      if (ended_) return Pulled{Pull::kDone};
      StartGroups();
      WT_RETURN_IF_ERROR(GroupRest());
    }
    if (!giving_) return Pulled{Pull::kNeedsInput};
    const auto end =
        static_cast<uint32_t>(std::min<int64_t>(groups_->size(), int64_t{given_} + kRowsAtOnce));
    RowNumbers piece(end - given_);
    for (; given_ < end; ++given_) piece.Append(given_);
    output = RecordBatch(spec_->partial_schema, groups_->Partials(Numbers(piece)),
                         static_cast<int64_t>(piece.size()));
    return Pulled{Pull::kOutput};
  }

  void Report(OperatorReport& report) const override {
    report.rows_late = rows_late_;
    report.rows_without_time = rows_without_time_;
  }

 private:
  void StartGroups() {
    groups_.emplace(spec_->key_types, spec_->calls);
    given_ = 0;
    rows_ = bytes_ = 0;
    giving_ = false;
  }

  absl::Status GroupRest() {
    RecordBatch rest = std::exchange(rest_, RecordBatch());
    const int64_t rows = rest.num_rows();
    try {
      return Group(std::move(rest));
    } catch (const RowError& error) {
      // Rows are counted from the next one that is to come.
      throw RowError(error.row() - rows, error.what());
    }
  }

  // As many rows as there is room for; the others when the groups so far are given away.
  absl::Status Group(RecordBatch batch) {
    const int64_t rows = batch.num_rows();
    if (rows == 0) return absl::OkStatus();
    const int64_t fit = RowsThatFit(batch);
    if (fit < rows) {
      rest_ = TakeRows(batch, fit, rows);
      batch = TakeRows(batch, 0, fit);
    }
    rows_ += fit;
    bytes_ += ByteSize(batch);
    giving_ = IsFull(rows_, bytes_);
    std::vector<Column> keys;
    keys.reserve(spec_->keys.size());
    for (const BoundExpression& key : spec_->keys) {
      keys.push_back(NormaliseKey(Evaluate(key, batch, timestamp_)));
    }
    std::vector<Column> arguments;
    arguments.reserve(spec_->arguments.size());
    for (const BoundExpression& argument : spec_->arguments) {
      arguments.push_back(Evaluate(argument, batch, timestamp_));
    }
    const int64_t kept = Drop(keys, arguments, fit);
    groups_->Update(keys, arguments, kept);
    giving_ = giving_ || groups_->growing_bytes() >= spec_->most_bytes;
    return memory_.Hold(groups_->bytes() + ByteSize(rest_));
  }

  bool IsFull(int64_t rows, int64_t bytes) const {
    return rows >= spec_->most_rows || bytes >= spec_->most_bytes;
  }

  // Up to the row, in it, that makes the groups full.
  int64_t RowsThatFit(const RecordBatch& batch) const {
    const int64_t rows = batch.num_rows();
    const auto fills = [&](int64_t end) {
      return IsFull(rows_ + end, bytes_ + ByteSize(batch, 0, end));
    };
    if (!fills(rows)) return rows;
    int64_t least = 1;
    for (int64_t most = rows; least < most;) {
      const int64_t middle = (least + most) / 2;
      if (fills(middle))
        most = middle;
      else
        least = middle + 1;
    }
    return least;
  }

  static RecordBatch TakeRows(const RecordBatch& batch, int64_t begin, int64_t end) {
    RowNumbers rows(static_cast<size_t>(end - begin));
    for (int64_t row = begin; row < end; ++row) rows.Append(static_cast<uint32_t>(row));
    return Take(batch, Numbers(rows));
  }

  // How many rows are left.
  int64_t Drop(std::vector<Column>& keys, std::vector<Column>& arguments, int64_t rows) {
    const auto keep = [&](const RowNumbers& kept, int64_t& dropped) {
      const auto kept_rows = static_cast<int64_t>(kept.size());
      if (kept_rows == rows) return;
      dropped += rows - kept_rows;
      rows = kept_rows;
      for (Column& key : keys) key = Take(key, Numbers(kept));
      for (Column& argument : arguments) argument = Take(argument, Numbers(kept));
    };
    if (spec_->window_key >= 0) {
      const Column& starts = keys[static_cast<size_t>(spec_->window_key)];
      keep(KeptRows(rows, [&starts](int64_t row) { return starts.IsNull(row); }),
           rows_without_time_);
    }
    if (late_.active()) {
      const Column& times = keys[static_cast<size_t>(spec_->event_time_key)];
      keep(KeptRows(
               rows,
               [&](int64_t row) { return !times.IsNull(row) && late_.Passes(times.Int64At(row)); }),
           rows_late_);
    }
    return rows;
  }

  const std::shared_ptr<const AggregateSpec> spec_;
  MemoryHolder memory_;
  absl::Time timestamp_;
  WatermarkPredicate late_;
  std::optional<HashAggregate> groups_;
  int64_t rows_ = 0;  // that came since the groups were started
  int64_t bytes_ = 0;
  RecordBatch rest_;  // that came, and is in no group yet
  bool giving_ = false;
  uint32_t given_ = 0;  // of the groups
  bool ended_ = false;
  int64_t rows_late_ = 0;
  int64_t rows_without_time_ = 0;
};

}  // namespace

WatermarkPredicate::WatermarkPredicate(const AggregateSpec& spec, absl::Time watermark) {
  if (spec.event_time_key < 0 || watermark == absl::InfinitePast()) return;
  active_ = !__builtin_sub_overflow(ToMicros(watermark), spec.span_micros, &threshold_);
}

std::unique_ptr<Operator> MakePartialAggregate(std::shared_ptr<const AggregateSpec> spec) {
  return std::make_unique<PartialAggregate>(std::move(spec));
}

}  // namespace wavetank::runtime
