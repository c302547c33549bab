#include "scenarios/sql_job.h"

#include <algorithm>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"

#include "runtime/job/job.h"
#include "runtime/structured/data_frame.h"
#include "runtime/structured/sql_session.h"

namespace wavetank::scenarios {
namespace {

using runtime::SqlResult;

void RunStatements(runtime::Session& session, const runtime::JobArguments& arguments) {
  const auto results = runtime::SqlSession(session).Run(arguments.Get("text"));
  if (!results.ok()) {
    session.AddError(
        absl::Status(results.status().code(), absl::StrCat("SQL, ", results.status().message())));
    return;
  }
  const bool shows = std::ranges::any_of(
      *results, [](const SqlResult& result) { return result.rows.has_value(); });
  if (!shows) return;
  session.AddError(absl::InvalidArgumentError(
      "a SELECT by itself shows its rows to nobody here: INSERT INTO a table what it gives"));
}

}  // namespace

void AddSqlJob(ScenarioJobs& jobs) {
  runtime::Job job;
  job.name = "sql";
  job.meaning =
      "structured: statements of SQL; for scenarios, where tables' paths are the store's "
      "(`wavetank sql` runs them for real)";
  job.parameters = {{"text", "the statements", std::nullopt}};
  job.structured = RunStatements;
  jobs.Add(std::move(job));
}

}  // namespace wavetank::scenarios
