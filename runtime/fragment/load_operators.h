// One operator of a physical plan as it is run: its parts decoded, held against the columns that it
// reads and gives, and what makes an instance of it.
#ifndef WAVETANK_RUNTIME_FRAGMENT_LOAD_OPERATORS_H_
#define WAVETANK_RUNTIME_FRAGMENT_LOAD_OPERATORS_H_

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

#include "checkpoint/state_file.h"
#include "runtime/columnar/schema.h"
#include "runtime/functions/registry.h"
#include "runtime/operators/operator.h"
#include "runtime/plan/output_mode.h"

namespace wavetank::runtime {
namespace plan {
class Operator;
}  // namespace plan

// Where an operator stands.
struct OperatorPlace {
  std::vector<SchemaPtr> inputs;  // of what it reads, by port
  SchemaPtr output;
  QueryOutputMode mode = QueryOutputMode::kAppend;
  // Of the exchanges that it reads, one a port, by how many columns rows were brought together; -1:
  // a port reads none.
  std::vector<int> keys_met;
};

struct LoadedOperator {
  std::function<std::unique_ptr<Operator>()> make;
  int state_id = -1;  // -1: it has none
  // Of one with state, as in StreamingQueryPlan::StateOperator.
  std::string kind = {};
  std::vector<DataType> partition_types = {};
  std::vector<checkpoint::NamedStore> stores = {};
  bool acts_on_watermark = false;
};

// kDataLoss: it does not fit. REQUIRES: it neither reads a source or exchange nor writes.
absl::StatusOr<LoadedOperator> LoadOperator(const plan::Operator& op, const OperatorPlace& place,
                                            const FunctionRegistry& functions);

absl::Status DamagedPlan(std::string_view what);

}  // namespace wavetank::runtime

#endif  // WAVETANK_RUNTIME_FRAGMENT_LOAD_OPERATORS_H_
