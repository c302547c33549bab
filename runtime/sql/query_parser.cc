#include "runtime/sql/query_parser.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"

#include "platform/status_macros.h"
#include "platform/text.h"
#include "runtime/plan/conjuncts.h"
#include "runtime/sql/sql_error.h"

namespace wavetank::runtime::sql {
namespace {

constexpr int kMostNodes = 500;

LogicalPlan Over(LogicalPlanPtr input, PlanOperator op) {
  LogicalPlan node;
  node.op = op;
  node.inputs = {std::move(input)};
  return node;
}

// The name of a plan's only column; nullopt: it has several, or nobody knows without its tables.
std::optional<std::string> OnlyColumn(const LogicalPlan& plan) {
  switch (plan.op) {
    case PlanOperator::kFilter:
    case PlanOperator::kDropDuplicates:
    case PlanOperator::kUnion:
      return OnlyColumn(*plan.input());
    case PlanOperator::kProject:
    case PlanOperator::kAggregate:
      break;
    default:
      return std::nullopt;
  }
  if (plan.expressions.size() != 1) return std::nullopt;
  const ExpressionNode& column = *plan.expressions[0];
  if (IsCall(*WithoutAlias(plan.expressions[0]), kWindowCall)) return std::nullopt;
  if (column.kind != ExpressionKind::kName) return OutputName(column);
  const std::string name = column.name.substr(column.name.rfind('.') + 1);
  return name == "*" ? std::nullopt : std::optional(name);
}

}  // namespace

const std::vector<std::string>& ClauseWords() {
  static const auto* const words = new std::vector<std::string>{
      "SELECT", "DISTINCT",  "FROM",    "JOIN",  "INNER", "LEFT", "RIGHT",  "FULL",
      "CROSS",  "OUTER",     "LATERAL", "WHERE", "GROUP", "BY",   "HAVING", "UNION",
      "EXCEPT", "INTERSECT", "ORDER",   "LIMIT", "USING", "WITH", "LIKE",   "BETWEEN"};
  return *words;
}

absl::Status QueryParser::Wrong(size_t offset, std::string_view what) const {
  return ErrorAt(tokens_.text(), offset, what);
}

LogicalPlanPtr QueryParser::Placed(LogicalPlan node, size_t offset) {
  auto plan = std::make_shared<const LogicalPlan>(std::move(node));
  context_.places.Put(plan, offset);
  ++plans_;
  return plan;
}

absl::Status QueryParser::CheckParts() const {
  if (plans_ <= kMostNodes) return absl::OkStatus();
  return tokens_.Error(absl::StrCat("a query of more than ", kMostNodes, " parts"));
}

ExpressionParser QueryParser::Expressions() {
  return ExpressionParser(context_, [this](const ExpressionPtr& value, size_t offset) {
    return ReadSubquery(value, offset);
  });
}

absl::StatusOr<LogicalPlanPtr> QueryParser::Query() {
  const sql::Nested nested(context_);
  WT_RETURN_IF_ERROR(nested.Check());
  const Relations outer = common_;
  if (tokens_.At("WITH")) WT_RETURN_IF_ERROR(With());
  Plan query = Unions();
  if (query.ok()) query = Ordered(*std::move(query));
  common_ = outer;
  WT_RETURN_IF_ERROR(query.status());
  WT_RETURN_IF_ERROR(RefuseTail());
  return query;
}

absl::Status QueryParser::With() {
  tokens_.Next();
  if (tokens_.At("RECURSIVE")) return tokens_.Error("there are no recursive queries");
  do {
    WT_ASSIGN_OR_RETURN(const std::string name, tokens_.Name("a query's name"));
    if (tokens_.AtSign("(")) {
      return tokens_.Error("columns have no names here: name them in the query's SELECT");
    }
    WT_RETURN_IF_ERROR(tokens_.Expect("AS"));
    WT_RETURN_IF_ERROR(tokens_.ExpectSign("("));
    WT_ASSIGN_OR_RETURN(common_[absl::AsciiStrToLower(name)], Query());
    WT_RETURN_IF_ERROR(tokens_.ExpectSign(")"));
    WT_RETURN_IF_ERROR(CheckParts());
  } while (tokens_.TakeSign(","));
  return absl::OkStatus();
}

absl::Status QueryParser::RefuseTail() const {
  static constexpr struct {
    std::string_view word;
    std::string_view why;
  } kTails[] = {
      {"SORT", "rows are sorted as a whole: write ORDER BY"},
      {"CLUSTER", "how rows are spread over workers is not for a query to say"},
      {"DISTRIBUTE", "how rows are spread over workers is not for a query to say"},
      {"OFFSET", "there is no OFFSET, as in Spark on a stream"},
      {"WINDOW",
       "there are no functions over the rows around one yet: group by window(time, size)"},
  };
  for (const auto& tail : kTails) {
    if (tokens_.At(tail.word)) return NotYetAt(tokens_.text(), tokens_.offset(), tail.why);
  }
  return absl::OkStatus();
}

QueryParser::Plan QueryParser::Unions() {
  WT_ASSIGN_OR_RETURN(LogicalPlanPtr left, Term());
  while (true) {
    const size_t offset = tokens_.offset();
    for (const std::string_view word : {"INTERSECT", "EXCEPT", "MINUS"}) {
      if (!tokens_.At(word)) continue;
      return NotYetAt(tokens_.text(), offset,
                      absl::StrCat("there is no ", platform::ToAbsl(word),
                                   " yet: a LEFT SEMI or LEFT ANTI JOIN says the same"));
    }
    if (!tokens_.Take("UNION")) return left;
    const bool all = tokens_.Take("ALL");
    if (!all) tokens_.Take("DISTINCT");
    WT_ASSIGN_OR_RETURN(LogicalPlanPtr right, Term());
    LogicalPlan both = Over(std::move(left), PlanOperator::kUnion);
    both.inputs.push_back(std::move(right));
    left = Placed(std::move(both), offset);
    if (!all) left = Placed(Over(std::move(left), PlanOperator::kDropDuplicates), offset);
    sortable_below_ = false;
    WT_RETURN_IF_ERROR(CheckParts());
  }
}

QueryParser::Plan QueryParser::Term() {
  if (tokens_.TakeSign("(")) {
    WT_ASSIGN_OR_RETURN(LogicalPlanPtr query, Query());
    WT_RETURN_IF_ERROR(tokens_.ExpectSign(")"));
    sortable_below_ = false;
    return query;
  }
  if (tokens_.At("VALUES")) {
    return tokens_.Error("rows that are written in a statement are no input: read them from files");
  }
  if (tokens_.At("TABLE")) {
    tokens_.Next();
    Select select;
    shown_.clear();
    sortable_below_ = false;
    return Table(select);
  }
  return SelectQuery();
}

QueryParser::Plan QueryParser::SelectQuery() {
  Select select;
  select.offset = tokens_.offset();
  if (!tokens_.At("SELECT")) return tokens_.Unexpected({"SELECT", "WITH"});
  tokens_.Next();
  select.distinct = tokens_.Take("DISTINCT");
  if (!select.distinct) tokens_.Take("ALL");
  WT_RETURN_IF_ERROR(Items(select));
  LogicalPlanPtr from;
  if (tokens_.Take("FROM")) {
    WT_ASSIGN_OR_RETURN(from, From(select));
  } else if (tokens_.AtEnd() || tokens_.AtSign(";") || tokens_.AtSign(")") || tokens_.At("WHERE")) {
    LogicalPlan one;
    one.source.format = kOneRowFormat;
    from = Placed(std::move(one), select.offset);
  } else {
    return tokens_.Unexpected(ClauseWords());
  }
  const size_t where = tokens_.offset();
  if (tokens_.Take("WHERE")) {
    const bool asked = std::exchange(may_ask_, true);
    const absl::StatusOr<ExpressionPtr> condition = Expressions().Parse();
    may_ask_ = asked;
    WT_RETURN_IF_ERROR(condition.status());
    WT_ASSIGN_OR_RETURN(from, Filtered(std::move(from), *condition, select, where));
  }
  WT_RETURN_IF_ERROR(GroupBy(select));
  const auto mean = [&](ExpressionPtr& expression, bool named) -> absl::Status {
    if (expression == nullptr) return absl::OkStatus();
    const std::string name = expression->kind == ExpressionKind::kName ? expression->name : "";
    WT_ASSIGN_OR_RETURN(expression, Meant(expression, select));
    if (named && !name.empty() && expression->kind == ExpressionKind::kCall) {
      const std::optional<size_t> place = context_.places.Find(expression.get());
      expression = Expression(expression).As(name).node();
      context_.places.Put(expression, place.value_or(select.offset));
    }
    return absl::OkStatus();
  };
  for (ExpressionPtr& item : select.items) WT_RETURN_IF_ERROR(mean(item, true));
  for (ExpressionPtr& group : select.groups) WT_RETURN_IF_ERROR(mean(group, false));
  WT_RETURN_IF_ERROR(mean(select.having, false));
  ++plans_;
  shown_ = select.items;
  sortable_below_ =
      !select.grouped && !select.distinct &&
      std::ranges::none_of(select.items, [&](const ExpressionPtr& item) {
        return HasAggregate(*item, context_.functions) || IsCall(*WithoutAlias(item), kExplodeCall);
      });
  return PlanOf(context_, select, std::move(from));
}

absl::Status QueryParser::Items(Select& select) {
  do {
    const size_t offset = tokens_.offset();
    // "*", or names before it.
    size_t names = 0;
    while (tokens_.AtName(names) && tokens_.AtSign(".", names + 1)) names += 2;
    if (tokens_.AtSign("*", names)) {
      std::string star;
      for (size_t i = 0; i <= names; ++i) star += tokens_.Next().text;
      select.items.push_back(Col(std::move(star)).node());
      context_.places.Put(select.items.back(), offset);
      if (tokens_.At("EXCEPT") || tokens_.At("REPLACE")) {
        return tokens_.Error("behind a * nothing is left out yet: name the columns");
      }
      continue;
    }
    if (select.items.empty() && (tokens_.At("FROM") || tokens_.AtEnd())) {
      return tokens_.Error(absl::StrCat("columns are missing before ", tokens_.Found()));
    }
    WT_ASSIGN_OR_RETURN(ExpressionPtr item, Expressions().Parse());
    const bool as = tokens_.Take("AS");
    if (as || tokens_.AtName()) {
      if (tokens_.AtSign("(")) return tokens_.Error("one name for each column");
      // A word that is not followed by what may stand behind a column is a keyword, misspelt.
      WT_ASSIGN_OR_RETURN(std::string name, tokens_.Name("a column's name"));
      item = Expression(std::move(item)).As(std::move(name)).node();
      context_.places.Put(item, offset);
    }
    select.items.push_back(std::move(item));
  } while (tokens_.TakeSign(","));
  return absl::OkStatus();
}

absl::Status QueryParser::GroupBy(Select& select) {
  select.group_offset = tokens_.offset();
  if (tokens_.Take("GROUP")) {
    WT_RETURN_IF_ERROR(tokens_.Expect("BY"));
    select.grouped = true;
    select.by_all = tokens_.Take("ALL");
    for (const std::string_view word : {"ROLLUP", "CUBE", "GROUPING"}) {
      if (!tokens_.At(word)) continue;
      return NotYetAt(tokens_.text(), tokens_.offset(),
                      "rows are grouped in one way: write a query for each, and UNION ALL");
    }
    if (!select.by_all) {
      do {
        WT_ASSIGN_OR_RETURN(select.groups.emplace_back(), Expressions().Parse());
      } while (tokens_.TakeSign(","));
    }
    if (tokens_.At("WITH") && (tokens_.At("ROLLUP", 1) || tokens_.At("CUBE", 1))) {
      return NotYetAt(tokens_.text(), tokens_.offset(),
                      "rows are grouped in one way: write a query for each, and UNION ALL");
    }
  }
  if (tokens_.Take("HAVING")) {
    WT_ASSIGN_OR_RETURN(select.having, Expressions().Parse());
  }
  return absl::OkStatus();
}

absl::StatusOr<ExpressionPtr> QueryParser::Meant(const ExpressionPtr& expression,
                                                 const Select& select) {
  if (select.meanings.empty()) return expression;
  return Changed(expression, context_.places,
                 [&](const ExpressionPtr& node) -> absl::StatusOr<ExpressionPtr> {
                   if (node->kind != ExpressionKind::kName) return nullptr;
                   const auto meant = select.meanings.find(absl::AsciiStrToLower(node->name));
                   return meant == select.meanings.end() ? nullptr : meant->second;
                 });
}

// Queries that a condition asks are joined with; the other conditions come first.
QueryParser::Plan QueryParser::Filtered(LogicalPlanPtr from, const ExpressionPtr& where,
                                        const Select& select, size_t offset) {
  std::vector<ExpressionPtr> conjuncts;
  AddConjuncts(where, conjuncts);
  const auto subquery = [&](const ExpressionPtr& node) {
    const ExpressionPtr& asked = IsCall(*node, "not") ? node->operands[0] : node;
    return subqueries_.find(asked.get());
  };
  ExpressionPtr condition;
  for (const ExpressionPtr& conjunct : conjuncts) {
    if (subquery(conjunct) != subqueries_.end()) continue;
    condition =
        condition == nullptr ? conjunct : (Expression(condition) && Expression(conjunct)).node();
    context_.places.Put(condition, context_.places.Find(conjunct.get()).value_or(offset));
  }
  const bool asks = std::ranges::any_of(
      conjuncts, [&](const auto& each) { return subquery(each) != subqueries_.end(); });
  if (!asks) condition = where;
  if (condition != nullptr) {
    LogicalPlan filter = Over(std::move(from), PlanOperator::kFilter);
    WT_ASSIGN_OR_RETURN(filter.expressions.emplace_back(), Meant(condition, select));
    const absl::StatusOr<ExpressionPtr> checked =
        Changed(condition, context_.places,
                [&](const ExpressionPtr& node) -> absl::StatusOr<ExpressionPtr> {
                  if (!subqueries_.contains(node.get())) return nullptr;
                  return Wrong(context_.places.Find(node.get()).value_or(offset),
                               "a query is a condition by itself, beside others with AND between "
                               "them: it is joined with");
                });
    WT_RETURN_IF_ERROR(checked.status());
    from = Placed(std::move(filter), offset);
  }
  for (const ExpressionPtr& conjunct : conjuncts) {
    const auto asked = subquery(conjunct);
    if (asked == subqueries_.end()) continue;
    const bool negated = IsCall(*conjunct, "not");
    const size_t place = context_.places.Find(asked->first).value_or(offset);
    if (negated && !asked->first->operands.empty()) {
      return Wrong(place,
                   "NOT IN a query is true of no row once that gives a null: write NOT "
                   "EXISTS (SELECT ... WHERE both are equal)");
    }
    LogicalPlan join = Over(std::move(from), PlanOperator::kJoin);
    join.inputs.push_back(asked->second.plan);
    join.join = negated ? JoinType::kLeftAnti : JoinType::kLeftSemi;
    if (asked->second.condition == nullptr) {
      return Wrong(place, "EXISTS needs a WHERE in its query, which names columns of both");
    }
    WT_ASSIGN_OR_RETURN(join.expressions.emplace_back(), Meant(asked->second.condition, select));
    from = Placed(std::move(join), place);
  }
  return from;
}

absl::StatusOr<ExpressionPtr> QueryParser::ReadSubquery(const ExpressionPtr& value, size_t offset) {
  if (!may_ask_) return Wrong(offset, "a query is a condition in WHERE alone");
  may_ask_ = false;
  Subquery subquery;
  if (value == nullptr) {
    WT_RETURN_IF_ERROR(Exists(subquery));
  } else {
    const size_t begin = tokens_.offset();
    WT_ASSIGN_OR_RETURN(LogicalPlanPtr query, Query());
    const std::optional<std::string> column = OnlyColumn(*query);
    if (!column) return Wrong(begin, "a query that a value is IN names its one column");
    // A name that is nobody else's.
    const std::string name = absl::StrCat("in ", subqueries_.size() + 1, ": ", *column);
    LogicalPlan renamed = Over(std::move(query), PlanOperator::kProject);
    renamed.expressions = {Col(*column).As(name).node()};
    subquery.plan = Placed(std::move(renamed), begin);
    subquery.condition = (Expression(value) == Col(name)).node();
    context_.places.Put(subquery.condition, offset);
  }
  WT_RETURN_IF_ERROR(tokens_.ExpectSign(")"));
  may_ask_ = true;
  std::vector<Expression> operands;
  if (value != nullptr) operands.emplace_back(value);
  ExpressionPtr asked = Call("subquery", std::move(operands)).node();
  context_.places.Put(asked, offset);
  subqueries_.emplace(asked.get(), std::move(subquery));
  return asked;
}

// Of EXISTS counts which rows there are, whatever is selected of them.
absl::Status QueryParser::Exists(Subquery& subquery) {
  Select select;
  select.offset = tokens_.offset();
  WT_RETURN_IF_ERROR(tokens_.Expect("SELECT"));
  WT_RETURN_IF_ERROR(Items(select));
  WT_RETURN_IF_ERROR(tokens_.Expect("FROM"));
  WT_ASSIGN_OR_RETURN(subquery.plan, From(select));
  if (tokens_.Take("WHERE")) {
    WT_ASSIGN_OR_RETURN(const ExpressionPtr condition, Expressions().Parse());
    WT_ASSIGN_OR_RETURN(subquery.condition, Meant(condition, select));
  }
  if (tokens_.AtSign(")")) return absl::OkStatus();
  return tokens_.Error("the query of EXISTS is SELECT ... FROM ... WHERE ..., and no more");
}

}  // namespace wavetank::runtime::sql
