#include "properties/interpreter/join_bounds.h"

#include <algorithm>
#include <utility>

namespace wavetank::properties {
namespace {

// A column and a number of microseconds on top.
struct Shifted {
  size_t column = 0;
  int64_t by_micros = 0;
};

std::optional<Shifted> ShiftedColumn(const PlainExpression& expression) {
  if (expression.what == PlainExpression::What::kColumn) return Shifted{expression.column, 0};
  if (expression.what != PlainExpression::What::kCall || expression.operands.size() != 2) return {};
  if (expression.name != "+" && expression.name != "-") return {};
  const PlainExpression* column = &expression.operands[0];
  const PlainExpression* by = &expression.operands[1];
  if (expression.name == "+" && column->kind == PlainKind::kInterval) std::swap(column, by);
  const bool literal = by->what == PlainExpression::What::kLiteral &&
                       by->kind == PlainKind::kInterval && !by->literal.is_null();
  std::optional<Shifted> shifted = ShiftedColumn(*column);
  if (!literal || !shifted) return {};
  const int64_t micros = by->literal.number();
  if (expression.name == "-"
          ? __builtin_sub_overflow(shifted->by_micros, micros, &shifted->by_micros)
          : __builtin_add_overflow(shifted->by_micros, micros, &shifted->by_micros)) {
    return {};
  }
  return shifted;
}

// low + at least `apart` <= high, of two event times.
struct Apart {
  size_t low = 0;
  size_t high = 0;
  int64_t apart_micros = 0;
};

void AddApart(const PlainExpression& condition, std::vector<Apart>& found) {
  if (condition.what != PlainExpression::What::kCall) return;
  if (condition.name == "and") {
    for (const PlainExpression& operand : condition.operands) AddApart(operand, found);
    return;
  }
  const std::string& sign = condition.name;
  if (sign != "=" && sign != "<=" && sign != "<" && sign != ">=" && sign != ">") return;
  std::optional<Shifted> low = ShiftedColumn(condition.operands[0]);
  std::optional<Shifted> high = ShiftedColumn(condition.operands[1]);
  if (!low || !high) return;
  const auto add = [&](const Shifted& below, const Shifted& above) {
    // below + a <= above + b is below + (a - b) <= above; times are whole microseconds.
    int64_t apart = 0;
    if (__builtin_sub_overflow(below.by_micros, above.by_micros, &apart)) return;
    if ((sign == "<" || sign == ">") && __builtin_add_overflow(apart, 1, &apart)) return;
    found.push_back({below.column, above.column, apart});
  };
  if (sign != ">" && sign != ">=") add(*low, *high);
  if (sign != "<" && sign != "<=") add(*high, *low);
}

const PlainEventTime* EventTimeAt(const PlainNode& node, size_t column) {
  const auto found = std::ranges::find_if(
      node.event_times, [&](const PlainEventTime& time) { return time.column == column; });
  return found == node.event_times.end() ? nullptr : &*found;
}

}  // namespace

PlainJoinBounds JoinBounds(const PlainNode& join, const PlainNode& left, const PlainNode& right) {
  PlainJoinBounds bounds;
  if (join.expressions.empty()) return bounds;
  std::vector<Apart> found;
  AddApart(join.expressions[0], found);
  const size_t lefts = left.columns.size();
  for (const Apart& apart : found) {
    // The side whose time is the high one lets go by what is yet to come of the low one.
    const size_t side = apart.high < lefts ? 0 : 1;
    if ((apart.low < lefts ? 0u : 1u) == side) continue;
    const PlainNode& own = side == 0 ? left : right;
    const PlainNode& other = side == 0 ? right : left;
    const PlainEventTime* const time =
        EventTimeAt(own, side == 0 ? apart.high : apart.high - lefts);
    const PlainEventTime* const others =
        EventTimeAt(other, side == 0 ? apart.low - lefts : apart.low);
    if (time == nullptr || others == nullptr) continue;
    // As what the time's own span is on top of.
    const int64_t until = apart.apart_micros - others->span_micros + time->span_micros;
    std::optional<int64_t>& bound = bounds.kept_until_micros[side];
    bound = std::max(bound.value_or(until), until);
  }
  return bounds;
}

}  // namespace wavetank::properties
