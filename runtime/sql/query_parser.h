// Queries: WITH, SELECT with all its clauses, UNION, and what stands in FROM. It writes the plan
// that the DataFrame's calls write: a SELECT is its joins, then Where, GroupBy(...).Agg(...), Where
// for HAVING, Select, DropDuplicates for DISTINCT. What the plan has no node for is refused.
#ifndef WAVETANK_RUNTIME_SQL_QUERY_PARSER_H_
#define WAVETANK_RUNTIME_SQL_QUERY_PARSER_H_

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"

#include "runtime/plan/logical_plan.h"
#include "runtime/sql/expression_parser.h"
#include "runtime/sql/select.h"

namespace wavetank::runtime::sql {

// Tables and views by their names in lower case.
using Relations = std::map<std::string, LogicalPlanPtr>;

// Keywords of queries, for one that is written wrongly.
const std::vector<std::string>& ClauseWords();

class QueryParser {
 public:
  // What is given outlives the parser.
  QueryParser(ParseContext& context, const Relations& relations)
      : context_(context), tokens_(context.tokens), relations_(relations) {}

  // A query to the first token that does not belong to it.
  absl::StatusOr<LogicalPlanPtr> Query();
  // Of expressions outside of any query.
  ExpressionParser Expressions();
  // A table or view by its name.
  absl::StatusOr<LogicalPlanPtr> Find(const std::string& name, size_t offset) const;

 private:
  using Plan = absl::StatusOr<LogicalPlanPtr>;

  // A query IN or of which a condition asks; it is joined with.
  struct Subquery {
    LogicalPlanPtr plan;
    ExpressionPtr condition;  // null: every row
  };

  // query_parser.cc
  absl::Status With();
  Plan Unions();
  Plan Term();
  Plan SelectQuery();
  absl::Status Items(Select& select);
  absl::Status GroupBy(Select& select);
  absl::Status RefuseTail() const;

  // order_clause.cc
  Plan Ordered(LogicalPlanPtr query);
  Plan Sorted(LogicalPlanPtr query, size_t offset);
  absl::StatusOr<SortOrder> Order();
  absl::StatusOr<ExpressionPtr> OrderedBy(const ExpressionPtr& written, bool below) const;

  Plan Filtered(LogicalPlanPtr from, const ExpressionPtr& where, const Select& select,
                size_t offset);
  absl::StatusOr<ExpressionPtr> Meant(const ExpressionPtr& expression, const Select& select);
  absl::StatusOr<ExpressionPtr> ReadSubquery(const ExpressionPtr& value, size_t offset);
  absl::Status Exists(Subquery& subquery);

  // from_clause.cc
  Plan From(Select& select);
  Plan Joined(Select& select);
  Plan Table(Select& select);
  Plan Named(LogicalPlanPtr plan, std::string name, Select& select, size_t offset);
  Plan Join(LogicalPlanPtr left, Select& select);
  absl::StatusOr<std::optional<JoinType>> JoinKind();
  absl::StatusOr<ExpressionPtr> Using(const Select& left, const Select& right, JoinType type,
                                      Select& both);
  Plan LateralView(LogicalPlanPtr plan, Select& select);

  LogicalPlanPtr Placed(LogicalPlan node, size_t offset);
  // A plan is walked on the stack.
  absl::Status CheckParts() const;
  absl::Status Wrong(size_t offset, std::string_view what) const;

  ParseContext& context_;
  TokenStream& tokens_;
  const Relations& relations_;
  Relations common_;  // of WITH, as far as it reaches
  int plans_ = 0;     // nodes that were made
  // Of the SELECT that was read last: its columns, and whether rows may be sorted before they are
  // made.
  std::vector<ExpressionPtr> shown_;
  bool sortable_below_ = false;
  bool may_ask_ = false;  // whether a condition is read that queries may stand in
  absl::flat_hash_map<const ExpressionNode*, Subquery> subqueries_;
};

}  // namespace wavetank::runtime::sql

#endif  // WAVETANK_RUNTIME_SQL_QUERY_PARSER_H_
