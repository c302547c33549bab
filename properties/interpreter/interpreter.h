// Interpreter: what any structured query must answer, worked out from the bytes of its analysed
// plan, a row at a time, with ordered maps, nothing optimised. It shares with the engine the
// schemas of those bytes and nothing else, so that a mistake of the engine's operators, optimiser
// or driver is not made here too.
#ifndef WAVETANK_PROPERTIES_INTERPRETER_INTERPRETER_H_
#define WAVETANK_PROPERTIES_INTERPRETER_INTERPRETER_H_

#include <memory>
#include <string_view>

#include "absl/status/statusor.h"

#include "properties/event_time_watermarks.h"
#include "properties/interpreter/plain_expression.h"
#include "properties/naive_query.h"

namespace wavetank::properties {

struct InterpreterOptions {
  NaiveMode mode = NaiveMode::kAppend;  // as the query asks for it
  WatermarkPolicy policy = WatermarkPolicy::kMin;
  OtherFunctions other = {};  // none: a query with such a function is not known
  // Whether sums of doubles are the same in whatever order they are added up. Unless they are, a
  // query with such a sum is not known.
  bool sums_are_exact = false;
};

// The watermarks of a batch are the query's own, before they are propagated; its answer says what
// each watermark operator saw, from which follows the next one (EventTimeWatermarks). Rows are in
// no order, except that of aggregates' and joins' inputs, by which the first of several is known.
//
// kUnimplemented: a query that it cannot judge; says what of it is not known. kDataLoss: no plan.
absl::StatusOr<std::unique_ptr<NaiveQuery>> MakeInterpreter(std::string_view analysed_plan,
                                                            InterpreterOptions options);

// From the next batch on, `interpreter` answers in place of `before`, of whose plan its own is a
// changed one: of the same operators with state. kUnimplemented: what one of them keeps is made of
// other columns. REQUIRES: both were made here, and it has answered none yet.
absl::Status GoOnFrom(NaiveQuery& before, NaiveQuery& interpreter);

}  // namespace wavetank::properties

#endif  // WAVETANK_PROPERTIES_INTERPRETER_INTERPRETER_H_
