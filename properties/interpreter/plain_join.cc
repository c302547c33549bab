#include <algorithm>
#include <functional>
#include <map>
#include <utility>

#include "properties/interpreter/plain_operators.h"

namespace wavetank::properties {
namespace {

// Pairs of a left and a right column that must be equal, by the condition: rows are looked for by
// these, which changes nothing, since the whole condition decides.
struct EqualColumns {
  size_t left = 0;
  size_t right = 0;

  friend bool operator==(const EqualColumns&, const EqualColumns&) = default;
};

void FindEqualColumns(const PlainExpression& condition, size_t lefts,
                      std::vector<EqualColumns>& found) {
  if (condition.what != PlainExpression::What::kCall) return;
  if (condition.name == "and") {
    for (const PlainExpression& operand : condition.operands) {
      FindEqualColumns(operand, lefts, found);
    }
    return;
  }
  if (condition.name != "=") return;
  const PlainExpression* a = &condition.operands[0];
  const PlainExpression* b = &condition.operands[1];
  if (a->what != PlainExpression::What::kColumn || b->what != PlainExpression::What::kColumn)
    return;
  if (a->column >= lefts) std::swap(a, b);
  if (a->column < lefts && b->column >= lefts) found.push_back({a->column, b->column - lefts});
}

// What must be equal, over the columns of a pair: of the left side alone, and of the right one.
struct EqualSides {
  const PlainExpression* of[2] = {nullptr, nullptr};
};

bool Any(const PlainExpression& expression,
         const std::function<bool(const PlainExpression&)>& holds) {
  return holds(expression) ||
         std::ranges::any_of(expression.operands,
                             [&](const PlainExpression& operand) { return Any(operand, holds); });
}

bool IsOf(size_t side, const PlainExpression& expression, size_t lefts) {
  const auto is_column = [&](size_t of) {
    return [lefts, of](const PlainExpression& part) {
      return part.what == PlainExpression::What::kColumn && (part.column < lefts) == (of == 0);
    };
  };
  return Any(expression, is_column(side)) && !Any(expression, is_column(1 - side));
}

void FindEqualSides(const PlainExpression& condition, size_t lefts,
                    std::vector<EqualSides>& found) {
  if (condition.what != PlainExpression::What::kCall) return;
  if (condition.name == "and") {
    for (const PlainExpression& operand : condition.operands) FindEqualSides(operand, lefts, found);
    return;
  }
  // Of what changes from batch to batch nothing can be told before the pair is there.
  const auto changes = [](const PlainExpression& part) { return part.name == "current_timestamp"; };
  if (condition.name != "=" || Any(condition, changes)) return;
  for (const size_t left : {0u, 1u}) {
    const PlainExpression& of_left = condition.operands[left];
    const PlainExpression& of_right = condition.operands[1 - left];
    if (!IsOf(0, of_left, lefts) || !IsOf(1, of_right, lefts)) continue;
    found.push_back({{&of_left, &of_right}});
    return;
  }
}

// Of what must hold, that which is said of one side alone.
void FindFilters(const PlainExpression& condition, size_t lefts,
                 std::vector<const PlainExpression*> (&found)[2]) {
  if (condition.what == PlainExpression::What::kCall && condition.name == "and") {
    for (const PlainExpression& operand : condition.operands) FindFilters(operand, lefts, found);
    return;
  }
  const auto changes = [](const PlainExpression& part) { return part.name == "current_timestamp"; };
  if (Any(condition, changes)) return;
  for (const size_t side : {0u, 1u}) {
    if (IsOf(side, condition, lefts)) found[side].push_back(&condition);
  }
}

// A row that may be shown, or meet others.
struct Kept {
  PlainRow row;
  bool has_met = false;
  bool is_gone = false;  // from what the engine keeps; it may be met still, if that was too early
};

class Join final : public StatefulOperator {
 public:
  Join(const PlainNode& node, const PlainNode& left, const PlainNode& right) : node_(node) {
    if (!left.event_times.empty()) times_[0] = left.event_times.front();
    if (!right.event_times.empty()) times_[1] = right.event_times.front();
    columns_[0] = left.columns.size();
    columns_[1] = right.columns.size();
    shows_every_[0] = node.join == PlainJoinType::kLeft || node.join == PlainJoinType::kFull;
    shows_every_[1] = node.join == PlainJoinType::kRight || node.join == PlainJoinType::kFull;
    if (node.expressions.empty()) return;
    FindEqualColumns(node.expressions[0], left.columns.size(), equal_);
    FindEqualSides(node.expressions[0], left.columns.size(), equal_sides_);
    if (node.join != PlainJoinType::kInner) {
      FindFilters(node.expressions[0], left.columns.size(), filters_);
    }
  }

  PlainRows Run(const std::vector<const PlainRows*>& inputs, const PlainBatch& batch,
                PlainCounts& counts) override {
    PlainRows shown;
    for (const size_t side : {0u, 1u}) {
      for (const PlainRow& row : *inputs[side]) {
        if (IsPast(row, times_[side], batch.late_micros)) {
          ++counts.late;
          continue;
        }
        Come(row, side, batch.timestamp_ms, shown);
      }
    }
    for (const size_t side : {0u, 1u}) Go(side, batch.final_micros, shown);
    return shown;
  }

  std::optional<int64_t> NextFinalMicros() const override {
    FinalTimes times;
    for (const size_t side : {0u, 1u}) {
      const std::optional<PlainJoinBounds::Going>& goes = node_.bounds.goes[side];
      if (!goes) continue;
      for (const auto& [key, all] : kept_[side]) {
        for (const Kept& kept : all) {
          if (!kept.is_gone) times.Add(kept.row[goes->column], -__int128{goes->offset_micros});
        }
      }
    }
    return times.next();
  }

  bool GoOnFrom(StatefulOperator& before) override {
    auto* const join = dynamic_cast<Join*>(&before);
    // What goes when depends on the range; what is kept under which key on the equal columns.
    const auto same = [](const PlainJoinBounds& a, const PlainJoinBounds& b) {
      return a.goes[0] == b.goes[0] && a.goes[1] == b.goes[1];
    };
    if (join == nullptr || columns_[0] != join->columns_[0] || columns_[1] != join->columns_[1] ||
        node_.join != join->node_.join || equal_ != join->equal_ ||
        !same(node_.bounds, join->node_.bounds)) {
      return false;
    }
    for (const size_t side : {0u, 1u}) kept_[side] = std::move(join->kept_[side]);
    return true;
  }

 private:
  void Come(const PlainRow& row, size_t side, int64_t timestamp_ms, PlainRows& shown) {
    if (!Passes(row, side, timestamp_ms)) {
      if (shows_every_[side]) shown.push_back(AsPair(row, side));
      return;
    }
    const PlainRow key = KeyOf(row, side);
    const bool semi = node_.join == PlainJoinType::kLeftSemi;
    Kept come{.row = row};
    const auto others = kept_[1 - side].find(key);
    if (others != kept_[1 - side].end()) {
      for (Kept& other : others->second) {
        PlainRow pair = Both(side == 0 ? row : other.row, side == 0 ? other.row : row);
        if (!Holds(pair, timestamp_ms)) continue;
        Kept& left = side == 0 ? come : other;
        if (!semi) shown.push_back(std::move(pair));
        if (semi && !left.has_met) shown.push_back(left.row);
        come.has_met = other.has_met = true;
        if (semi) left.is_gone = true;
      }
    }
    // Null equals nothing: it is kept to be shown, or not at all.
    if (!shows_every_[side] && !MayMeet(row, side, timestamp_ms)) return;
    kept_[side][key].push_back(std::move(come));
  }

  // What the watermark has passed, and of it what is shown now.
  void Go(size_t side, std::optional<int64_t> final_micros, PlainRows& shown) {
    const std::optional<PlainJoinBounds::Going>& goes = node_.bounds.goes[side];
    if (!goes || !final_micros) return;
    for (auto& [key, all] : kept_[side]) {
      for (Kept& kept : all) {
        const PlainValue& time = kept.row[goes->column];
        if (kept.is_gone || time.is_null()) continue;
        if (__int128{time.number()} - goes->offset_micros > *final_micros) continue;
        kept.is_gone = true;
        if (shows_every_[side] && !kept.has_met) shown.push_back(AsPair(kept.row, side));
      }
    }
  }

  bool Passes(const PlainRow& row, size_t side, int64_t timestamp_ms) const {
    const PlainRow pair = AsPair(row, side);
    return std::ranges::all_of(filters_[side], [&](const PlainExpression* filter) {
      const PlainValue holds = filter->Of(pair, timestamp_ms);
      return !holds.is_null() && holds.truth();
    });
  }

  PlainRow KeyOf(const PlainRow& row, size_t side) const {
    PlainRow key;
    for (const EqualColumns& columns : equal_) {
      key.push_back(AsKey(row[side == 0 ? columns.left : columns.right]));
    }
    return key;
  }

  // Whether nothing of what must be equal is null, which equals nothing.
  bool MayMeet(const PlainRow& row, size_t side, int64_t timestamp_ms) const {
    const PlainRow pair = AsPair(row, side);
    return std::ranges::none_of(equal_sides_, [&](const EqualSides& sides) {
      return sides.of[side]->Of(pair, timestamp_ms).is_null();
    });
  }

  // Where it stands in a pair; the other side's columns are null.
  PlainRow AsPair(const PlainRow& row, size_t side) const {
    PlainRow pair(side == 0 ? 0 : columns_[0]);
    pair.insert(pair.end(), row.begin(), row.end());
    pair.resize(columns_[0] + columns_[1]);
    return pair;
  }

  static PlainRow Both(const PlainRow& left, const PlainRow& right) {
    PlainRow pair = left;
    pair.insert(pair.end(), right.begin(), right.end());
    return pair;
  }

  bool Holds(const PlainRow& pair, int64_t timestamp_ms) const {
    if (node_.expressions.empty()) return true;
    const PlainValue holds = node_.expressions[0].Of(pair, timestamp_ms);
    return !holds.is_null() && holds.truth();
  }

  const PlainNode& node_;
  std::optional<PlainEventTime> times_[2];  // by side
  size_t columns_[2] = {0, 0};
  bool shows_every_[2] = {false, false};
  std::vector<EqualColumns> equal_;
  std::vector<EqualSides> equal_sides_;
  std::vector<const PlainExpression*> filters_[2];
  std::map<PlainRow, std::vector<Kept>, PlainLess> kept_[2];  // by side, under what must be equal
};

}  // namespace

std::unique_ptr<StatefulOperator> MakePlainJoin(const PlainNode& node, const PlainNode& left,
                                                const PlainNode& right) {
  return std::make_unique<Join>(node, left, right);
}

}  // namespace wavetank::properties
