#include "runtime/operators/drop_duplicates.h"

#include <limits>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"

#include "platform/check.h"
#include "platform/status_macros.h"
#include "runtime/columnar/row_key.h"
#include "runtime/columnar/take.h"
#include "runtime/operators/event_time.h"
#include "runtime/operators/pieces.h"

namespace wavetank::runtime {
namespace {

using checkpoint::DerivedIndexes;
using checkpoint::StateTable;

std::vector<std::string_view> StringsOf(const Column& column) {
  std::vector<std::string_view> strings;
  strings.reserve(static_cast<size_t>(column.size()));
  for (int64_t row = 0; row < column.size(); ++row) strings.push_back(column.StringAt(row));
  return strings;
}

class DropDuplicates final : public Operator {
 public:
  explicit DropDuplicates(std::shared_ptr<const DropDuplicatesSpec> spec) : spec_(std::move(spec)) {
    WT_CHECK(!spec_->within_micros || spec_->event_time_column >= 0);
    if (spec_->within_micros) {
      index_.time = DerivedIndexes::Time::kValue;
    } else if (spec_->event_time_column >= 0 && spec_->event_time_column < spec_->keys) {
      std::vector<DataType> types;
      for (int i = 0; i < spec_->keys; ++i) types.push_back(spec_->rows->field(i).type);
      index_ = {.key_parts = RowKeyWidths(types),
                .time = DerivedIndexes::Time::kPartOfKey,
                .time_part = spec_->event_time_column};
    }
  }

  absl::Status Open(const OperatorContext& context) override {
    memory_ = context.memory;
    seen_ = context.stores[0];
    seen_->IndexBy(index_);
    return absl::OkStatus();
  }

  void Begin(const Epoch& epoch) override {
    epoch_ = epoch;
    rows_.Clear();
    ended_ = false;
    rows_late_ = rows_updated_ = rows_removed_ = 0;
  }

  absl::Status Add(int, RecordBatch batch) override {
    if (batch.schema() != *spec_->rows) {
      return absl::DataLossError(absl::StrCat("rows of ", batch.schema().ToText(),
                                              " where the query has ", spec_->rows->ToText()));
    }
    DropLate(batch);
    const int64_t rows = batch.num_rows();
    const std::vector<Column>& columns = batch.columns();
    const Column encoded = EncodeRowKeys({columns.begin(), columns.begin() + spec_->keys}, rows);
    const std::vector<std::string_view> keys = StringsOf(encoded);
    for (const std::string_view key : keys) {
      if (key.size() <= StateTable::kLargestKey) continue;
      return absl::InvalidArgumentError(absl::StrCat(
          "what a row may be a duplicate by has ", key.size(), " bytes, and state holds keys of ",
          StateTable::kLargestKey, ": leave its long columns out"));
    }
    const Column ends = Ends(batch);
    const std::unique_ptr<bool[]> was_new(new bool[keys.size()]);
    seen_->InsertMany(keys, StringsOf(ends), {was_new.get(), keys.size()});
    RowNumbers first(keys.size());
    for (size_t row = 0; row < keys.size(); ++row) {
      if (was_new[row]) first.Append(static_cast<uint32_t>(row));
    }
    rows_updated_ += static_cast<int64_t>(first.size());
    std::vector<Column> own(columns.begin() + spec_->keys, columns.end());
    if (first.size() < keys.size()) {
      for (Column& column : own) column = Take(column, Numbers(first));
    }
    RecordBatch shown(spec_->output, std::move(own), static_cast<int64_t>(first.size()));
    const int64_t bytes = ByteSize(shown);
    rows_.Set(std::move(shown));
    return memory_.Hold(bytes);
  }

  absl::Status EndInput(int) override {
    ended_ = true;
    if (index_.time == DerivedIndexes::Time::kNone) return absl::OkStatus();
    // Of a window: by its end.
    const std::optional<int64_t> ended = TimesUpTo(epoch_.evict, -spec_->span_micros);
    if (!ended) return absl::OkStatus();
    rows_removed_ =
        static_cast<int64_t>(seen_->RemoveUpTo(*ended, [](std::string_view, std::string_view) {}));
    return absl::OkStatus();
  }

  absl::StatusOr<Pulled> Next(RecordBatch& output) override {
    if (rows_.empty()) return Pulled{ended_ ? Pull::kDone : Pull::kNeedsInput};
    output = rows_.Take();
    return Pulled{Pull::kOutput};
  }

  void Report(OperatorReport& report) const override {
    report.rows_late = rows_late_;
    report.state_rows = static_cast<int64_t>(seen_->size());
    report.state_bytes = static_cast<int64_t>(seen_->live_bytes());
    report.rows_updated = rows_updated_;
    report.rows_removed = rows_removed_;
    if (index_.time != DerivedIndexes::Time::kNone) {
      report.earliest_final = WatermarkThatPasses(seen_->LeastTime(), -spec_->span_micros);
    }
  }

 private:
  void DropLate(RecordBatch& batch) {
    if (spec_->event_time_column < 0) return;
    const std::optional<int64_t> late = TimesUpTo(epoch_.late, -spec_->span_micros);
    if (!late) return;
    const Column& times = batch.column(spec_->event_time_column);
    RowNumbers kept(static_cast<size_t>(batch.num_rows()));
    for (int64_t row = 0; row < batch.num_rows(); ++row) {
      if (times.IsNull(row) || times.Int64At(row) > *late) kept.Append(static_cast<uint32_t>(row));
    }
    rows_late_ += batch.num_rows() - static_cast<int64_t>(kept.size());
    if (static_cast<int64_t>(kept.size()) < batch.num_rows()) batch = Take(batch, Numbers(kept));
  }

  // Until when each row's likes are known, as values of state.
  Column Ends(const RecordBatch& batch) const {
    if (!spec_->within_micros) return EncodeRowKeys({}, batch.num_rows());
    const Column& times = batch.column(spec_->event_time_column);
    const auto rows = static_cast<size_t>(batch.num_rows());
    BufferBuilder<int64_t> ends(rows);
    for (size_t row = 0; row < rows; ++row) {
      int64_t end;
      if (__builtin_add_overflow(times.int64s()[row], *spec_->within_micros, &end)) {
        end = std::numeric_limits<int64_t>::max();
      }
      ends.Append(end);
    }
    return EncodeRowKeys({Column(DataType::kTimestamp, batch.num_rows(), ends.Finish(),
                                 times.null_count() == 0 ? Buffer() : times.validity_buffer())},
                         batch.num_rows());
  }

  const std::shared_ptr<const DropDuplicatesSpec> spec_;
  DerivedIndexes index_;
  MemoryHolder memory_;
  StateTable* seen_ = nullptr;
  Epoch epoch_;
  Pieces rows_;
  bool ended_ = false;
  int64_t rows_late_ = 0;
  int64_t rows_updated_ = 0;
  int64_t rows_removed_ = 0;
};

}  // namespace

std::unique_ptr<Operator> MakeDropDuplicates(std::shared_ptr<const DropDuplicatesSpec> spec) {
  return std::make_unique<DropDuplicates>(std::move(spec));
}

}  // namespace wavetank::runtime
