#include "runtime/structured/sql_session.h"

#include <algorithm>
#include <utility>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

#include "platform/nearest_name.h"
#include "platform/status_macros.h"
#include "platform/text.h"
#include "runtime/connectors/connector_registry.h"
#include "runtime/plan/analyser.h"
#include "runtime/sql/sql_error.h"
#include "runtime/structured/compile_query.h"
#include "runtime/structured/query_check.h"
#include "runtime/structured/sql_table.h"
#include "runtime/structured/sql_text.h"

namespace wavetank::runtime {
namespace {

std::string Key(const std::string& name) { return absl::AsciiStrToLower(name); }

// The nearest node above `node`, itself among them, whose place is known.
std::optional<size_t> PlaceAbove(const LogicalPlanPtr& root, const LogicalPlan* node,
                                 const sql::Places& places) {
  const std::vector<LogicalPlanPtr> order = InOrder(root);
  // Inputs come before what reads them: once a node is on the way, what reads it is further on.
  absl::flat_hash_set<const LogicalPlan*> way = {node};
  for (const LogicalPlanPtr& each : order) {
    const bool reads = std::ranges::any_of(
        each->inputs, [&](const LogicalPlanPtr& input) { return way.contains(input.get()); });
    if (!way.contains(each.get()) && !reads) continue;
    const std::optional<size_t> place = places.Find(each.get());
    if (place) return place;
    way.insert(each.get());
  }
  return std::nullopt;
}

}  // namespace

absl::StatusOr<SqlResult> Session::Sql(std::string_view text) {
  WT_ASSIGN_OR_RETURN(std::vector<SqlResult> results, SqlSession(*this).Run(text));
  return results.empty() ? SqlResult() : std::move(results.back());
}

SqlSession::SqlSession(Session& session, SqlPath path)
    : session_(session),
      catalogue_(*(session.sql_ == nullptr ? session.sql_ = std::make_shared<SqlCatalogue>()
                                           : session.sql_)),
      path_(std::move(path)) {}

absl::StatusOr<std::vector<SqlResult>> SqlSession::Run(std::string_view text) {
  text_ = text;
  WT_ASSIGN_OR_RETURN(sql::Script script, sql::Script::Of(text));
  std::vector<SqlResult> results;
  while (true) {
    WT_ASSIGN_OR_RETURN(const std::optional<sql::Statement> statement,
                        script.Next(catalogue_.relations, session_.functions()));
    if (!statement) return results;
    WT_ASSIGN_OR_RETURN(results.emplace_back(), Execute(*statement));
  }
}

absl::StatusOr<SqlResult> SqlSession::Execute(const sql::Statement& statement) {
  statement_ = &statement;
  absl::StatusOr<SqlResult> result =
      std::visit([this](const auto& what) { return Do(what); }, statement.what);
  statement_ = nullptr;
  return result;
}

absl::Status SqlSession::Wrong(size_t offset, std::string_view what) const {
  return sql::ErrorAt(text_, offset, what);
}

absl::Status SqlSession::At(const absl::Status& error, const LogicalPlanPtr& plan,
                            const FailurePlace& place) const {
  std::optional<size_t> offset = statement_->places.Find(place.expression);
  if (!offset && place.node != nullptr) {
    offset = PlaceAbove(plan, place.node, statement_->places);
  }
  const std::string_view why = platform::ToStd(error.message());
  const size_t at = offset.value_or(statement_->begin);
  return absl::IsUnimplemented(error) ? sql::NotYetAt(text_, at, why) : Wrong(at, why);
}

absl::StatusOr<LogicalPlanPtr> SqlSession::Analysed(const LogicalPlanPtr& plan) const {
  StreamingQueryDefinition definition;
  definition.plan = plan;
  definition.functions = session_.functions_;
  definition.connectors = session_.connectors_;
  FailurePlace place;
  absl::StatusOr<LogicalPlanPtr> analysed = AnalysePlan(definition, &place);
  if (!analysed.ok()) return At(analysed.status(), plan, place);
  return analysed;
}

absl::Status SqlSession::CheckNew(const std::string& name, size_t offset, bool replace) const {
  if (replace || !catalogue_.relations.contains(Key(name))) return absl::OkStatus();
  return Wrong(
      offset, absl::StrCat("there is a \"", name, "\" already: CREATE OR REPLACE takes its place"));
}

absl::StatusOr<SqlResult> SqlSession::Do(const sql::CreateTable& table) {
  if (table.if_not_exists && catalogue_.relations.contains(Key(table.name))) return SqlResult();
  WT_RETURN_IF_ERROR(CheckNew(table.name, table.offset, table.replace));
  sql::CreateTable known = table;
  WT_RETURN_IF_ERROR(CheckTable(text_, session_.connectors(), known));
  for (sql::TableOption& option : known.options) {
    if (path_ == nullptr || (option.key != kPathOption && option.key != kCheckpointOption)) {
      continue;
    }
    if (option.key == kPathOption && !ReadsDirectory(known, session_.connectors())) continue;
    WT_ASSIGN_OR_RETURN(option.value, path_(Key(known.name), option.key, option.value));
  }
  WT_ASSIGN_OR_RETURN(LogicalPlanPtr relation, RelationOf(text_, known, session_.connectors()));
  catalogue_.relations[Key(table.name)] = std::move(relation);
  catalogue_.tables[Key(table.name)] = std::move(known);
  return SqlResult();
}

absl::StatusOr<SqlResult> SqlSession::Do(const sql::CreateView& view) {
  if (view.if_not_exists && catalogue_.relations.contains(Key(view.name))) return SqlResult();
  WT_RETURN_IF_ERROR(CheckNew(view.name, view.offset, view.replace));
  WT_RETURN_IF_ERROR(Analysed(view.plan).status());
  catalogue_.tables.erase(Key(view.name));
  catalogue_.relations[Key(view.name)] = view.plan;
  return SqlResult();
}

absl::StatusOr<SqlResult> SqlSession::Do(const sql::Query& query) {
  WT_RETURN_IF_ERROR(Analysed(query.plan).status());
  return SqlResult{.rows = DataFrame(&session_, query.plan)};
}

absl::StatusOr<SqlResult> SqlSession::Do(const sql::Insert& insert) {
  WT_ASSIGN_OR_RETURN(DataStreamWriter writer, WriterOf(insert));
  writer.Start();
  return SqlResult();
}

absl::StatusOr<DataStreamWriter> SqlSession::WriterOf(const sql::Insert& insert) {
  const auto found = catalogue_.tables.find(Key(insert.table));
  if (found == catalogue_.tables.end()) {
    if (catalogue_.relations.contains(Key(insert.table))) {
      return Wrong(insert.offset,
                   absl::StrCat(insert.table, " is a view: rows are inserted into a table"));
    }
    std::vector<std::string> names;
    for (const auto& [name, table] : catalogue_.tables) names.push_back(name);
    return Wrong(insert.offset, absl::StrCat("there is no table \"", insert.table, "\"",
                                             platform::Suggestion(Key(insert.table), names)));
  }
  const sql::CreateTable& table = found->second;
  WT_ASSIGN_OR_RETURN(const LogicalPlanPtr plan, WithColumnsOf(table, insert));
  DataStreamWriter writer = DataFrame(&session_, plan).WriteStream();
  std::string name = table.name;
  const auto taken = [&](const StreamingQueryDefinition& query) { return query.name == name; };
  for (int i = 2; std::ranges::any_of(session_.queries(), taken); ++i) {
    name = absl::StrCat(table.name, "-", i);
  }
  writer.QueryName(name);
  const absl::Status set = SetWriter(table, session_.connectors(), writer);
  if (!set.ok()) return Wrong(insert.offset, platform::ToStd(set.message()));
  StreamingQueryDefinition definition = writer.definition();
  definition.functions = session_.functions_;
  definition.connectors = session_.connectors_;
  const absl::Status checked = CheckDefinition(definition);
  if (!checked.ok()) return Wrong(insert.offset, platform::ToStd(checked.message()));
  FailurePlace place;
  const absl::Status analysed = AnalyseQuery(definition, {.place = &place}).status();
  if (!analysed.ok()) return At(analysed, plan, place);
  return writer;
}

absl::StatusOr<LogicalPlanPtr> SqlSession::WithColumnsOf(const sql::CreateTable& table,
                                                         const sql::Insert& insert) {
  WT_ASSIGN_OR_RETURN(const LogicalPlanPtr analysed, Analysed(insert.plan));
  const std::vector<Attribute>& given = analysed->output;
  std::vector<Field> columns = table.columns;
  std::vector<size_t> from(columns.size());
  for (size_t i = 0; i < from.size(); ++i) from[i] = i;
  if (!insert.columns.empty() && columns.empty()) {
    return Wrong(insert.offset, absl::StrCat(insert.table,
                                             " was created without columns: name them in the "
                                             "SELECT, or in CREATE TABLE"));
  }
  if (!insert.columns.empty()) {
    for (size_t i = 0; i < columns.size(); ++i) {
      const auto named = std::ranges::find_if(insert.columns, [&](const std::string& name) {
        return absl::EqualsIgnoreCase(name, columns[i].name);
      });
      if (named == insert.columns.end()) {
        return Wrong(insert.offset, absl::StrCat("nothing is inserted into the column ",
                                                 columns[i].name, " of ", insert.table));
      }
      from[i] = static_cast<size_t>(named - insert.columns.begin());
    }
  }
  if (columns.empty()) return insert.plan;
  const size_t wanted = insert.columns.empty() ? columns.size() : insert.columns.size();
  if (given.size() != wanted || wanted != columns.size()) {
    return Wrong(insert.offset, absl::StrCat(insert.table, " has ", columns.size(),
                                             " columns, and the query gives ", given.size(), ": ",
                                             NamesOf(given)));
  }
  LogicalPlan project;
  project.op = PlanOperator::kProject;
  project.inputs = {insert.plan};
  bool as_it_is = true;
  for (size_t i = 0; i < columns.size(); ++i) {
    const Attribute& column = given[from[i]];
    as_it_is = as_it_is && from[i] == i && column.name == columns[i].name &&
               column.type == columns[i].type;
    Expression value = Col(column.name);
    if (column.type != columns[i].type) {
      if (!FitsInto(column.type, columns[i].type)) {
        return Wrong(insert.offset,
                     absl::StrCat("the column ", columns[i].name, " of ", insert.table, " is ",
                                  DataTypeName(columns[i].type), ", and the query gives ",
                                  column.name, ": ", DataTypeName(column.type), ": CAST it"));
      }
      value = value.Cast(columns[i].type);
    }
    project.expressions.push_back(value.As(columns[i].name).node());
  }
  if (as_it_is) return insert.plan;
  return std::make_shared<const LogicalPlan>(std::move(project));
}

absl::StatusOr<StreamingQueryDefinition> SqlSession::DefinitionOf(const sql::Query& query) const {
  WT_RETURN_IF_ERROR(Analysed(query.plan).status());
  StreamingQueryDefinition definition = DataFrame(&session_, query.plan).WriteStream().definition();
  definition.name = "query";
  definition.sink_format = "noop";
  definition.functions = session_.functions_;
  definition.connectors = session_.connectors_;
  absl::Status first;
  for (const char* const mode : {"append", "update", "complete"}) {
    definition.output_mode = mode;
    FailurePlace place;
    const absl::Status analysed = AnalyseQuery(definition, {.place = &place}).status();
    if (analysed.ok()) return definition;
    first.Update(At(analysed, query.plan, place));
  }
  return first;
}

absl::StatusOr<SqlResult> SqlSession::Do(const sql::Explain& explain) {
  StreamingQueryDefinition definition;
  if (const auto* const query = std::get_if<sql::Query>(&explain.what)) {
    WT_ASSIGN_OR_RETURN(definition, DefinitionOf(*query));
  } else {
    WT_ASSIGN_OR_RETURN(const DataStreamWriter writer,
                        WriterOf(std::get<sql::Insert>(explain.what)));
    definition = writer.definition();
    definition.functions = session_.functions_;
    definition.connectors = session_.connectors_;
  }
  WT_ASSIGN_OR_RETURN(std::string text, ExplainText(definition, explain.formatted));
  return SqlResult{.text = std::move(text)};
}

absl::StatusOr<SqlResult> SqlSession::Do(const sql::Show& show) {
  if (show.what == sql::Show::What::kFunctions) {
    return SqlResult{.text = FunctionNames(session_.functions(), show.like)};
  }
  std::string text;
  for (const auto& [name, relation] : catalogue_.relations) {
    const bool table = catalogue_.tables.contains(name);
    if (table != (show.what == sql::Show::What::kTables) || !MatchesStars(show.like, name))
      continue;
    absl::StrAppend(&text, name, "\n");
  }
  return SqlResult{.text = std::move(text)};
}

absl::StatusOr<SqlResult> SqlSession::Do(const sql::Describe& describe) {
  if (describe.what == sql::Describe::What::kFunction) {
    absl::StatusOr<std::string> text = FunctionText(session_.functions(), describe.name);
    if (!text.ok()) return Wrong(statement_->begin, platform::ToStd(text.status().message()));
    return SqlResult{.text = *std::move(text)};
  }
  WT_ASSIGN_OR_RETURN(const LogicalPlanPtr analysed, Analysed(describe.plan));
  std::string text = ColumnsText(analysed->output);
  const auto table = catalogue_.tables.find(Key(describe.name));
  if (describe.what == sql::Describe::What::kTable && table != catalogue_.tables.end()) {
    text += TableText(table->second);
  }
  return SqlResult{.text = std::move(text)};
}

absl::StatusOr<SqlResult> SqlSession::Do(const sql::Drop& drop) {
  const std::string key = Key(drop.name);
  const bool is_table = catalogue_.tables.contains(key);
  if (!catalogue_.relations.contains(key)) {
    if (drop.if_exists) return SqlResult();
    std::vector<std::string> names;
    for (const auto& [name, relation] : catalogue_.relations) names.push_back(name);
    return Wrong(drop.offset,
                 absl::StrCat("there is no \"", drop.name, "\"", platform::Suggestion(key, names)));
  }
  if (is_table == drop.view) {
    return Wrong(drop.offset, absl::StrCat(drop.name, " is a ", is_table ? "table" : "view",
                                           ": DROP ", is_table ? "TABLE" : "VIEW"));
  }
  // What stands at its path stays.
  catalogue_.tables.erase(key);
  catalogue_.relations.erase(key);
  return SqlResult();
}

}  // namespace wavetank::runtime
