#include "runtime/operators/outer_join.h"

#include <algorithm>
#include <cstring>
#include <deque>
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
#include "runtime/functions/row_error.h"
#include "runtime/operators/event_time.h"
#include "runtime/operators/join_walk.h"

namespace wavetank::runtime {
namespace {

using checkpoint::StateTable;
using Way = JoinWalk::Way;

std::string BytesOf(const JoinEntry& entry) {
  std::string bytes(sizeof entry, '\0');
  std::memcpy(bytes.data(), &entry, sizeof entry);
  return bytes;
}

// Rows of one side that are given without the other's: each so often.
struct Given {
  size_t side = 0;
  std::vector<std::string_view> own = {};
  std::vector<uint64_t> copies = {};
  size_t next = 0;
};

class OuterJoin final : public Operator {
 public:
  explicit OuterJoin(std::shared_ptr<const OuterJoinSpec> spec)
      : spec_(std::move(spec)),
        left_alone_(spec_->type == JoinType::kLeftSemi || spec_->type == JoinType::kLeftAnti) {
    for (size_t i = 0; i < 2; ++i) {
      const JoinSide& side = spec_->join.sides[i];
      std::vector<DataType> types;
      for (const Field& field : side.rows->fields()) types.push_back(field.type);
      indexes_[i] = {.key_parts = RowKeyWidths(types), .prefix_parts = spec_->join.keys};
      types.erase(types.begin(), types.begin() + spec_->join.keys);
      nulls_[i] = std::string(types.size(), '\0');
      own_types_[i] = std::move(types);
      shows_every_[i] = ShowsEveryRow(spec_->type, static_cast<int>(i));
      if (side.evict_column < 0) continue;
      indexes_[i].time = checkpoint::DerivedIndexes::Time::kPartOfKey;
      indexes_[i].time_part = side.evict_column;
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
    given_.clear();
    StartOn(RecordBatch(), {});
    walked_ = true;
  }

  absl::Status Add(int port, RecordBatch batch) override {
    const JoinSide& side = spec_->join.sides[port];
    if (batch.schema() != *side.rows) {
      return absl::DataLossError(absl::StrCat("rows of ", batch.schema().ToText(),
                                              " where the query joins ", side.rows->ToText()));
    }
    added_rows_ = batch.num_rows();
    std::vector<Way> ways = Keep(static_cast<size_t>(port), batch);
    StartOn(std::move(batch), std::move(ways));
    WT_RETURN_IF_ERROR(walk_.CheckKeys());
    return memory_.Hold(HeldBytes());
  }

  absl::Status EndInput(int port) override {
    StartOn(RecordBatch(), {});
    walked_ = true;
    port_ = port + 1;
    if (port_ == 2) {
      Evict(0);
      Evict(1);
    }
    return memory_.Hold(HeldBytes());
  }

  absl::StatusOr<Pulled> Next(RecordBatch& output) override {
    while (true) {
      if (!given_.empty()) {
        WT_ASSIGN_OR_RETURN(output, TakeGiven());
      } else if (walked_) {
        WT_RETURN_IF_ERROR(memory_.Hold(0));
        return port_ == 2 ? Pulled{Pull::kDone} : Pulled{Pull::kNeedsInput, port_};
      } else {
        WT_RETURN_IF_ERROR(Gather());
        if (rows_of_pairs_.size() == 0) {
          Store(static_cast<size_t>(port_));
          walked_ = true;
          continue;
        }
        WT_ASSIGN_OR_RETURN(output, Met(static_cast<size_t>(port_)));
        if (output.num_rows() == 0) continue;
      }
      WT_RETURN_IF_ERROR(memory_.Hold(HeldBytes() + ByteSize(output)));
      return Pulled{Pull::kOutput};
    }
  }

  void Report(OperatorReport& report) const override {
    report.rows_late = rows_late_;
    for (size_t i = 0; i < 2; ++i) {
      const StateTable& store = *stores_[i];
      report.state_rows += static_cast<int64_t>(store.size());
      report.state_bytes += static_cast<int64_t>(store.live_bytes());
      const JoinSide& side = spec_->join.sides[i];
      if (side.evict_column < 0) continue;
      const absl::Time goes = WatermarkThatPasses(store.LeastTime(), side.evict_offset_micros);
      report.earliest_final = std::min(report.earliest_final, goes);
    }
    report.rows_updated = rows_updated_;
    report.rows_removed = rows_removed_;
  }

 private:
  void StartOn(RecordBatch rows, std::vector<Way> ways) {
    has_met_.assign(static_cast<size_t>(rows.num_rows()), false);
    walk_.Start(std::move(rows),
                std::span(indexes_[static_cast<size_t>(port_)].key_parts)
                    .first(static_cast<size_t>(spec_->join.keys)),
                std::move(ways));
    partners_.clear();
    next_partner_ = 0;
    walked_ = false;
  }

  // Leaves the rows that are shown or meet others, and says which way each goes. kept_ are their
  // numbers in what was added.
  std::vector<Way> Keep(size_t port, RecordBatch& batch) {
    const JoinSide& side = spec_->join.sides[port];
    const std::optional<int64_t> late =
        side.event_time_column < 0 ? std::nullopt : TimesUpTo(epoch_.late, -side.span_micros);
    kept_.Clear();
    for (uint32_t row = 0; row < static_cast<uint32_t>(added_rows_); ++row) {
      const bool is_late = late && !batch.column(side.event_time_column).IsNull(row) &&
                           batch.column(side.event_time_column).Int64At(row) <= *late;
      is_late ? static_cast<void>(++rows_late_) : kept_.Append(row);
    }
    if (static_cast<int64_t>(kept_.size()) < added_rows_) batch = Take(batch, Numbers(kept_));
    const std::vector<bool> passes = Passing(port, batch);
    std::vector<Way> ways;
    RowNumbers left;
    RowNumbers left_of_added;
    for (uint32_t row = 0; row < static_cast<uint32_t>(batch.num_rows()); ++row) {
      const Way way = !passes[row]             ? Way::kIsAlone
                      : HasNullKey(batch, row) ? Way::kMeetsNothing
                                               : Way::kLooks;
      if (way != Way::kLooks && !shows_every_[port]) continue;
      ways.push_back(way);
      left.Append(row);
      left_of_added.Append(kept_.data()[row]);
    }
    if (static_cast<int64_t>(left.size()) < batch.num_rows()) batch = Take(batch, Numbers(left));
    kept_ = std::move(left_of_added);
    return ways;
  }

  std::vector<bool> Passing(size_t port, const RecordBatch& batch) const {
    const std::optional<BoundExpression>& filter = spec_->filters[port];
    std::vector<bool> passes(static_cast<size_t>(batch.num_rows()), !filter);
    if (!filter) return passes;
    try {
      const RowNumbers rows = TrueRows(Evaluate(*filter, batch, epoch_.timestamp));
      for (const uint32_t row : Numbers(rows)) passes[row] = true;
    } catch (const RowError& error) {
      throw OfAddedRow(kept_.data()[static_cast<size_t>(error.row())], error);
    }
    return passes;
  }

  bool HasNullKey(const RecordBatch& batch, uint32_t row) const {
    for (int key = 0; key < spec_->join.keys; ++key) {
      if (batch.column(key).IsNull(row)) return true;
    }
    return false;
  }

  // Rows are counted from the next one that is to come.
  RowError OfAddedRow(uint32_t row, const RowError& error) const {
    return RowError(int64_t{row} - added_rows_, error.what());
  }

  // The next pairs; rows that are alone are pairs with nulls.
  absl::Status Gather() {
    rows_of_pairs_.Clear();
    others_of_pairs_.clear();
    entries_of_pairs_.clear();
    const auto most = static_cast<size_t>(kRowsAtOnce);
    while (rows_of_pairs_.size() < most) {
      if (next_partner_ == partners_.size()) {
        next_partner_ = 0;
        WT_RETURN_IF_ERROR(walk_.Find(*stores_[static_cast<size_t>(1 - port_)], partners_));
        if (partners_.empty()) break;
      }
      JoinWalk::Partner& partner = partners_[next_partner_];
      const bool alone = partner.entry == StateTable::kNoEntry;
      // Whether they meet is all that a semi or an anti join asks.
      if (left_alone_) partner.copies = 1;
      const auto given = std::min<uint64_t>(partner.copies, most - rows_of_pairs_.size());
      rows_of_pairs_.AppendRepeated(given, partner.row);
      others_of_pairs_.insert(others_of_pairs_.end(), given,
                              alone ? nulls_[static_cast<size_t>(1 - port_)] : partner.own);
      entries_of_pairs_.insert(entries_of_pairs_.end(), given, partner.entry);
      partner.copies -= given;
      if (partner.copies == 0) ++next_partner_;
    }
    return absl::OkStatus();
  }

  // What is shown of the pairs that were gathered. Notes who has met whom.
  absl::StatusOr<RecordBatch> Met(size_t port) {
    std::vector<Column> columns[2];
    const std::vector<Column>& rows = walk_.rows().columns();
    for (auto i = static_cast<size_t>(spec_->join.keys); i < rows.size(); ++i) {
      columns[port].push_back(Take(rows[i], Numbers(rows_of_pairs_)));
    }
    WT_ASSIGN_OR_RETURN(columns[1 - port], DecodeRowKeys(others_of_pairs_, own_types_[1 - port]));
    const std::vector<Column> left = columns[0];
    for (Column& column : columns[1]) columns[0].push_back(std::move(column));
    const RecordBatch pairs(spec_->join.output, std::move(columns[0]),
                            static_cast<int64_t>(others_of_pairs_.size()));
    const RowNumbers holding = Holding(pairs);
    RowNumbers shown;
    for (const uint32_t pair : Numbers(holding)) {
      if (Note(port, pair)) shown.Append(pair);
    }
    if (left_alone_)
      return Take(RecordBatch(spec_->output, left, pairs.num_rows()), Numbers(shown));
    if (shown.size() < static_cast<size_t>(pairs.num_rows())) return Take(pairs, Numbers(shown));
    return pairs;
  }

  // Those for which the condition holds, and the rows that are alone, in order.
  RowNumbers Holding(const RecordBatch& pairs) const {
    RowNumbers met;
    RowNumbers all;
    for (uint32_t pair = 0; pair < static_cast<uint32_t>(pairs.num_rows()); ++pair) {
      if (entries_of_pairs_[pair] != StateTable::kNoEntry) met.Append(pair);
      all.Append(pair);
    }
    if (!spec_->join.condition || met.size() == 0) return all;
    std::vector<bool> holds(static_cast<size_t>(pairs.num_rows()), true);
    for (const uint32_t pair : Numbers(met)) holds[pair] = false;
    try {
      const bool none_is_alone = met.size() == all.size();
      const RowNumbers rows =
          TrueRows(Evaluate(*spec_->join.condition,
                            none_is_alone ? pairs : Take(pairs, Numbers(met)), epoch_.timestamp));
      for (const uint32_t row : Numbers(rows)) holds[met.data()[row]] = true;
    } catch (const RowError& error) {
      const uint32_t pair = met.data()[static_cast<size_t>(error.row())];
      throw OfAddedRow(kept_.data()[rows_of_pairs_.data()[pair]], error);
    }
    RowNumbers holding;
    for (const uint32_t pair : Numbers(all)) {
      if (holds[pair]) holding.Append(pair);
    }
    return holding;
  }

  // Of a pair that holds; whether it is shown.
  bool Note(size_t port, uint32_t pair) {
    const uint32_t entry = entries_of_pairs_[pair];
    if (entry == StateTable::kNoEntry) return true;
    const uint32_t row = rows_of_pairs_.data()[pair];
    const bool first = !has_met_[row];
    has_met_[row] = true;
    StateTable& others = *stores_[1 - port];
    if (spec_->type == JoinType::kLeftSemi) {
      if (port == 0) return first;
      GiveMet(others, entry, others_of_pairs_[pair]);
      return false;
    }
    if (shows_every_[1 - port]) {
      JoinEntry met = *ReadJoinEntry(others.ValueAt(entry));
      if (met.met < met.copies) {
        met.met = met.copies;
        const std::string bytes = BytesOf(met);
        const std::string_view value = bytes;
        others.PutAt({&entry, 1}, {&value, 1});
      }
    }
    return spec_->type != JoinType::kLeftAnti;
  }

  // A left row of state that a semi join shows, and then no more.
  void GiveMet(StateTable& lefts, uint32_t entry, std::string_view own) {
    const std::string_view key = lefts.KeyAt(entry);
    std::string_view value;
    if (!lefts.Get(key, &value)) return;  // another right row was first
    if (given_.empty()) given_.push_back({.side = 0});
    given_.back().own.push_back(own);
    given_.back().copies.push_back(ReadJoinEntry(value)->copies);
    lefts.Remove(key);
  }

  void Store(size_t port) {
    StateTable& own = *stores_[port];
    const JoinSide& side = spec_->join.sides[port];
    // Left rows have yet to be met by the right ones of this epoch, and what has met nothing is
    // shown when it goes.
    const std::optional<int64_t> forgotten =
        port == 0 || shows_every_[port] ? std::nullopt : EvictBound(port);
    std::vector<std::string_view> counted;
    for (size_t row = 0; row < walk_.keys().size(); ++row) {
      if (walk_.way(row) == Way::kIsAlone) continue;
      const std::string_view key = walk_.keys()[row];
      if (shows_every_[port]) {
        PutRow(own, key, has_met_[row]);
        continue;
      }
      if (spec_->type == JoinType::kLeftSemi && port == 0 && has_met_[row]) continue;
      if (forgotten) {
        const Column& times = walk_.rows().column(side.evict_column);
        const auto at = static_cast<int64_t>(row);
        if (!times.IsNull(at) && times.Int64At(at) <= *forgotten) continue;
      }
      counted.push_back(key);
    }
    own.CountMany(counted);
    rows_updated_ += static_cast<int64_t>(counted.size());
  }

  void PutRow(StateTable& own, std::string_view key, bool has_met) {
    JoinEntry entry;
    std::string_view value;
    if (own.Get(key, &value)) entry = ReadJoinEntry(value).value_or(entry);
    entry.copies += 1;
    entry.met += has_met ? 1 : 0;
    own.Put(key, BytesOf(entry));
    ++rows_updated_;
  }

  std::optional<int64_t> EvictBound(size_t port) const {
    const JoinSide& side = spec_->join.sides[port];
    if (side.evict_column < 0) return std::nullopt;
    return TimesUpTo(epoch_.evict, side.evict_offset_micros);
  }

  // What goes of the side; rows of it that have met nothing are given.
  void Evict(size_t port) {
    Given alone{.side = port};
    const auto prefix =
        std::span(indexes_[port].key_parts).first(static_cast<size_t>(spec_->join.keys));
    const auto goes = [&](std::string_view key, std::string_view value) {
      const std::optional<JoinEntry> entry = ReadJoinEntry(value);
      if (!shows_every_[port] || !entry || entry->met == entry->copies) return;
      alone.own.push_back(key.substr(checkpoint::PartsLength(key, prefix)));
      alone.copies.push_back(entry->copies - entry->met);
    };
    if (spec_->finished) {
      stores_[port]->ForEach(goes);
    } else if (const std::optional<int64_t> bound = EvictBound(port)) {
      rows_removed_ += static_cast<int64_t>(stores_[port]->RemoveUpTo(*bound, goes));
    }
    if (!alone.own.empty()) given_.push_back(std::move(alone));
  }

  // The next rows of what is given without the other side.
  absl::StatusOr<RecordBatch> TakeGiven() {
    Given& given = given_.front();
    std::vector<std::string_view> own;
    const auto most = static_cast<size_t>(kRowsAtOnce);
    while (own.size() < most && given.next < given.own.size()) {
      uint64_t& copies = given.copies[given.next];
      const auto now = std::min<uint64_t>(copies, most - own.size());
      own.insert(own.end(), now, given.own[given.next]);
      copies -= now;
      if (copies == 0) ++given.next;
    }
    const size_t side = given.side;
    std::vector<Column> columns[2];
    WT_ASSIGN_OR_RETURN(columns[side], DecodeRowKeys(own, own_types_[side]));
    if (!left_alone_) {
      const std::vector<std::string_view> nulls(own.size(), nulls_[1 - side]);
      WT_ASSIGN_OR_RETURN(columns[1 - side], DecodeRowKeys(nulls, own_types_[1 - side]));
    }
    for (Column& column : columns[1]) columns[0].push_back(std::move(column));
    if (given.next == given.own.size()) given_.pop_front();
    return RecordBatch(spec_->output, std::move(columns[0]), static_cast<int64_t>(own.size()));
  }

  int64_t HeldBytes() const {
    int64_t bytes = walk_.HeldBytes();
    for (const Given& given : given_) {
      bytes += static_cast<int64_t>(given.own.size() * (sizeof given.own[0] + sizeof(uint64_t)));
    }
    return bytes;
  }

  const std::shared_ptr<const OuterJoinSpec> spec_;
  const bool left_alone_;  // whether the output has no columns of the right side
  std::vector<DataType> own_types_[2];
  std::string nulls_[2];  // their row keys of nulls
  bool shows_every_[2] = {};
  checkpoint::DerivedIndexes indexes_[2];
  MemoryHolder memory_;
  StateTable* stores_[2] = {};
  Epoch epoch_;
  int port_ = 0;  // that rows come from; 2: none does any more

  // The rows at hand, and what was found for them that is not gathered yet.
  JoinWalk walk_;
  bool walked_ = true;  // they are through, and stored
  int64_t added_rows_ = 0;
  RowNumbers kept_;
  std::vector<bool> has_met_;
  std::vector<JoinWalk::Partner> partners_;
  size_t next_partner_ = 0;
  // The pairs at hand.
  RowNumbers rows_of_pairs_;
  std::vector<std::string_view> others_of_pairs_;
  std::vector<uint32_t> entries_of_pairs_;
  std::deque<Given> given_;

  int64_t rows_late_ = 0;
  int64_t rows_updated_ = 0;
  int64_t rows_removed_ = 0;
};

}  // namespace

bool ShowsEveryRow(JoinType type, int side) {
  if (type == JoinType::kFull) return true;
  if (side == 1) return type == JoinType::kRight;
  return type == JoinType::kLeft || type == JoinType::kLeftAnti;
}

std::unique_ptr<Operator> MakeOuterJoin(std::shared_ptr<const OuterJoinSpec> spec) {
  return std::make_unique<OuterJoin>(std::move(spec));
}

}  // namespace wavetank::runtime
