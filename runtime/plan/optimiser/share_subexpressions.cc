// What would be computed twice becomes a column of a projection below: by one operator, or by it
// and the filter below it, as when a filter was pushed below what it needs.
#include <map>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"

#include "runtime/plan/optimiser/optimiser.h"
#include "runtime/plan/optimiser/rewrite.h"

namespace wavetank::runtime {
namespace {

std::string KeyOf(const ExpressionNode& node) { return ToText(node, AttributeText::kIds); }

// Worth a column: computed, of a row, the same whenever it is.
bool IsShareable(const ExpressionNode& node) {
  if (node.kind != ExpressionKind::kCall && node.kind != ExpressionKind::kCast) return false;
  if (node.function != nullptr && node.function->is_aggregate()) return false;
  // By these it is told that a column is a window.
  for (const char* window :
       {"window_start", "window_starts", "window_of", "session_start", "session_end"}) {
    if (IsCall(node, window)) return false;
  }
  std::set<int> ids;
  AddAttributes(node, ids);
  return !ids.empty() && IsDeterministic(node);
}

void CountInto(const ExpressionPtr& node, std::map<std::string, int>& counts) {
  if (IsShareable(*node)) ++counts[KeyOf(*node)];
  for (const ExpressionPtr& operand : node->operands) CountInto(operand, counts);
}

class Sharing {
 public:
  explicit Sharing(int next_id) : next_id_(next_id) {}

  // Replaces the largest ones that `counts` says occur often enough by columns.
  ExpressionPtr Rewrite(const ExpressionPtr& node, const std::map<std::string, int>& wanted) {
    if (IsShareable(*node)) {
      const auto found = wanted.find(KeyOf(*node));
      if (found != wanted.end() && found->second > 1) return ColumnFor(node, found->first);
    }
    std::vector<ExpressionPtr> operands;
    for (const ExpressionPtr& operand : node->operands) {
      operands.push_back(Rewrite(operand, wanted));
    }
    return WithOperands(node, std::move(operands));
  }

  // A projection of the columns of `input` that are `read`, and the new ones; forgets those.
  LogicalPlanPtr Below(LogicalPlanPtr input, const std::set<int>& read) {
    std::vector<ExpressionPtr> columns;
    for (const Attribute& attribute : input->output) {
      if (read.contains(attribute.id)) columns.push_back(Reference(attribute));
    }
    for (ExpressionPtr& column : made_) columns.push_back(std::move(column));
    made_.clear();
    references_.clear();
    return MakeProject(std::move(input), std::move(columns));
  }

  bool made() const { return !made_.empty(); }

 private:
  ExpressionPtr ColumnFor(const ExpressionPtr& node, const std::string& key) {
    ExpressionPtr& reference = references_[key];
    if (reference != nullptr) return reference;
    const int id = next_id_++;
    made_.push_back(Aliased(node, absl::StrCat("$", id), id));
    reference = Reference(AttributeOf(*made_.back()));
    return reference;
  }

  int next_id_;
  std::vector<ExpressionPtr> made_;
  std::map<std::string, ExpressionPtr> references_;
};

std::vector<ExpressionPtr> RewriteAll(Sharing& sharing, const std::vector<ExpressionPtr>& nodes,
                                      const std::map<std::string, int>& wanted) {
  std::vector<ExpressionPtr> rewritten;
  for (const ExpressionPtr& node : nodes) rewritten.push_back(sharing.Rewrite(node, wanted));
  return rewritten;
}

std::set<int> ReadBy(const std::vector<ExpressionPtr>& expressions) {
  std::set<int> ids;
  for (const ExpressionPtr& expression : expressions) AddAttributes(*expression, ids);
  return ids;
}

// Those whose output is of their own expressions alone.
bool ReadsOnlyItsExpressions(PlanOperator op) {
  return op == PlanOperator::kProject || op == PlanOperator::kAggregate ||
         op == PlanOperator::kExplode;
}

// What both the filter and what stands above it compute, below the filter.
LogicalPlanPtr ShareWithFilter(const LogicalPlanPtr& node, Sharing& sharing) {
  if (!ReadsOnlyItsExpressions(node->op) || node->input()->op != PlanOperator::kFilter) return node;
  const LogicalPlan& filter = *node->input();
  std::map<std::string, int> above;
  for (const ExpressionPtr& expression : node->expressions) CountInto(expression, above);
  std::map<std::string, int> wanted;
  CountInto(filter.expressions[0], wanted);
  for (auto& [key, count] : wanted) count = above.contains(key) ? 2 : 0;
  const ExpressionPtr condition = sharing.Rewrite(filter.expressions[0], wanted);
  if (!sharing.made()) return node;
  LogicalPlan changed = *node;
  changed.expressions = RewriteAll(sharing, node->expressions, wanted);
  std::set<int> read = ReadBy(changed.expressions);
  AddAttributes(*condition, read);
  changed.inputs = {MakeFilter(sharing.Below(filter.input(), read), condition)};
  return Finished(std::move(changed));
}

LogicalPlanPtr ShareWithin(const LogicalPlanPtr& node, Sharing& sharing) {
  const bool filter = node->op == PlanOperator::kFilter;
  if (!filter && !ReadsOnlyItsExpressions(node->op)) return node;
  std::map<std::string, int> counts;
  for (const ExpressionPtr& expression : node->expressions) CountInto(expression, counts);
  LogicalPlan changed = *node;
  changed.expressions = RewriteAll(sharing, node->expressions, counts);
  if (!sharing.made()) return node;
  std::set<int> read = ReadBy(changed.expressions);
  std::vector<ExpressionPtr> columns;
  for (const Attribute& attribute : node->output) {
    if (!filter) break;
    read.insert(attribute.id);
    columns.push_back(Reference(attribute));
  }
  // Of the new columns one may be part of another.
  changed.inputs = {ShareWithin(sharing.Below(node->input(), read), sharing)};
  LogicalPlanPtr done = Finished(std::move(changed));
  return filter ? MakeProject(std::move(done), std::move(columns)) : done;
}

int NextId(const LogicalPlanPtr& plan) {
  int next = 0;
  for (const LogicalPlanPtr& node : InOrder(plan)) {
    for (const Attribute& attribute : node->output) next = std::max(next, attribute.id + 1);
  }
  return next;
}

}  // namespace

LogicalPlanPtr ShareSubexpressions(const LogicalPlanPtr& plan) {
  Sharing sharing(NextId(plan));
  return Transform(plan, [&sharing](const LogicalPlanPtr& node) {
    return ShareWithin(ShareWithFilter(node, sharing), sharing);
  });
}

}  // namespace wavetank::runtime
