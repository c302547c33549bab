#include "runtime/plan/join_shape.h"

#include <algorithm>
#include <set>
#include <string_view>
#include <utility>

#include "runtime/functions/function.h"
#include "runtime/plan/conjuncts.h"
#include "runtime/plan/optimiser/rewrite.h"

namespace wavetank::runtime {
namespace {

bool IsOver(const ExpressionNode& expression, const LogicalPlan& side) {
  std::set<int> ids;
  AddAttributes(expression, ids);
  return !ids.empty() && std::ranges::all_of(ids, [&](int id) {
    return FindAttribute(side.output, id) != nullptr;
  });
}

// A column of time, moved by whole microseconds.
struct MovedTime {
  int attribute = -1;
  int64_t by = 0;
};

std::optional<MovedTime> AsMovedTime(const ExpressionNode& expression) {
  if (expression.type != DataType::kTimestamp) return std::nullopt;
  if (expression.kind == ExpressionKind::kAttribute) return MovedTime{expression.attribute, 0};
  const bool plus = IsCall(expression, kAddInterval);
  if (!plus && !IsCall(expression, kSubtractInterval)) return std::nullopt;
  std::optional<MovedTime> moved = AsMovedTime(*expression.operands[0]);
  const auto* const interval = std::get_if<Interval>(&expression.operands[1]->value);
  if (!moved || interval == nullptr) return std::nullopt;
  const bool overflow = plus ? __builtin_add_overflow(moved->by, interval->micros, &moved->by)
                             : __builtin_sub_overflow(moved->by, interval->micros, &moved->by);
  return overflow ? std::nullopt : moved;
}

// later >= earlier + by, in microseconds.
struct AtLeast {
  int later = -1;
  int earlier = -1;
  int64_t by = 0;
};

// What a comparison says of two times. An equality says two things.
std::vector<AtLeast> Bounds(const ExpressionNode& comparison) {
  if (comparison.kind != ExpressionKind::kCall || comparison.operands.size() != 2) return {};
  const std::optional<MovedTime> a = AsMovedTime(*comparison.operands[0]);
  const std::optional<MovedTime> b = AsMovedTime(*comparison.operands[1]);
  if (!a || !b) return {};
  // Of x + p >= y + q + more: x >= y + (q - p + more).
  std::vector<AtLeast> bounds;
  const auto add = [&](const MovedTime& later, const MovedTime& earlier, int64_t more) {
    AtLeast bound{later.attribute, earlier.attribute, 0};
    if (__builtin_sub_overflow(earlier.by, later.by, &bound.by)) return;
    if (__builtin_add_overflow(bound.by, more, &bound.by)) return;
    bounds.push_back(bound);
  };
  const std::string_view name = comparison.name;
  if (name == ">=" || name == ">" || name == "=") add(*a, *b, name == ">" ? 1 : 0);
  if (name == "<=" || name == "<" || name == "=") add(*b, *a, name == "<" ? 1 : 0);
  return bounds;
}

bool IsOfTheBatch(const ExpressionNode& expression) {
  return IsCall(expression, "current_timestamp") ||
         std::ranges::any_of(expression.operands,
                             [](const ExpressionPtr& operand) { return IsOfTheBatch(*operand); });
}

std::optional<EventTime> FirstEventTime(const LogicalPlan& side) {
  if (side.event_times.empty()) return std::nullopt;
  return side.event_times.front();
}

class Shaper {
 public:
  explicit Shaper(const LogicalPlan& join) : join_(join) {
    for (size_t side : {0, 1}) shape_.sides[side].late = FirstEventTime(*join.inputs[side]);
  }

  JoinShape Shape() {
    std::vector<ExpressionPtr> conjuncts;
    if (!join_.expressions.empty()) AddConjuncts(join_.expressions[0], conjuncts);
    std::vector<ExpressionPtr> rest;
    for (const ExpressionPtr& conjunct : conjuncts) {
      for (const AtLeast& bound : Bounds(*conjunct)) Evict(bound);
      // What changes from batch to batch is that of the later row's.
      const bool changes = !IsDeterministic(*conjunct) || IsOfTheBatch(*conjunct);
      if (changes || (!AddKey(*conjunct) && !AddFilter(conjunct))) rest.push_back(conjunct);
    }
    for (size_t side : {0, 1}) {
      if (!filters_[side].empty()) shape_.sides[side].filter = AllOf(filters_[side]);
    }
    if (!rest.empty()) shape_.rest = AllOf(rest);
    return std::move(shape_);
  }

 private:
  bool AddKey(const ExpressionNode& conjunct) {
    if (!IsCall(conjunct, "=")) return false;
    for (const size_t left : {0, 1}) {
      const ExpressionPtr& of_left = conjunct.operands[left];
      const ExpressionPtr& of_right = conjunct.operands[1 - left];
      if (!IsOver(*of_left, *join_.inputs[0]) || !IsOver(*of_right, *join_.inputs[1])) continue;
      shape_.sides[0].keys.push_back(of_left);
      shape_.sides[1].keys.push_back(of_right);
      return true;
    }
    return false;
  }

  bool AddFilter(const ExpressionPtr& conjunct) {
    if (join_.join == JoinType::kInner) return false;
    for (const size_t side : {0, 1}) {
      if (!IsOver(*conjunct, *join_.inputs[side])) continue;
      filters_[side].push_back(conjunct);
      return true;
    }
    return false;
  }

  // Rows of the later side go by what is known of the earlier one: with its event time + span above
  // the watermark W, later >= W + 1 - span + by for every pair that is still to come.
  void Evict(const AtLeast& bound) {
    for (const size_t side : {0, 1}) {
      const std::optional<EventTime>& other = shape_.sides[1 - side].late;
      if (!other || other->attribute != bound.earlier) continue;
      if (FindAttribute(join_.inputs[side]->output, bound.later) == nullptr) continue;
      int64_t offset = 0;
      if (__builtin_sub_overflow(bound.by, absl::ToInt64Microseconds(other->span), &offset)) {
        continue;
      }
      std::optional<JoinShape::Eviction>& eviction = shape_.sides[side].eviction;
      const absl::Duration by = absl::Microseconds(offset);
      // By the event time of the side rather than by another column; then the earliest.
      const auto is_event_time = [&](int attribute) {
        return shape_.sides[side].late && shape_.sides[side].late->attribute == attribute;
      };
      const bool better = !eviction ||
                          (is_event_time(bound.later) && !is_event_time(eviction->attribute)) ||
                          (eviction->attribute == bound.later && by > eviction->offset);
      if (better) eviction = {bound.later, by};
    }
  }

  const LogicalPlan& join_;
  JoinShape shape_;
  std::vector<ExpressionPtr> filters_[2];
};

}  // namespace

JoinShape ShapeOf(const LogicalPlan& join) { return Shaper(join).Shape(); }

std::vector<EventTime> EventTimesOfJoin(const LogicalPlan& join) {
  const JoinShape shape = ShapeOf(join);
  std::vector<EventTime> event_times;
  for (const JoinShape::Side& side : shape.sides) {
    if (side.late && side.eviction && side.eviction->attribute == side.late->attribute) {
      event_times.push_back(*side.late);
    }
  }
  return event_times;
}

}  // namespace wavetank::runtime
