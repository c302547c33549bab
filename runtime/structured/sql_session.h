// Statements of SQL, run: what sql/ parses becomes tables and views of a session, and queries.
//
//   Session session;
//   session.Sql("CREATE TABLE lines (value STRING) USING text OPTIONS (path 'in');"
//               "CREATE TABLE words USING csv OPTIONS (path 'out', outputMode 'update');"
//               "INSERT INTO words SELECT value, count(*) AS n FROM lines GROUP BY value");
//
// - A table is a format of the registry and its options: where it stands in FROM it is read as
//   ReadStream() reads it, INSERT INTO writes it as WriteStream() does. Each side takes the options
//   that it knows; one that neither knows is refused. Those of INSERT INTO are also "outputMode"
//   ("append"), "queryName" (the table's name) and "trigger" ("availableNow", "once", or a time
//   between batches, "10 seconds").
// - Columns of a table that is written are filled in their order.
// - An error says where in the text it is; what ran before it has been done, and nothing of what
//   comes after.
#ifndef WAVETANK_RUNTIME_STRUCTURED_SQL_SESSION_H_
#define WAVETANK_RUNTIME_STRUCTURED_SQL_SESSION_H_

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

#include "runtime/sql/script.h"
#include "runtime/sql/statement.h"
#include "runtime/structured/data_frame.h"

namespace wavetank::runtime {

struct FailurePlace;  // plan/analyser.h

// What a statement gives.
struct SqlResult {
  // For people, in whole lines: of SHOW, DESCRIBE, EXPLAIN.
  std::string text = {};
  // Of a SELECT.
  std::optional<DataFrame> rows = std::nullopt;
};

// The tables and views of a session.
struct SqlCatalogue {
  std::map<std::string, sql::CreateTable> tables;  // by their names in lower case
  sql::Relations relations;                        // of these, and of views
};

// Where a path leads that a table's option ("path", "checkpointLocation") says.
using SqlPath = std::function<absl::StatusOr<std::string>(
    const std::string& table, const std::string& option, const std::string& path)>;

class SqlSession {
 public:
  // `session` outlives it. `path`: null takes paths as they are.
  explicit SqlSession(Session& session, SqlPath path = nullptr);

  // What each statement gives, in their order. kInvalidArgument, kUnimplemented.
  absl::StatusOr<std::vector<SqlResult>> Run(std::string_view text);

 private:
  absl::StatusOr<SqlResult> Execute(const sql::Statement& statement);
  absl::StatusOr<SqlResult> Do(const sql::CreateTable& table);
  absl::StatusOr<SqlResult> Do(const sql::CreateView& view);
  absl::StatusOr<SqlResult> Do(const sql::Insert& insert);
  absl::StatusOr<SqlResult> Do(const sql::Query& query);
  absl::StatusOr<SqlResult> Do(const sql::Explain& explain);
  absl::StatusOr<SqlResult> Do(const sql::Show& show);
  absl::StatusOr<SqlResult> Do(const sql::Describe& describe);
  absl::StatusOr<SqlResult> Do(const sql::Drop& drop);

  absl::Status CheckNew(const std::string& name, size_t offset, bool replace) const;
  // The query that an INSERT INTO is, checked.
  absl::StatusOr<DataStreamWriter> WriterOf(const sql::Insert& insert);
  absl::StatusOr<StreamingQueryDefinition> DefinitionOf(const sql::Query& query) const;
  // The plan with the columns that the table has.
  absl::StatusOr<LogicalPlanPtr> WithColumnsOf(const sql::CreateTable& table,
                                               const sql::Insert& insert);
  absl::StatusOr<LogicalPlanPtr> Analysed(const LogicalPlanPtr& plan) const;
  absl::Status Wrong(size_t offset, std::string_view what) const;
  // `error`, of a plan, with its place.
  absl::Status At(const absl::Status& error, const LogicalPlanPtr& plan,
                  const FailurePlace& place) const;

  Session& session_;
  SqlCatalogue& catalogue_;
  const SqlPath path_;
  std::string_view text_;                      // of the script
  const sql::Statement* statement_ = nullptr;  // that is executed
};

}  // namespace wavetank::runtime

#endif  // WAVETANK_RUNTIME_STRUCTURED_SQL_SESSION_H_
