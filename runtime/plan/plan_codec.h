// Plans as bytes, and back.
#ifndef WAVETANK_RUNTIME_PLAN_PLAN_CODEC_H_
#define WAVETANK_RUNTIME_PLAN_PLAN_CODEC_H_

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "google/protobuf/message_lite.h"

#include "runtime/functions/bound_expression.h"
#include "runtime/functions/registry.h"
#include "runtime/plan/logical_plan.h"

namespace wavetank::runtime {
namespace plan {
class Expression;
class Type;
}  // namespace plan

inline constexpr int kPlanVersion = 1;

// The bytes of one plan are the same in every process of one build; fingerprints are taken of its
// text (ToText), not of these.
std::string EncodePlan(const LogicalPlanPtr& plan);
// Functions are looked up where the plan is analysed. kDataLoss: no plan. kFailedPrecondition: of
// another version, or with functions that are not there; names them.
absl::StatusOr<LogicalPlanPtr> DecodePlan(std::string_view bytes,
                                          const FunctionRegistry& functions);

// As deep as expressions may be, which is deeper than protobuf's default.
bool ParseDeep(std::string_view bytes, google::protobuf::MessageLite& message);

void EncodeType(const DataType& type, plan::Type& out);
absl::StatusOr<DataType> DecodeType(const plan::Type& type);
void EncodeBound(const BoundExpression& expression, plan::Expression& out);
absl::StatusOr<BoundExpression> DecodeBound(const plan::Expression& expression,
                                            const FunctionRegistry& functions);
// The function of that name and version. kFailedPrecondition: it is not there, or is another one.
absl::StatusOr<FunctionPtr> FindFunction(const FunctionRegistry& functions, std::string_view name,
                                         int version);

}  // namespace wavetank::runtime

#endif  // WAVETANK_RUNTIME_PLAN_PLAN_CODEC_H_
