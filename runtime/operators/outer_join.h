// Joins that show more, or less, than pairs: left, right and full outer joins, and semi and anti
// joins. Whether a row has met another is kept with it, until nothing that is still to come can.
#ifndef WAVETANK_RUNTIME_OPERATORS_OUTER_JOIN_H_
#define WAVETANK_RUNTIME_OPERATORS_OUTER_JOIN_H_

#include <memory>
#include <optional>

#include "runtime/operators/join.h"
#include "runtime/plan/logical_plan.h"

namespace wavetank::runtime {

struct OuterJoinSpec {
  JoinSpec join;  // `output`: of pairs, over which the condition is
  JoinType type = JoinType::kLeft;
  // Of the left side's own columns, then of the right side's; of semi and anti joins of the left
  // ones alone.
  SchemaPtr output = nullptr;
  // Over the port's rows: those for which it is not true meet nothing. They are not kept; of a side
  // whose every row is shown they are shown at once.
  std::optional<BoundExpression> filters[2] = {};
  // Nothing comes after the epoch: what has met nothing by its end never will.
  bool finished = false;
};

// Rows are late, meet, and go in the order in which those of an inner join do (join.h). Besides:
//
//   left, right, full  pairs; and a row of such a side that has met none, once, with nulls for the
//                      other's columns: at the end of the epoch in which it goes. First left rows,
//                      then right ones, each in the order in which they were first stored
//   left semi          a left row once, when it first meets one; it is kept only until then
//   left anti          left rows that have met none, as they go
//
// Rows whose join keys are null meet nothing, and are kept where every row is shown.
//
// State: as of an inner join; of a side whose every row is shown the count (u64) is followed by
// how many of them have met a row (u64).
std::unique_ptr<Operator> MakeOuterJoin(std::shared_ptr<const OuterJoinSpec> spec);

// Whether every row of the side, 0 or 1, comes out, whatever it meets.
bool ShowsEveryRow(JoinType type, int side);

}  // namespace wavetank::runtime

#endif  // WAVETANK_RUNTIME_OPERATORS_OUTER_JOIN_H_
