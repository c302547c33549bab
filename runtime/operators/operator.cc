#include "runtime/operators/operator.h"

#include "platform/check.h"

namespace wavetank::runtime {

OperatorRequest Operator::BlockedOn() const { WT_CHECK(false, "this operator never blocks"); }

absl::Status Operator::Answer(absl::StatusOr<std::string>) {
  return absl::InternalError("an answer that was not asked for");
}

}  // namespace wavetank::runtime
