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

class Join final : public StatefulOperator {
 public:
  Join(const PlainNode& node, const PlainNode& left, const PlainNode& right) : node_(node) {
    if (!left.event_times.empty()) times_[0] = left.event_times.front();
    if (!right.event_times.empty()) times_[1] = right.event_times.front();
    if (!node.expressions.empty()) {
      FindEqualColumns(node.expressions[0], left.columns.size(), equal_);
    }
  }

  PlainRows Run(const std::vector<const PlainRows*>& inputs, const PlainBatch& batch,
                PlainCounts& counts) override {
    PlainRows pairs;
    for (const size_t side : {0u, 1u}) {
      for (const PlainRow& row : *inputs[side]) {
        if (IsPast(row, times_[side], batch.late_micros)) {
          ++counts.late;
          continue;
        }
        const PlainRow key = KeyOf(row, side);
        const auto others = kept_[1 - side].find(key);
        if (others != kept_[1 - side].end()) {
          for (const PlainRow& other : others->second) {
            AddPair(side == 0 ? row : other, side == 0 ? other : row, batch.timestamp_ms, pairs);
          }
        }
        kept_[side][key].push_back(row);
      }
    }
    return pairs;
  }

 private:
  PlainRow KeyOf(const PlainRow& row, size_t side) const {
    PlainRow key;
    for (const EqualColumns& columns : equal_) {
      key.push_back(AsKey(row[side == 0 ? columns.left : columns.right]));
    }
    return key;
  }

  void AddPair(const PlainRow& left, const PlainRow& right, int64_t timestamp_ms,
               PlainRows& pairs) const {
    PlainRow pair = left;
    pair.insert(pair.end(), right.begin(), right.end());
    if (!node_.expressions.empty()) {
      const PlainValue holds = node_.expressions[0].Of(pair, timestamp_ms);
      if (holds.is_null() || !holds.truth()) return;
    }
    pairs.push_back(std::move(pair));
  }

  const PlainNode& node_;
  std::optional<PlainEventTime> times_[2];  // by side
  std::vector<EqualColumns> equal_;
  std::map<PlainRow, PlainRows, PlainLess> kept_[2];  // by side, under what must be equal
};

}  // namespace

std::unique_ptr<StatefulOperator> MakePlainJoin(const PlainNode& node, const PlainNode& left,
                                                const PlainNode& right) {
  return std::make_unique<Join>(node, left, right);
}

}  // namespace wavetank::properties
