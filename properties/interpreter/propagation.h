// How the watermark of a query reaches each of its operators.
#ifndef WAVETANK_PROPERTIES_INTERPRETER_PROPAGATION_H_
#define WAVETANK_PROPERTIES_INTERPRETER_PROPAGATION_H_

#include <cstdint>
#include <optional>
#include <vector>

#include "properties/interpreter/plain_plan.h"

namespace wavetank::properties {

// In microseconds; unset: none.
struct NodeWatermark {
  std::optional<int64_t> in;   // by which its rows are late, and go
  std::optional<int64_t> out;  // what reads its rows has no earlier ones to expect
};

// Of each node. A watermark operator gives the query's; all others the least of their inputs' that
// have one; a join not before what its sides still keep, and none if they keep rows of any age.
std::vector<NodeWatermark> Propagate(const PlainPlan& plan, std::optional<int64_t> watermark_ms);

}  // namespace wavetank::properties

#endif  // WAVETANK_PROPERTIES_INTERPRETER_PROPAGATION_H_
