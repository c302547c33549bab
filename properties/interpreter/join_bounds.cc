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
  if (expression.kind != PlainKind::kTimestamp) return {};
  if (expression.what == PlainExpression::What::kColumn) return Shifted{expression.column, 0};
  const bool later = expression.name == "add_interval";
  if (!later && expression.name != "subtract_interval") return {};
  std::optional<Shifted> shifted = ShiftedColumn(expression.operands[0]);
  const PlainExpression& by = expression.operands[1];
  if (!shifted || by.what != PlainExpression::What::kLiteral || by.literal.is_null()) return {};
  const __int128 micros =
      __int128{shifted->by_micros} + (later ? 1 : -1) * __int128{by.literal.number()};
  if (micros > INT64_MAX || micros < INT64_MIN) return {};
  shifted->by_micros = static_cast<int64_t>(micros);
  return shifted;
}

// low + `apart` <= high, of two columns of times.
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

bool IsEventTime(const PlainNode& node, size_t column) {
  return !node.event_times.empty() && node.event_times.front().column == column;
}

void AddGoing(int64_t offset_micros, const PlainNode& side, size_t column,
              std::optional<PlainJoinBounds::Going>& goes) {
  if (!goes || (IsEventTime(side, column) && !IsEventTime(side, goes->column))) {
    goes = {column, offset_micros};
  } else if (goes->column == column) {
    goes->offset_micros = std::max(goes->offset_micros, offset_micros);
  }
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
    if ((apart.low < lefts) == (side == 0)) continue;
    const PlainNode& own = side == 0 ? left : right;
    const PlainNode& other = side == 0 ? right : left;
    const size_t high = side == 0 ? apart.high : apart.high - lefts;
    if (!IsEventTime(other, side == 0 ? apart.low - lefts : apart.low)) continue;
    AddGoing(apart.apart_micros - other.event_times.front().span_micros, own, high,
             bounds.goes[side]);
    if (!IsEventTime(own, high)) continue;
    // On top of the time there is its span.
    const int64_t until = apart.apart_micros - other.event_times.front().span_micros +
                          own.event_times.front().span_micros;
    std::optional<int64_t>& bound = bounds.kept_until_micros[side];
    bound = std::max(bound.value_or(until), until);
  }
  return bounds;
}

}  // namespace wavetank::properties
