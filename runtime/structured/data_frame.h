// DataFrame: how a structured query is built. A Session hands out readers, a reader's Load gives a
// DataFrame, its methods give further ones, and WriteStream().Start() adds a query to the session:
//
//   DataFrame words = session.ReadStream().Format("text").Load(directory)
//                         .Select({Explode(Split(Col("value"), " ")).As("word")});
//   words.GroupBy({Col("word")}).Count()
//        .WriteStream().OutputMode("update").Format("file").Option("path", out).Start();
//
// Building never fails and does nothing: mistakes are found when the query is compiled
// (compile_query.h), all with what is wrong, which column, what there is and what to do.
// DataFrames are immutable values, cheap to copy; readers and writers are changed by their methods.
#ifndef WAVETANK_RUNTIME_STRUCTURED_DATA_FRAME_H_
#define WAVETANK_RUNTIME_STRUCTURED_DATA_FRAME_H_

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"

#include "runtime/functions/registry.h"
#include "runtime/plan/expression.h"
#include "runtime/plan/logical_plan.h"

namespace wavetank::platform {
template <typename T>
class Task;
}  // namespace wavetank::platform

namespace wavetank::runtime {

class ConnectorRegistry;  // connectors/connector_registry.h
struct SinkFormat;
struct SourceFormat;
class PreparedBatch;  // connectors/batch_function.h
using BatchFunction = std::function<platform::Task<absl::Status>(PreparedBatch& batch)>;

struct SqlCatalogue;  // structured/sql_session.h
struct SqlResult;

// What one WriteStream()...Start() asked for, unchecked.
struct StreamingQueryDefinition {
  std::string name;  // QueryName; "query-<n>" by default
  LogicalPlanPtr plan;
  std::string output_mode = "append";          // "append", "update" or "complete"
  std::string sink_format;                     // of connectors/connector_registry.h
  std::map<std::string, std::string> options;  // "path", "checkpointLocation", ...
  absl::Duration trigger_interval;             // zero: as soon as there is data
  bool available_now = false;                  // ends once what was there at its start is read
  bool once = false;                           // likewise, and reads it as one batch
  // The job's own functions among them; null: the built-in ones alone.
  std::shared_ptr<const FunctionRegistry> functions = nullptr;
  // Its own sources and sinks, likewise.
  std::shared_ptr<const ConnectorRegistry> connectors = nullptr;
  const ConnectorRegistry& Connectors() const;
  // Of ForeachBatch: in place of a format.
  std::shared_ptr<const SinkFormat> own_sink = nullptr;
  // kInvalidArgument: there is none of that format; the nearest is named.
  absl::StatusOr<const SinkFormat*> Sink() const;
};

// Holds the queries of a job, in the order in which they were started.
class Session {
 public:
  class DataStreamReader ReadStream();
  // Makes a function of the job callable by its name, in this session's queries (user_function.h):
  // every node runs the job's code, and plans hold names alone. kAlreadyExists: there is one.
  absl::Status RegisterFunction(Function function);
  // The same of a source or a sink, by its format.
  absl::Status RegisterSource(const SourceFormat& format);
  absl::Status RegisterSink(const SinkFormat& format);
  // Runs statements of SQL, one after the other: tables and views are the session's, an INSERT INTO
  // adds a query. Gives what the last one gives (sql_session.h). kInvalidArgument: line, column,
  // and what is wrong there.
  absl::StatusOr<SqlResult> Sql(std::string_view text);
  // Whether the job has code of its own in its queries.
  bool has_own_code() const;
  // Its own among them.
  const FunctionRegistry& functions() const;
  const ConnectorRegistry& connectors() const;
  // What went wrong while the job built its queries: it is refused with that. The first counts.
  void AddError(const absl::Status& error) { error_.Update(error); }
  const absl::Status& error() const { return error_; }
  const std::vector<StreamingQueryDefinition>& queries() const { return queries_; }

 private:
  friend class DataStreamWriter;
  friend class SqlSession;
  template <typename Registry, typename Add>
  absl::Status Register(std::shared_ptr<Registry>& mine,
                        std::shared_ptr<const Registry> StreamingQueryDefinition::* theirs,
                        const Add& add);

  std::vector<StreamingQueryDefinition> queries_;
  std::shared_ptr<FunctionRegistry> functions_;    // null: the built-in ones alone
  std::shared_ptr<ConnectorRegistry> connectors_;  // likewise
  std::shared_ptr<SqlCatalogue> sql_;              // null: no statement was run
  absl::Status error_;
};

// Of OrderBy: a column, or Desc(column). Ascending nulls come first, descending ones last.
struct SortColumn {
  SortColumn(Expression column) : by(std::move(column)) {}  // NOLINT: a column is ascending
  SortColumn(Expression column, SortOrder direction) : by(std::move(column)), order(direction) {}
  Expression by;
  SortOrder order = {};
};
inline SortColumn Desc(Expression by) {
  return {std::move(by), {.descending = true, .nulls_last = true}};
}

class DataFrame {
 public:
  DataFrame(Session* session, LogicalPlanPtr plan) : session_(session), plan_(std::move(plan)) {}

  DataFrame Select(std::vector<Expression> columns) const;
  DataFrame Where(Expression condition) const;
  DataFrame Filter(Expression condition) const { return Where(std::move(condition)); }
  // Adds a column, or replaces the one of that name in its place.
  DataFrame WithColumn(std::string name, Expression value) const;
  // Declares the event time: rows may come up to `delay` after the newest one seen.
  DataFrame WithWatermark(std::string column, absl::Duration delay) const;
  // Keys are columns or expressions, and at most one Window. No keys: one group of all rows.
  class GroupedData GroupBy(std::vector<Expression> keys) const;
  // All rows in an order, which a later sort or aggregate loses; the first so many.
  DataFrame OrderBy(std::vector<SortColumn> columns) const;
  DataFrame Limit(int64_t rows) const;
  // A name for its columns: "name.column", where several inputs have one of that name.
  DataFrame Alias(std::string name) const;
  // Every pair of rows for which the condition is true; left, right and full keep rows without a
  // partner, beside nulls; semi and anti keep the left row alone, if it has one, or has none.
  DataFrame Join(const DataFrame& right, Expression condition,
                 JoinType type = JoinType::kInner) const;
  // The rows of both, columns by their place.
  DataFrame Union(const DataFrame& other) const;
  // The first row of those alike in the columns; none: in all.
  DataFrame DropDuplicates(std::vector<std::string> columns = {}) const;
  // Likewise, of rows that are alike and come within the watermark's delay of the first one's event
  // time, whatever their own times: so what is kept has a bound though no key is a time. Those that
  // are further apart may be dropped, too.
  DataFrame DropDuplicatesWithinWatermark(std::vector<std::string> columns = {}) const;
  class DataStreamWriter WriteStream() const;

  const LogicalPlanPtr& plan() const { return plan_; }

 private:
  friend class GroupedData;
  DataFrame WithoutDuplicates(PlanOperator op, const std::vector<std::string>& columns) const;

  Session* session_;  // outlives the job's plan
  LogicalPlanPtr plan_;
};

class GroupedData {
 public:
  GroupedData(DataFrame input, std::vector<Expression> keys)
      : input_(std::move(input)), keys_(std::move(keys)) {}

  // The keys, and the number of rows as "count".
  DataFrame Count() const;
  // The keys, and aggregates: Agg({Count().As("n"), Max(Col("time"))}).
  DataFrame Agg(std::vector<Expression> aggregates) const;

 private:
  DataFrame input_;
  std::vector<Expression> keys_;
};

class DataStreamReader {
 public:
  explicit DataStreamReader(Session* session) : session_(session) {}

  DataStreamReader& Format(std::string format);
  DataStreamReader& Option(std::string key, std::string value);
  // The columns, of formats whose files do not name them, as SQL writes them: "id BIGINT, at
  // TIMESTAMP" (columnar/ddl.h).
  DataStreamReader& Schema(std::string ddl);
  // "": of a format that reads no path.
  DataFrame Load(std::string path = "");

 private:
  Session* session_;
  SourceDescription source_;
};

class DataStreamWriter {
 public:
  DataStreamWriter(Session* session, LogicalPlanPtr plan);

  DataStreamWriter& QueryName(std::string name);
  DataStreamWriter& OutputMode(std::string mode);
  DataStreamWriter& Format(std::string format);
  DataStreamWriter& Option(std::string key, std::string value);
  DataStreamWriter& ProcessingTime(absl::Duration interval);
  // The query reads what is there when it starts, in as many batches as its limits make of it, and
  // ends.
  DataStreamWriter& AvailableNow();
  // Likewise in one batch, whatever the sources' limits: what is too much at once for its memory
  // fails. A batch that an earlier start has left open is finished first (Spark: and is the one).
  // Spark deprecates it for AvailableNow.
  DataStreamWriter& Once();
  // The function is given each batch, at least once; exactly once if it does what
  // connectors/batch_function.h says.
  DataStreamWriter& ForeachBatch(const BatchFunction& function);
  // Adds the query to the session.
  void Start();

  const StreamingQueryDefinition& definition() const { return definition_; }

 private:
  Session* session_;
  StreamingQueryDefinition definition_;
};

}  // namespace wavetank::runtime

#endif  // WAVETANK_RUNTIME_STRUCTURED_DATA_FRAME_H_
