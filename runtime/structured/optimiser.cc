#include "runtime/structured/optimiser.h"

#include <set>
#include <string>
#include <utility>

#include "platform/check.h"
#include "runtime/structured/evaluate.h"
#include "runtime/structured/resolve.h"

namespace wavetank::runtime {
namespace {

constexpr int kMaxRounds = 100;

// `rewrite` on every node, inputs first. It gives the same pointer for what it leaves alone.
template <typename F>
LogicalPlanPtr Transform(const LogicalPlanPtr& plan, F rewrite) {
  if (plan->input == nullptr) return rewrite(plan);
  const LogicalPlanPtr input = Transform(plan->input, rewrite);
  return rewrite(input == plan->input ? plan : WithInput(*plan, input));
}

ExpressionPtr WithOperands(const ExpressionPtr& node, std::vector<ExpressionPtr> operands) {
  if (operands == node->operands) return node;
  ExpressionNode changed = *node;
  changed.operands = std::move(operands);
  return std::make_shared<const ExpressionNode>(std::move(changed));
}

// `rewrite` on every node of an expression, operands first.
template <typename F>
ExpressionPtr TransformExpression(const ExpressionPtr& node, F rewrite) {
  std::vector<ExpressionPtr> operands;
  for (const ExpressionPtr& operand : node->operands) {
    operands.push_back(TransformExpression(operand, rewrite));
  }
  return rewrite(WithOperands(node, std::move(operands)));
}

void AddColumns(const ExpressionNode& node, std::set<std::string>& names) {
  if (node.op == Operator::kColumn) names.insert(node.name);
  for (const ExpressionPtr& operand : node.operands) AddColumns(*operand, names);
}

bool IsBool(const ExpressionNode& node, bool value) {
  return node.op == Operator::kLiteral && node.value == Value(value);
}

Value ValueAt(const Column& column) {
  if (column.IsNull(0)) return std::monostate();
  switch (column.type()) {
    case DataType::kBool:
      return column.BoolAt(0);
    case DataType::kInt64:
      return column.Int64At(0);
    case DataType::kDouble:
      return column.DoubleAt(0);
    case DataType::kString:
      return std::string(column.StringAt(0));
    case DataType::kTimestamp:
      return Timestamp{column.Int64At(0)};
  }
  WT_CHECK(false, "no such data type");
}

bool IsConstant(const ExpressionNode& node) {
  if (node.op == Operator::kAlias || node.op == Operator::kLiteral || node.operands.empty() ||
      IsAggregate(node.op)) {
    return false;
  }
  for (const ExpressionPtr& operand : node.operands) {
    if (operand->op != Operator::kLiteral) return false;
  }
  return true;
}

ExpressionPtr FoldNode(const ExpressionPtr& node) {
  if (IsConstant(*node)) {
    const RecordBatch one_row(std::make_shared<const Schema>(), {}, 1);
    const Column value = Evaluate(Bind(*node, one_row.schema()), one_row, absl::UnixEpoch());
    ExpressionNode literal;
    literal.op = Operator::kLiteral;
    literal.value = ValueAt(value);
    literal.type = value.type();
    return std::make_shared<const ExpressionNode>(std::move(literal));
  }
  if (node->op != Operator::kAnd && node->op != Operator::kOr) return node;
  const bool neutral = node->op == Operator::kAnd;  // true && x is x, false || x is x
  for (size_t i = 0; i < 2; ++i) {
    if (IsBool(*node->operands[i], neutral)) return node->operands[1 - i];
    if (IsBool(*node->operands[i], !neutral)) return node->operands[i];
  }
  return node;
}

// The condition in terms of what the columns are made of.
ExpressionPtr Substitute(const ExpressionPtr& condition,
                         const std::vector<ExpressionPtr>& columns) {
  return TransformExpression(condition, [&](const ExpressionPtr& node) {
    if (node->op != Operator::kColumn) return node;
    for (const ExpressionPtr& column : columns) {
      if (OutputName(*column) != node->name) continue;
      return column->op == Operator::kAlias ? column->operands[0] : column;
    }
    WT_CHECK(false, node->name);
  });
}

LogicalPlanPtr Filtered(LogicalPlanPtr input, ExpressionPtr condition) {
  LogicalPlan node;
  node.op = LogicalOperator::kFilter;
  node.input = std::move(input);
  node.expressions = {std::move(condition)};
  return Finished(std::move(node));
}

// Drops what nobody above needs; `needed` are output columns of `plan`.
LogicalPlanPtr Prune(const LogicalPlanPtr& plan, const std::set<std::string>& needed) {
  LogicalPlan changed = *plan;
  std::set<std::string> below;
  switch (plan->op) {
    case LogicalOperator::kSource:
      return plan;
    case LogicalOperator::kFilter:
      below = needed;
      break;
    case LogicalOperator::kWatermark:
      below = needed;
      below.insert(plan->name);
      break;
    case LogicalOperator::kProject:
      std::erase_if(changed.expressions, [&](const ExpressionPtr& column) {
        return !needed.contains(OutputName(*column));
      });
      break;
    case LogicalOperator::kExplode:
      changed.expressions.resize(1);
      for (size_t i = 1; i < plan->expressions.size(); ++i) {
        if (!needed.contains(OutputName(*plan->expressions[i]))) continue;
        changed.expressions.push_back(plan->expressions[i]);
      }
      break;
    case LogicalOperator::kAggregate:  // its keys and aggregates are state: all are kept
      break;
    case LogicalOperator::kWithColumn:
      WT_CHECK(false, "not analysed");
  }
  for (const ExpressionPtr& expression : changed.expressions) AddColumns(*expression, below);
  changed.input = Prune(plan->input, below);
  if (changed.input == plan->input && changed.expressions == plan->expressions) return plan;
  return Finished(std::move(changed));
}

bool PassesAllThrough(const LogicalPlan& project) {
  const Schema& input = *project.input->schema;
  if (static_cast<size_t>(input.size()) != project.expressions.size()) return false;
  for (int i = 0; i < input.size(); ++i) {
    const ExpressionNode& column = *project.expressions[static_cast<size_t>(i)];
    if (column.op != Operator::kColumn || column.name != input.field(i).name) return false;
  }
  return true;
}

}  // namespace

LogicalPlanPtr FoldConstants(const LogicalPlanPtr& plan) {
  return Transform(plan, [](const LogicalPlanPtr& node) {
    LogicalPlan changed = *node;
    for (ExpressionPtr& expression : changed.expressions) {
      expression = TransformExpression(expression, FoldNode);
    }
    return changed.expressions == node->expressions ? node : Finished(std::move(changed));
  });
}

LogicalPlanPtr CombineFilters(const LogicalPlanPtr& plan) {
  return Transform(plan, [](const LogicalPlanPtr& node) {
    if (node->op != LogicalOperator::kFilter || node->input->op != LogicalOperator::kFilter) {
      return node;
    }
    const Expression inner(node->input->expressions[0]);
    const Expression outer(node->expressions[0]);
    return Filtered(node->input->input, (inner && outer).node());
  });
}

LogicalPlanPtr PushFiltersBelowProjects(const LogicalPlanPtr& plan) {
  return Transform(plan, [](const LogicalPlanPtr& node) {
    if (node->op != LogicalOperator::kFilter || node->input->op != LogicalOperator::kProject) {
      return node;
    }
    const LogicalPlan& project = *node->input;
    ExpressionPtr condition = Substitute(node->expressions[0], project.expressions);
    return WithInput(project, Filtered(project.input, std::move(condition)));
  });
}

LogicalPlanPtr PushFiltersBelowExplodes(const LogicalPlanPtr& plan) {
  return Transform(plan, [](const LogicalPlanPtr& node) {
    if (node->op != LogicalOperator::kFilter || node->input->op != LogicalOperator::kExplode) {
      return node;
    }
    const LogicalPlan& explode = *node->input;
    std::set<std::string> names;
    AddColumns(*node->expressions[0], names);
    if (names.contains(explode.name)) return node;
    const std::vector<ExpressionPtr> kept(explode.expressions.begin() + 1,
                                          explode.expressions.end());
    ExpressionPtr condition = Substitute(node->expressions[0], kept);
    return WithInput(explode, Filtered(explode.input, std::move(condition)));
  });
}

LogicalPlanPtr PruneColumns(const LogicalPlanPtr& plan) {
  std::set<std::string> all;
  for (const Field& field : plan->schema->fields()) all.insert(field.name);
  return Prune(plan, all);
}

LogicalPlanPtr RemoveNoOps(const LogicalPlanPtr& plan) {
  return Transform(plan, [](const LogicalPlanPtr& node) {
    const bool removable =
        (node->op == LogicalOperator::kProject && PassesAllThrough(*node)) ||
        (node->op == LogicalOperator::kFilter && IsBool(*node->expressions[0], true));
    return removable ? node->input : node;
  });
}

const std::vector<OptimiserRule>& OptimiserRules() {
  static const std::vector<OptimiserRule> rules = {
      {"fold constants", FoldConstants},
      {"combine filters", CombineFilters},
      {"push filters below projects", PushFiltersBelowProjects},
      {"push filters below explodes", PushFiltersBelowExplodes},
      {"prune columns", PruneColumns},
      {"remove no-ops", RemoveNoOps},
  };
  return rules;
}

LogicalPlanPtr Optimise(LogicalPlanPtr plan, const std::vector<OptimiserRule>& rules) {
  for (int round = 0; round < kMaxRounds; ++round) {
    const LogicalPlanPtr before = plan;
    for (const OptimiserRule& rule : rules) plan = rule.apply(plan);
    if (plan == before) return plan;
  }
  WT_CHECK(false, "optimiser rules undo one another: " + ToText(*plan));
}

}  // namespace wavetank::runtime
