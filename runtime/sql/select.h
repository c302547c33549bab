// Select: the clauses of one SELECT as they were written, and what plan they make. Here is decided
// what of a grouped SELECT is a key, what an aggregate, and what is computed of them afterwards.
#ifndef WAVETANK_RUNTIME_SQL_SELECT_H_
#define WAVETANK_RUNTIME_SQL_SELECT_H_

#include <cstddef>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

#include "runtime/plan/logical_plan.h"
#include "runtime/sql/expression_parser.h"

namespace wavetank::runtime::sql {

struct Select {
  size_t offset = 0;
  bool distinct = false;
  std::vector<ExpressionPtr> items;    // a column "*" or "t.*" stands for all
  std::vector<std::string> relations;  // their names, from the left; "": it has none
  // What names mean that stand for no column of their own: those of USING, of a lateral view.
  std::map<std::string, ExpressionPtr> meanings;  // names in lower case
  bool grouped = false;
  bool by_all = false;  // GROUP BY ALL
  size_t group_offset = 0;
  std::vector<ExpressionPtr> groups;
  ExpressionPtr having;  // null: none
};

// `from`: its rows, WHERE included. kInvalidArgument: what stands in no group is used as if it did.
absl::StatusOr<LogicalPlanPtr> PlanOf(ParseContext& context, const Select& select,
                                      LogicalPlanPtr from);

// Whether the expression calls an aggregate.
bool HasAggregate(const ExpressionNode& node, const FunctionRegistry& functions);

// `change(node)` in place of each node for which it gives one, outermost first; places stay.
using Change = std::function<absl::StatusOr<ExpressionPtr>(const ExpressionPtr& node)>;
absl::StatusOr<ExpressionPtr> Changed(const ExpressionPtr& node, Places& places,
                                      const Change& change);

}  // namespace wavetank::runtime::sql

#endif  // WAVETANK_RUNTIME_SQL_SELECT_H_
