#include "scenarios/shell/sql_command.h"

#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <iostream>
#include <iterator>
#include <memory>
#include <system_error>
#include <utility>

#include "CLI/CLI.hpp"
#include "absl/strings/str_cat.h"

#include "platform/status_macros.h"
#include "platform/text.h"
#include "runtime/job/job.h"
#include "runtime/structured/compile_query.h"
#include "runtime/structured/data_frame.h"
#include "runtime/structured/sql_session.h"
#include "scenarios/shell/host.h"
#include "scenarios/shell/job_paths.h"
#include "scenarios/shell/sql_rows.h"
#include "scenarios/shell/start_command.h"
#include "scenarios/shell/step_fault.h"
#include "scenarios/shell/usage.h"

namespace wavetank::scenarios::shell {
namespace {

constexpr int kBadInput = 2;
constexpr char kJob[] = "sql";
// Of what SELECTs read, which stands in memory.
constexpr int64_t kMostBytesShown = int64_t{1} << 30;

int Refuse(const absl::Status& why) {
  std::fprintf(stderr, "wavetank sql: %s\n", std::string(platform::ToStd(why.message())).c_str());
  return kBadInput;
}

// A path that a table's option says, as a parameter of the job: so it is placed where the paths of
// any job are. A table that is created again has one of its own.
class TablePaths {
 public:
  std::string ParameterOf(const std::string& table, const std::string& option) {
    const std::string name = absl::StrCat(table, ".", option);
    const int times = ++times_[name];
    return times == 1 ? name : absl::StrCat(name, ".", times);
  }

 private:
  std::map<std::string, int> times_;
};

absl::StatusOr<std::vector<runtime::SqlResult>> RunTexts(const std::vector<SqlText>& texts,
                                                         runtime::Session& session,
                                                         const runtime::SqlPath& path) {
  std::vector<runtime::SqlResult> results;
  runtime::SqlSession sql(session, path);
  for (const SqlText& text : texts) {
    absl::StatusOr<std::vector<runtime::SqlResult>> some = sql.Run(text.text);
    if (!some.ok()) {
      const absl::Status& why = some.status();
      if (text.file.empty()) return why;
      return absl::Status(why.code(), absl::StrCat(text.file, ":", why.message()));
    }
    std::ranges::move(*some, std::back_inserter(results));
  }
  return results;
}

std::string SelectName(size_t number) { return absl::StrCat("select-", number); }

// SELECTs as queries that print what changes, each in the first mode that permits it.
absl::Status FollowRows(runtime::Session& session, const std::vector<runtime::SqlResult>& results,
                        const runtime::JobArguments& arguments) {
  WT_RETURN_IF_ERROR(session.RegisterSink(RowsSink()));
  size_t selects = 0;
  for (const runtime::SqlResult& result : results) {
    if (!result.rows) continue;
    const std::string name = SelectName(++selects);
    auto writer = result.rows->WriteStream();
    writer.QueryName(name).Format("rows").Option("checkpointLocation", arguments.Get(name));
    absl::Status first;
    bool started = false;
    for (const char* const mode : {"append", "update", "complete"}) {
      runtime::StreamingQueryDefinition definition = writer.OutputMode(mode).definition();
      definition.sink_format = "noop";
      const absl::Status may = runtime::AnalyseQuery(definition, {}).status();
      first.Update(may);
      if (!may.ok()) continue;
      writer.Start();
      started = true;
      break;
    }
    if (!started) return first;
  }
  return absl::OkStatus();
}

// The job that the statements make: its parameters are the paths of their tables.
runtime::Job JobOf(const std::vector<SqlText>& texts, std::vector<runtime::JobParameter> paths,
                   bool follow) {
  runtime::Job job;
  job.name = kJob;
  job.meaning = "statements of SQL";
  job.parameters = std::move(paths);
  job.structured = [texts, follow](runtime::Session& session,
                                   const runtime::JobArguments& arguments) {
    TablePaths names;
    const auto path = [&](const std::string& table, const std::string& option,
                          const std::string&) -> absl::StatusOr<std::string> {
      return arguments.Get(names.ParameterOf(table, option));
    };
    const auto results = RunTexts(texts, session, path);
    session.AddError(results.status());
    if (results.ok() && follow) session.AddError(FollowRows(session, *results, arguments));
  };
  return job;
}

absl::StatusOr<std::string> CheckpointOf(const SqlCommand& command,
                                         const runtime::Session& session) {
  const auto given = command.parameters.find("checkpoint");
  if (given != command.parameters.end()) return given->second;
  std::string location;
  for (const runtime::StreamingQueryDefinition& query : session.queries()) {
    const auto own = query.options.find("checkpointLocation");
    if (own == query.options.end()) {
      return absl::InvalidArgumentError(
          absl::StrCat("INSERT INTO ", query.name,
                       " has nowhere to keep how far it is: give --checkpoint=DIR, or the table "
                       "the option checkpointLocation"));
    }
    location = own->second;
  }
  return location;
}

// The statements once more, with their paths where they are on this host.
absl::StatusOr<std::vector<runtime::SqlResult>> RunPlaced(
    const std::vector<SqlText>& texts, const std::vector<runtime::JobParameter>& paths,
    runtime::Session& session) {
  runtime::Job job;
  job.structured = [](runtime::Session&, const runtime::JobArguments&) {};
  job.parameters = paths;
  WT_ASSIGN_OR_RETURN(const auto placed, PlacePaths(job, {}, PathsOf::kHost));
  TablePaths names;
  const auto path = [&](const std::string& table, const std::string& option,
                        const std::string&) -> absl::StatusOr<std::string> {
    return placed.at(names.ParameterOf(table, option));
  };
  return RunTexts(texts, session, path);
}

// What SELECTs give, one after the other.
int ShowRows(const SqlCommand& command, const std::vector<runtime::JobParameter>& paths) {
  runtime::Session session;
  const auto results = RunPlaced(command.texts, paths, session);
  if (!results.ok()) return Refuse(results.status());
  for (const runtime::SqlResult& result : *results) {
    if (!result.rows) continue;
    const absl::Status printed =
        PrintRows(result.rows->WriteStream().definition(), kMostBytesShown);
    if (printed.ok()) continue;
    Refuse(printed);
    return absl::IsInvalidArgument(printed) || absl::IsUnimplemented(printed) ? kBadInput : 1;
  }
  return 0;
}

// What is inserted, as one job, until its queries have ended.
int RunQueries(const SqlCommand& command, const runtime::Session& session,
               std::vector<runtime::JobParameter> paths) {
  const absl::StatusOr<std::string> checkpoint = CheckpointOf(command, session);
  if (!checkpoint.ok()) return Refuse(checkpoint.status());
  runtime::JobCatalogue jobs;
  jobs.Add(JobOf(command.texts, std::move(paths), command.follow));
  StartCommand start;
  start.called = "sql";
  start.job = kJob;
  start.parameters = command.parameters;
  start.parameters["checkpoint"] = *checkpoint;
  start.workers = command.workers;
  start.step_faults = command.step_faults;
  start.verbose = command.verbose;
  return Execute(start, jobs);
}

// Nobody asks what was printed, so that nothing of a SELECT is kept for another call.
int Follow(SqlCommand command, const runtime::Session& session,
           std::vector<runtime::JobParameter> paths, size_t selects) {
  const std::string directory = absl::StrCat(TemporaryDirectory(), "/wavetank-sql-", ::getpid());
  for (size_t i = 1; i <= selects; ++i) {
    paths.push_back({.name = SelectName(i),
                     .meaning = "how far the SELECT is",
                     .default_value = absl::StrCat(directory, "/", i),
                     .kind = runtime::ParameterKind::kPath});
  }
  if (session.queries().empty()) {
    command.parameters.try_emplace("checkpoint", absl::StrCat(directory, "/job"));
  }
  const int status = RunQueries(command, session, std::move(paths));
  std::error_code ignored;
  std::filesystem::remove_all(directory, ignored);
  return status;
}

}  // namespace

int Execute(const SqlCommand& command) {
  std::vector<runtime::JobParameter> paths;
  TablePaths names;
  const auto record = [&](const std::string& table, const std::string& option,
                          const std::string& path) -> absl::StatusOr<std::string> {
    paths.push_back({.name = names.ParameterOf(table, option),
                     .meaning = absl::StrCat(option, " of the table ", table),
                     .default_value = path,
                     .kind = runtime::ParameterKind::kPath});
    return path;
  };
  runtime::Session session;
  const auto results = RunTexts(command.texts, session, record);
  if (!results.ok()) return Refuse(results.status());
  size_t selects = 0;
  for (const runtime::SqlResult& result : *results) {
    std::fputs(result.text.c_str(), stdout);
    if (result.rows) ++selects;
  }
  std::fflush(stdout);
  if (command.follow && selects > 0) return Follow(command, session, std::move(paths), selects);
  if (!session.queries().empty()) {
    const int status = RunQueries(command, session, paths);
    if (status != 0) return status;
  }
  return selects > 0 ? ShowRows(command, paths) : 0;
}

SqlArguments::SqlArguments(CLI::App& app)
    : app_(*app.add_subcommand("sql", "Run statements of SQL, on streams and on files")) {
  app_.footer(
      "Statements end with \";\". CREATE TABLE says what there is, INSERT INTO is a streaming "
      "query:"
      "\n\n"
      "  CREATE TABLE lines (value STRING) USING text OPTIONS (path 'in');\n"
      "  CREATE TABLE words USING csv OPTIONS (path 'out', outputMode 'update');\n"
      "  INSERT INTO words SELECT value, count(*) AS n FROM lines GROUP BY value;\n\n"
      "A SELECT by itself shows what its tables have now, once queries have ended; with --follow "
      "it\n"
      "goes on.\n\n"
      "Queries are run in this process, all together, until they are stopped, exactly once: one\n"
      "that was killed goes on from its checkpoint when the same is called again. Paths are of\n"
      "this host. Exit status: 0; 1 a query failed; 2 a statement is wrong, and none was started.\n"
      "\n"
      "  wavetank sql -f examples/sql/clicks.sql --checkpoint=checkpoint\n"
      "  wavetank sql -f tables.sql -e \"SELECT value, count(*) FROM lines GROUP BY value\"");
  app_.add_option("-f,--file", files_, "Run the statements of FILE (-: of the input)")
      ->type_name("FILE");
  app_.add_option("-e,--execute", texts_, "Run these statements, behind those of files")
      ->type_name("TEXT");
  runtime::Job any;
  any.structured = [](runtime::Session&, const runtime::JobArguments&) {};
  for (const runtime::JobParameter& parameter : runtime::AllParameters(any)) {
    std::string& value = values_[parameter.name];
    if (parameter.kind == runtime::ParameterKind::kFlag) {
      value = parameter.default_value.value_or("false");
      app_.add_flag("--" + parameter.name, value, parameter.meaning);
      continue;
    }
    CLI::Option* option = app_.add_option("--" + parameter.name, value, parameter.meaning);
    const bool duration = parameter.kind == runtime::ParameterKind::kDuration;
    option->type_name(parameter.kind == runtime::ParameterKind::kPath ? "DIR"
                      : duration                                      ? "DURATION"
                                                                      : "TEXT");
    if (parameter.default_value.has_value()) option->default_str(*parameter.default_value);
  }
  app_.add_flag("--follow", command_.follow,
                "Go on with SELECTs: print rows that come, or change, a line each");
  app_.add_option("--workers", command_.workers, "Workers, a thread each")
      ->check(NumberFrom(1, 256))
      ->type_name("NUMBER")
      ->capture_default_str();
  app_.add_option("--kill-at", kill_at_, "kill -9 itself at STEP[:OCCURRENCE[:NAME=VALUE]...]")
      ->type_name("STEP")
      ->group("Faults");
  app_.add_option("--stop-at", stop_at_, "Stand still there, until SIGCONT")
      ->type_name("STEP")
      ->group("Faults");
  app_.add_flag("--verbose", command_.verbose, "Log more");
}

bool SqlArguments::wanted() const { return app_.parsed(); }

int SqlArguments::Execute() {
  for (const std::string& file : files_) {
    if (file == "-") {
      std::string text{std::istreambuf_iterator<char>(std::cin), {}};
      command_.texts.push_back({.file = "", .text = std::move(text)});
      continue;
    }
    absl::StatusOr<std::string> text = ReadFile(file);
    if (!text.ok()) return Refuse(text.status());
    command_.texts.push_back({.file = file, .text = *std::move(text)});
  }
  for (const std::string& text : texts_) command_.texts.push_back({.file = "", .text = text});
  if (command_.texts.empty()) {
    return Refuse(absl::InvalidArgumentError("name statements: -f FILE or -e TEXT"));
  }
  for (const auto& [name, value] : values_) {
    if (app_.count("--" + name) > 0) command_.parameters[name] = value;
  }
  using Action = platform::StepFault::Action;
  for (const auto& [texts, action] :
       {std::pair{&kill_at_, Action::kKill}, std::pair{&stop_at_, Action::kStop}}) {
    for (const std::string& text : *texts) {
      absl::StatusOr<platform::StepFault> fault = ParseStepFault(text, action);
      if (!fault.ok()) return Refuse(fault.status());
      command_.step_faults.push_back(*std::move(fault));
    }
  }
  return shell::Execute(command_);
}

}  // namespace wavetank::scenarios::shell
