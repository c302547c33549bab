// What a join of two streams can be run by: which columns must be equal, which rows are late, and
// from which watermark on a row that was kept can meet no other one any more.
#ifndef WAVETANK_RUNTIME_PLAN_JOIN_SHAPE_H_
#define WAVETANK_RUNTIME_PLAN_JOIN_SHAPE_H_

#include <array>
#include <optional>
#include <vector>

#include "absl/time/time.h"

#include "runtime/plan/logical_plan.h"

namespace wavetank::runtime {

struct JoinShape {
  // Rows that are kept of a side may go once `attribute` <= watermark + `offset`. Every row of the
  // other side that is still to come is later than the watermark, and by the condition pairs with
  // none of them.
  struct Eviction {
    int attribute = 0;
    absl::Duration offset;
  };
  struct Side {
    std::vector<ExpressionPtr> keys;  // over this side's columns; as many as the other has
    // Rows with event time + span <= watermark are late; unset: none is.
    std::optional<EventTime> late;
    std::optional<Eviction> eviction;  // unset: they are kept for ever
    // Of all joins but inner ones: rows for which it is not true meet nothing; null: there is none.
    ExpressionPtr filter;
  };
  std::array<Side, 2> sides;  // left, right
  ExpressionPtr rest;         // of the condition, over the columns of both; null: nothing
};

// REQUIRES: an analysed join.
JoinShape ShapeOf(const LogicalPlan& join);

// By which columns of what the join gives rows become final further on: the event times of a side
// whose kept rows go by that same column; of any other, rows of any age may still come out.
std::vector<EventTime> EventTimesOfJoin(const LogicalPlan& join);

}  // namespace wavetank::runtime

#endif  // WAVETANK_RUNTIME_PLAN_JOIN_SHAPE_H_
