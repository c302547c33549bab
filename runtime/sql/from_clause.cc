// What stands in FROM (query_parser.h): tables and queries with names, joins, lateral views.
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"

#include "platform/nearest_name.h"
#include "platform/status_macros.h"
#include "platform/text.h"
#include "runtime/sql/query_parser.h"
#include "runtime/sql/sql_error.h"

namespace wavetank::runtime::sql {
namespace {

// Whether a query begins here, in as many parentheses as may be.
bool BeginsQuery(const TokenStream& tokens) {
  size_t ahead = 0;
  while (tokens.AtSign("(", ahead)) ++ahead;
  return tokens.At("SELECT", ahead) || tokens.At("WITH", ahead) || tokens.At("VALUES", ahead);
}

std::string Lower(const std::string& name) { return absl::AsciiStrToLower(name); }

}  // namespace

QueryParser::Plan QueryParser::From(Select& select) {
  WT_ASSIGN_OR_RETURN(LogicalPlanPtr plan, Joined(select));
  while (tokens_.AtSign(",")) {
    const size_t offset = tokens_.offset();
    tokens_.Next();
    Select right;
    WT_ASSIGN_OR_RETURN(LogicalPlanPtr other, Joined(right));
    LogicalPlan join;
    join.op = PlanOperator::kJoin;
    join.inputs = {std::move(plan), std::move(other)};
    select.relations.insert(select.relations.end(), right.relations.begin(), right.relations.end());
    select.meanings.merge(right.meanings);
    plan = Placed(std::move(join), offset);
    WT_RETURN_IF_ERROR(CheckParts());
  }
  while (tokens_.At("LATERAL")) {
    WT_RETURN_IF_ERROR(CheckParts());
    WT_ASSIGN_OR_RETURN(plan, LateralView(std::move(plan), select));
  }
  return plan;
}

QueryParser::Plan QueryParser::Joined(Select& select) {
  WT_ASSIGN_OR_RETURN(LogicalPlanPtr plan, Table(select));
  while (true) {
    const size_t offset = tokens_.offset();
    WT_ASSIGN_OR_RETURN(const std::optional<JoinType> type, JoinKind());
    if (!type) return plan;
    Select right;
    WT_ASSIGN_OR_RETURN(LogicalPlanPtr other, Table(right));
    LogicalPlan join;
    join.op = PlanOperator::kJoin;
    join.join = *type;
    join.inputs = {std::move(plan), std::move(other)};
    Select both = select;
    both.relations.insert(both.relations.end(), right.relations.begin(), right.relations.end());
    both.meanings.insert(right.meanings.begin(), right.meanings.end());
    if (tokens_.Take("ON")) {
      WT_ASSIGN_OR_RETURN(const ExpressionPtr condition, Expressions().Parse());
      WT_ASSIGN_OR_RETURN(join.expressions.emplace_back(), Meant(condition, both));
    } else if (tokens_.At("USING")) {
      WT_ASSIGN_OR_RETURN(join.expressions.emplace_back(), Using(select, right, *type, both));
    }
    select = std::move(both);
    plan = Placed(std::move(join), offset);
    WT_RETURN_IF_ERROR(CheckParts());
  }
}

// As far as the word JOIN; nullopt: no join stands here.
absl::StatusOr<std::optional<JoinType>> QueryParser::JoinKind() {
  if (tokens_.At("NATURAL")) {
    return tokens_.Error("a NATURAL join depends on what columns there are: name them with USING");
  }
  std::optional<JoinType> type;
  if (tokens_.Take("INNER") || tokens_.Take("CROSS") || tokens_.At("JOIN")) {
    type = JoinType::kInner;
  } else if (tokens_.Take("LEFT")) {
    type = tokens_.Take("SEMI")   ? JoinType::kLeftSemi
           : tokens_.Take("ANTI") ? JoinType::kLeftAnti
                                  : JoinType::kLeft;
    if (*type == JoinType::kLeft) tokens_.Take("OUTER");
  } else if (tokens_.Take("RIGHT")) {
    tokens_.Take("OUTER");
    type = JoinType::kRight;
  } else if (tokens_.Take("FULL")) {
    tokens_.Take("OUTER");
    type = JoinType::kFull;
  } else if (tokens_.Take("SEMI")) {
    type = JoinType::kLeftSemi;
  } else if (tokens_.Take("ANTI")) {
    type = JoinType::kLeftAnti;
  }
  if (type) WT_RETURN_IF_ERROR(tokens_.Expect("JOIN"));
  return type;
}

// Both sides' columns of a name are equal, and are one under that name alone.
absl::StatusOr<ExpressionPtr> QueryParser::Using(const Select& left, const Select& right,
                                                 JoinType type, Select& both) {
  tokens_.Next();
  WT_RETURN_IF_ERROR(tokens_.ExpectSign("("));
  ExpressionPtr condition;
  do {
    const size_t at = tokens_.offset();
    WT_ASSIGN_OR_RETURN(const std::string column, tokens_.Name("a column's name"));
    const auto of = [&](const Select& side) -> absl::StatusOr<ExpressionPtr> {
      const auto meant = side.meanings.find(Lower(column));
      if (meant != side.meanings.end()) return meant->second;
      if (side.relations.size() == 1 && !side.relations[0].empty()) {
        return Col(absl::StrCat(side.relations[0], ".", column)).node();
      }
      return Wrong(at, absl::StrCat("of which table ", column,
                                    " is cannot be told here: write ON, "
                                    "with the tables' names"));
    };
    WT_ASSIGN_OR_RETURN(const ExpressionPtr a, of(left));
    WT_ASSIGN_OR_RETURN(const ExpressionPtr b, of(right));
    for (const ExpressionPtr& each : {a, b}) context_.places.Put(each, at);
    const Expression equal = Expression(a) == Expression(b);
    condition = condition == nullptr ? equal.node() : (Expression(condition) && equal).node();
    context_.places.Put(condition, at);
    both.meanings[Lower(column)] = type == JoinType::kRight ? b
                                   : type == JoinType::kFull
                                       ? Coalesce({Expression(a), Expression(b)}).node()
                                       : a;
  } while (tokens_.TakeSign(","));
  WT_RETURN_IF_ERROR(tokens_.ExpectSign(")"));
  return condition;
}

QueryParser::Plan QueryParser::Find(const std::string& name, size_t offset) const {
  std::vector<std::string> names;
  for (const Relations* relations : {&common_, &relations_}) {
    const auto found = relations->find(Lower(name));
    if (found != relations->end()) return found->second;
    for (const auto& [known, plan] : *relations) names.push_back(known);
  }
  if (names.empty()) {
    return Wrong(offset, absl::StrCat("there is no table \"", name,
                                      "\", nor any other: CREATE TABLE says what there is"));
  }
  return Wrong(offset, absl::StrCat("there is no table \"", name, "\"",
                                    platform::Suggestion(Lower(name), names)));
}

QueryParser::Plan QueryParser::Named(LogicalPlanPtr plan, std::string name, Select& select,
                                     size_t offset) {
  if (tokens_.At("FOR", "SYSTEM_TIME")) {
    return NotYetAt(tokens_.text(), tokens_.offset(),
                    "there is no join with a table as it is at a time yet: without FOR SYSTEM_TIME "
                    "it is a stream, too, of which all that has come is kept");
  }
  const bool as = tokens_.Take("AS");
  if (as || tokens_.AtName()) {
    WT_ASSIGN_OR_RETURN(name, tokens_.Name("a table's name"));
    if (tokens_.AtSign("(")) {
      return tokens_.Error("columns have no names here: name them in a SELECT");
    }
  }
  if (tokens_.At("TABLESAMPLE")) return tokens_.Error("there are no samples of tables");
  select.relations.push_back(name);
  if (name.empty()) return plan;
  LogicalPlan named;
  named.op = PlanOperator::kNamed;
  named.name = std::move(name);
  named.inputs = {std::move(plan)};
  return Placed(std::move(named), offset);
}

QueryParser::Plan QueryParser::Table(Select& select) {
  const size_t offset = tokens_.offset();
  if (tokens_.AtSign("(")) {
    const sql::Nested nested(context_);
    WT_RETURN_IF_ERROR(nested.Check());
    if (!BeginsQuery(tokens_)) {
      tokens_.Next();
      WT_ASSIGN_OR_RETURN(LogicalPlanPtr plan, Joined(select));
      WT_RETURN_IF_ERROR(tokens_.ExpectSign(")"));
      return plan;
    }
    tokens_.Next();
    WT_ASSIGN_OR_RETURN(LogicalPlanPtr plan, Query());
    WT_RETURN_IF_ERROR(tokens_.ExpectSign(")"));
    return Named(std::move(plan), "", select, offset);
  }
  if (tokens_.At("VALUES") || tokens_.At("LATERAL")) {
    return tokens_.Error(absl::StrCat(tokens_.Found(),
                                      " is no table here: name one, or write a "
                                      "query between parentheses"));
  }
  WT_ASSIGN_OR_RETURN(const std::string name, tokens_.Name("a table's name"));
  if (tokens_.AtSign("(")) {
    return Wrong(offset, absl::StrCat("there is no table function ", name, " yet"));
  }
  if (tokens_.AtSign(".")) {
    return Wrong(offset, absl::StrCat("tables are in no database here: leave out \"", name, ".\""));
  }
  WT_ASSIGN_OR_RETURN(LogicalPlanPtr plan, Find(name, offset));
  return Named(std::move(plan), name, select, offset);
}

// LATERAL VIEW [OUTER] explode(array) t AS c: a row for each element, a column c beside the others;
// OUTER: one where there is none.
QueryParser::Plan QueryParser::LateralView(LogicalPlanPtr plan, Select& select) {
  const size_t offset = tokens_.offset();
  tokens_.Next();
  WT_RETURN_IF_ERROR(tokens_.Expect("VIEW"));
  const bool outer = tokens_.Take("OUTER");
  const size_t at = tokens_.offset();
  WT_ASSIGN_OR_RETURN(ExpressionPtr call, Expressions().Parse());
  if (!IsCall(*call, kExplodeCall)) {
    return Wrong(at, "a lateral view makes rows of an array: LATERAL VIEW explode(array)");
  }
  if (outer && call->operands.size() == 1) {  // else it is refused as any other
    call = Explode(OrOneNull(Expression(call->operands[0]))).node();
    context_.places.Put(call, at);
  }
  WT_ASSIGN_OR_RETURN(call, Meant(call, select));
  std::string table;
  std::string column = "col";
  if (tokens_.AtName() && !tokens_.At("AS")) {
    WT_ASSIGN_OR_RETURN(table, tokens_.Name("a view's name"));
  }
  if (tokens_.Take("AS")) {
    WT_ASSIGN_OR_RETURN(column, tokens_.Name("a column's name"));
    if (tokens_.AtSign(",") && tokens_.AtName(1) && !tokens_.AtSign("(", 2)) {
      return tokens_.Error("explode gives one column");
    }
  }
  if (!table.empty()) {
    select.meanings[Lower(absl::StrCat(table, ".", column))] = Col(column).node();
  }
  LogicalPlan with;
  with.op = PlanOperator::kWithColumn;
  with.inputs = {std::move(plan)};
  with.expressions = {std::move(call)};
  with.name = std::move(column);
  return Placed(std::move(with), offset);
}

}  // namespace wavetank::runtime::sql
