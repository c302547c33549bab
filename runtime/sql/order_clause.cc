// ORDER BY and LIMIT, behind a query.
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

#include "platform/status_macros.h"
#include "runtime/sql/query_parser.h"
#include "runtime/sql/sql_error.h"

namespace wavetank::runtime::sql {
namespace {

bool IsStarName(const ExpressionNode& item) {
  return item.kind == ExpressionKind::kName && item.name.ends_with("*");
}

// Of the column that an item of a SELECT gives.
std::string ShownName(const ExpressionNode& item) {
  if (item.kind != ExpressionKind::kName) return OutputName(item);
  return item.name.substr(item.name.rfind('.') + 1);
}

}  // namespace

QueryParser::Plan QueryParser::Ordered(LogicalPlanPtr query) {
  const size_t offset = tokens_.offset();
  if (tokens_.Take("ORDER")) {
    WT_RETURN_IF_ERROR(tokens_.Expect("BY"));
    WT_ASSIGN_OR_RETURN(query, Sorted(std::move(query), offset));
  }
  const size_t at = tokens_.offset();
  if (!tokens_.Take("LIMIT") || tokens_.Take("ALL")) return query;
  LogicalPlan limited;
  limited.op = PlanOperator::kLimit;
  limited.inputs = {std::move(query)};
  const Token& number = tokens_.Peek();
  if (number.kind != TokenKind::kNumber || !absl::SimpleAtoi(number.text, &limited.limit)) {
    return tokens_.Error(absl::StrCat("LIMIT is a number of rows, not ", tokens_.Found()));
  }
  tokens_.Next();
  return Placed(std::move(limited), at);
}

// Rows are sorted before the SELECT's columns are made of them where that can be: so that columns
// that are not selected can be sorted by.
QueryParser::Plan QueryParser::Sorted(LogicalPlanPtr query, size_t offset) {
  const bool below = sortable_below_ && query->op == PlanOperator::kProject;
  LogicalPlan sort;
  sort.op = PlanOperator::kSort;
  do {
    WT_ASSIGN_OR_RETURN(const ExpressionPtr written, Expressions().Parse());
    WT_ASSIGN_OR_RETURN(sort.expressions.emplace_back(), OrderedBy(written, below));
    WT_ASSIGN_OR_RETURN(sort.orders.emplace_back(), Order());
  } while (tokens_.TakeSign(","));
  if (!below) {
    sort.inputs = {std::move(query)};
    return Placed(std::move(sort), offset);
  }
  LogicalPlan project = *query;
  sort.inputs = {project.input()};
  project.inputs = {Placed(std::move(sort), offset)};
  return Placed(std::move(project), offset);
}

// Descending is the other way round, nulls included.
absl::StatusOr<SortOrder> QueryParser::Order() {
  SortOrder order;
  if (tokens_.Take("DESC")) {
    order = {.descending = true, .nulls_last = true};
  } else {
    tokens_.Take("ASC");
  }
  if (!tokens_.Take("NULLS")) return order;
  order.nulls_last = tokens_.Take("LAST");
  if (!order.nulls_last) WT_RETURN_IF_ERROR(tokens_.Expect("FIRST"));
  return order;
}

// By a column of the SELECT: its number, its name, or what it computes.
absl::StatusOr<ExpressionPtr> QueryParser::OrderedBy(const ExpressionPtr& written,
                                                     bool below) const {
  const size_t place = context_.places.Find(written.get()).value_or(0);
  if (const auto* const number = std::get_if<int32_t>(&written->value);
      written->kind == ExpressionKind::kLiteral && number != nullptr) {
    const auto size = static_cast<int32_t>(shown_.size());
    if (*number < 1 || *number > size) {
      return Wrong(place, absl::StrCat("there is no column ", *number, ": the SELECT has ", size));
    }
    const ExpressionPtr& item = shown_[static_cast<size_t>(*number - 1)];
    if (IsStarName(*item)) return Wrong(place, "a * is no column to sort by: name it");
    return below ? WithoutAlias(item) : Col(ShownName(*item)).node();
  }
  return Changed(written, context_.places,
                 [&](const ExpressionPtr& node) -> absl::StatusOr<ExpressionPtr> {
                   if (node->kind == ExpressionKind::kLiteral) return nullptr;
                   const std::string text = ToText(*node);
                   for (const ExpressionPtr& item : shown_) {
                     const bool alias = item->kind == ExpressionKind::kAlias;
                     const bool called = alias && node->kind == ExpressionKind::kName &&
                                         absl::EqualsIgnoreCase(item->name, node->name);
                     if (below && called) return WithoutAlias(item);
                     if (below) continue;
                     if (called || ToText(*WithoutAlias(item)) == text) {
                       return Col(ShownName(*item)).node();
                     }
                   }
                   return nullptr;
                 });
}

}  // namespace wavetank::runtime::sql
