// "*" and "name.*" in the place of columns.
#ifndef WAVETANK_RUNTIME_PLAN_STAR_H_
#define WAVETANK_RUNTIME_PLAN_STAR_H_

#include <vector>

#include "absl/status/statusor.h"

#include "runtime/plan/logical_plan.h"
#include "runtime/plan/resolve.h"

namespace wavetank::runtime {

// `written`, with the columns of the input that each star stands for in its place, in their order.
// kInvalidArgument: one stands for none.
absl::StatusOr<std::vector<ExpressionPtr>> WithoutStars(const Resolver& resolver,
                                                        const std::vector<Attribute>& input,
                                                        const std::vector<ExpressionPtr>& written);

}  // namespace wavetank::runtime

#endif  // WAVETANK_RUNTIME_PLAN_STAR_H_
