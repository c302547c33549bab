#include "runtime/operators/join.h"

#include <algorithm>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"

#include "platform/status_macros.h"
#include "runtime/columnar/row_key.h"
#include "runtime/columnar/take.h"
#include "runtime/functions/row_error.h"
#include "runtime/operators/event_time.h"
#include "runtime/operators/join_walk.h"

namespace wavetank::runtime {
namespace {

using checkpoint::StateTable;

std::vector<DataType> TypesOf(const Schema& schema, int begin) {
  std::vector<DataType> types;
  for (int i = begin; i < schema.size(); ++i) types.push_back(schema.field(i).type);
  return types;
}

class Join final : public Operator {
 public:
  explicit Join(std::shared_ptr<const JoinSpec> spec) : spec_(std::move(spec)) {
    for (size_t i = 0; i < 2; ++i) {
      const Schema& rows = *spec_->sides[i].rows;
      own_types_[i] = TypesOf(rows, spec_->keys);
      const std::vector<uint8_t> widths = RowKeyWidths(TypesOf(rows, 0));
      indexes_[i] = {.key_parts = widths, .prefix_parts = spec_->keys};
      if (spec_->sides[i].evict_column >= 0) {
        indexes_[i].time = checkpoint::DerivedIndexes::Time::kPartOfKey;
        indexes_[i].time_part = spec_->sides[i].evict_column;
      }
    }
  }

  absl::Status Open(const OperatorContext& context) override {
    memory_ = context.memory;
    for (size_t i = 0; i < 2; ++i) {
      stores_[i] = context.stores[i];
      stores_[i]->IndexBy(indexes_[i]);
    }
    return absl::OkStatus();
  }

  void Begin(const Epoch& epoch) override {
    epoch_ = epoch;
    port_ = 0;
    rows_late_ = rows_updated_ = rows_removed_ = 0;
    StartOn(RecordBatch());
  }

  absl::Status Add(int port, RecordBatch batch) override {
    const JoinSide& side = spec_->sides[port];
    if (batch.schema() != *side.rows) {
      return absl::DataLossError(absl::StrCat("rows of ", batch.schema().ToText(),
                                              " where the query joins ", side.rows->ToText()));
    }
    added_rows_ = batch.num_rows();
    Drop(side, batch);
    StartOn(std::move(batch));
    WT_RETURN_IF_ERROR(walk_.CheckKeys());
    Store(port);
    return memory_.Hold(walk_.HeldBytes());
  }

  absl::Status EndInput(int port) override {
    StartOn(RecordBatch());
    port_ = port + 1;
    if (port_ == 2) {
      Evict(0);
      Evict(1);
    }
    return memory_.Hold(0);
  }

  absl::StatusOr<Pulled> Next(RecordBatch& output) override {
    while (true) {
      WT_RETURN_IF_ERROR(Gather());
      if (pair_rows_.size() == 0) break;
      WT_ASSIGN_OR_RETURN(RecordBatch pairs, Pairs());
      if (spec_->condition) pairs = Holding(std::move(pairs));
      if (pairs.num_rows() == 0) continue;
      output = std::move(pairs);
      WT_RETURN_IF_ERROR(memory_.Hold(walk_.HeldBytes() + ByteSize(output)));
      return Pulled{Pull::kOutput};
    }
    if (port_ == 2) return Pulled{Pull::kDone};
    return Pulled{Pull::kNeedsInput, port_};
  }

  void Report(OperatorReport& report) const override {
    report.rows_late = rows_late_;
    for (size_t i = 0; i < 2; ++i) {
      const StateTable& store = *stores_[i];
      report.state_rows += static_cast<int64_t>(store.size());
      report.state_bytes += static_cast<int64_t>(store.live_bytes());
      const JoinSide& side = spec_->sides[i];
      if (side.evict_column < 0) continue;
      const absl::Time goes = WatermarkThatPasses(store.LeastTime(), side.evict_offset_micros);
      report.earliest_final = std::min(report.earliest_final, goes);
    }
    report.rows_updated = rows_updated_;
    report.rows_removed = rows_removed_;
  }

 private:
  // Leaves the rows that can match. kept_ are their numbers in what was added, if not all are left.
  void Drop(const JoinSide& side, RecordBatch& batch) {
    kept_.Clear();
    const std::optional<int64_t> late =
        side.event_time_column < 0 ? std::nullopt : TimesUpTo(epoch_.late, -side.span_micros);
    const bool has_nulls =
        std::any_of(batch.columns().begin(), batch.columns().begin() + spec_->keys,
                    [](const Column& key) { return key.null_count() != 0; });
    if (!late && !has_nulls) return;
    const Column* const times = late ? &batch.column(side.event_time_column) : nullptr;
    for (int64_t row = 0; row < batch.num_rows(); ++row) {
      if (late && !times->IsNull(row) && times->Int64At(row) <= *late) {
        ++rows_late_;
        continue;
      }
      bool is_null = false;
      for (int key = 0; has_nulls && key < spec_->keys; ++key) {
        is_null = is_null || batch.column(key).IsNull(row);
      }
      if (!is_null) kept_.Append(static_cast<uint32_t>(row));
    }
    if (static_cast<int64_t>(kept_.size()) < batch.num_rows()) {
      batch = Take(batch, Numbers(kept_));
    } else {
      kept_.Clear();
    }
  }

  // Begins to join these rows.
  void StartOn(RecordBatch rows) {
    walk_.Start(std::move(rows), std::span(indexes_[static_cast<size_t>(port_)].key_parts)
                                     .first(static_cast<size_t>(spec_->keys)));
    partners_.clear();
    next_partner_ = 0;
  }

  void Store(int port) {
    StateTable& own = *stores_[static_cast<size_t>(port)];
    const JoinSide& side = spec_->sides[port];
    // Left rows have yet to be met by the right ones of this epoch.
    const std::optional<int64_t> forgotten = port == 0 ? std::nullopt : EvictBound(side);
    if (!forgotten) {
      own.CountMany(walk_.keys());
      rows_updated_ += walk_.rows().num_rows();
      return;
    }
    const Column& times = walk_.rows().column(side.evict_column);
    std::vector<std::string_view> stored;
    stored.reserve(walk_.keys().size());
    for (int64_t row = 0; row < walk_.rows().num_rows(); ++row) {
      if (!times.IsNull(row) && times.Int64At(row) <= *forgotten) continue;
      stored.push_back(walk_.keys()[static_cast<size_t>(row)]);
    }
    own.CountMany(stored);
    rows_updated_ += static_cast<int64_t>(stored.size());
  }

  std::optional<int64_t> EvictBound(const JoinSide& side) const {
    if (side.evict_column < 0) return std::nullopt;
    return TimesUpTo(epoch_.evict, side.evict_offset_micros);
  }

  void Evict(size_t port) {
    const std::optional<int64_t> bound = EvictBound(spec_->sides[port]);
    if (!bound) return;
    const size_t removed =
        stores_[port]->RemoveUpTo(*bound, [](std::string_view, std::string_view) {});
    rows_removed_ += static_cast<int64_t>(removed);
  }

  // The next pairs, if there are any: pair_rows_ and, of each, the partner's own columns as they
  // stand in its key.
  absl::Status Gather() {
    pair_rows_.Clear();
    pair_partners_.clear();
    const auto most = static_cast<size_t>(kRowsAtOnce);
    while (pair_rows_.size() < most) {
      if (next_partner_ == partners_.size()) {
        next_partner_ = 0;
        WT_RETURN_IF_ERROR(
            walk_.Find(*stores_[static_cast<size_t>(port_ == 0 ? 1 : 0)], partners_));
        if (partners_.empty()) break;
      }
      JoinWalk::Partner& partner = partners_[next_partner_];
      const auto given = std::min<uint64_t>(partner.copies, most - pair_rows_.size());
      pair_rows_.AppendRepeated(given, partner.row);
      pair_partners_.insert(pair_partners_.end(), given, partner.own);
      partner.copies -= given;
      if (partner.copies == 0) ++next_partner_;
    }
    return absl::OkStatus();
  }

  absl::StatusOr<RecordBatch> Pairs() const {
    const std::vector<Column>& rows = walk_.rows().columns();
    std::vector<Column> own;
    for (size_t i = static_cast<size_t>(spec_->keys); i < rows.size(); ++i) {
      own.push_back(Take(rows[i], Numbers(pair_rows_)));
    }
    WT_ASSIGN_OR_RETURN(std::vector<Column> others,
                        DecodeRowKeys(pair_partners_, own_types_[port_ == 0 ? 1 : 0]));
    std::vector<Column>& left = port_ == 0 ? own : others;
    for (Column& column : port_ == 0 ? others : own) left.push_back(std::move(column));
    return RecordBatch(spec_->output, std::move(left), static_cast<int64_t>(pair_partners_.size()));
  }

  RecordBatch Holding(RecordBatch pairs) const {
    try {
      const RowNumbers holding = TrueRows(Evaluate(*spec_->condition, pairs, epoch_.timestamp));
      if (holding.size() == static_cast<size_t>(pairs.num_rows())) return pairs;
      return Take(pairs, Numbers(holding));
    } catch (const RowError& error) {
      // Of the pair, the row that came last; rows are counted from the next one that is to come.
      uint32_t row = pair_rows_[static_cast<size_t>(error.row())];
      if (kept_.size() > 0) row = kept_[row];
      throw RowError(int64_t{row} - added_rows_, error.what());
    }
  }

  const std::shared_ptr<const JoinSpec> spec_;
  std::vector<DataType> own_types_[2];
  checkpoint::DerivedIndexes indexes_[2];
  MemoryHolder memory_;
  StateTable* stores_[2] = {};
  Epoch epoch_;
  int port_ = 0;  // that rows come from; 2: none does any more

  // The rows at hand, and what was found for them that is not given yet.
  JoinWalk walk_;
  int64_t added_rows_ = 0;
  RowNumbers kept_;
  std::vector<JoinWalk::Partner> partners_;  // `copies`: left to be given
  size_t next_partner_ = 0;
  // The pairs that are given next.
  RowNumbers pair_rows_;
  std::vector<std::string_view> pair_partners_;

  int64_t rows_late_ = 0;
  int64_t rows_updated_ = 0;
  int64_t rows_removed_ = 0;
};

}  // namespace

std::unique_ptr<Operator> MakeJoin(std::shared_ptr<const JoinSpec> spec) {
  return std::make_unique<Join>(std::move(spec));
}

}  // namespace wavetank::runtime
