// LogicalPlan: a query as the user wrote it, a tree of immutable nodes (here a chain, since there
// are no joins yet).
#ifndef WAVETANK_RUNTIME_STRUCTURED_LOGICAL_PLAN_H_
#define WAVETANK_RUNTIME_STRUCTURED_LOGICAL_PLAN_H_

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/time/time.h"

#include "runtime/columnar/schema.h"
#include "runtime/structured/expression.h"

namespace wavetank::runtime {

// Where rows come from: ReadStream().Format(format).Option(...).Load(path).
struct SourceDescription {
  std::string format;  // "text"
  std::string path;
  std::map<std::string, std::string> options;

  friend bool operator==(const SourceDescription&, const SourceDescription&) = default;
};

enum class LogicalOperator : uint8_t {
  kSource,
  kProject,    // expressions, one a column
  kExplode,    // one further column `name`: the parts of expressions[0] by `separator`
  kFilter,     // keeps the rows for which expressions[0] is true
  kWatermark,  // event time in the column `name`, late by up to `delay`
  kAggregate,  // `keys` columns come first in `expressions`, then aggregates
};

struct LogicalPlan;
using LogicalPlanPtr = std::shared_ptr<const LogicalPlan>;

struct LogicalPlan {
  LogicalOperator op = LogicalOperator::kSource;
  LogicalPlanPtr input;  // null for a source
  std::vector<ExpressionPtr> expressions;
  SourceDescription source;
  std::string name;
  std::string separator;
  absl::Duration delay;
  int keys = 0;
};

// One line a node, the source last; stable.
std::string ToText(const LogicalPlan& plan);

}  // namespace wavetank::runtime

#endif  // WAVETANK_RUNTIME_STRUCTURED_LOGICAL_PLAN_H_
