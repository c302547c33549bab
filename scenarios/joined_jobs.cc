#include "scenarios/joined_jobs.h"

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/time/time.h"

#include "platform/check.h"
#include "runtime/structured/data_frame.h"
#include "scenarios/job_input.h"

namespace wavetank::scenarios {
namespace {

using runtime::Cast;
using runtime::Col;
using runtime::DataFrame;
using runtime::DataType;
using runtime::Job;
using runtime::JobArguments;
using runtime::JobParameter;
using runtime::ParameterKind;
using runtime::Session;
using runtime::SubstringAfter;
using runtime::SubstringBefore;

absl::Duration DurationOf(const JobArguments& arguments, const char* parameter) {
  absl::Duration duration;
  WT_CHECK(absl::ParseDuration(arguments.Get(parameter), &duration), "a bound duration is one");
  return duration;
}

JobParameter DelayParameter() {
  return {"delay", "how late an event may be", "10s", ParameterKind::kDuration};
}

// Of lines "<time>,<name>".
DataFrame Timed(Session& session, const JobArguments& arguments, const char* input,
                const char* name) {
  return TextInput(session, arguments, input)
      .Select({Cast(SubstringBefore(Col("value"), ","), DataType::kTimestamp).As("time"),
               SubstringAfter(Col("value"), ",").As(name)})
      .WithWatermark("time", DurationOf(arguments, "delay"));
}

void Write(const DataFrame& rows, const JobArguments& arguments) {
  rows.WriteStream()
      .OutputMode("append")
      .Format("file")
      .Option("path", arguments.Get("output"))
      .Start();
}

// Each click with the views of its advertisement that it may come from.
DataFrame ClickedViews(Session& session, const JobArguments& arguments) {
  const DataFrame views = Timed(session, arguments, "views", "ad").Alias("view");
  const DataFrame clicks = Timed(session, arguments, "clicks", "ad").Alias("click");
  return views.Join(clicks,
                    Col("view.ad") == Col("click.ad") && Col("click.time") >= Col("view.time") &&
                        Col("click.time") <= Col("view.time") + DurationOf(arguments, "within"));
}

void ClickedViewsStructured(Session& session, const JobArguments& arguments) {
  Write(ClickedViews(session, arguments)
            .Select({Col("view.ad").As("ad"), Col("view.time").As("viewed"),
                     Col("click.time").As("clicked")}),
        arguments);
}

std::vector<JobParameter> JoinParameters(std::vector<JobParameter> more) {
  std::vector<JobParameter> parameters = {
      {"views", "directory of views", std::nullopt, ParameterKind::kPath},
      {"clicks", "directory of clicks", std::nullopt, ParameterKind::kPath},
      OutputParameter(),
      DelayParameter(),
      {"within", "how long after a view a click may come from it", "30s",
       ParameterKind::kDuration}};
  parameters.insert(parameters.end(), more.begin(), more.end());
  return WithFileParameters(std::move(parameters));
}

}  // namespace

void AddJoinedJobs(ScenarioJobs& jobs) {
  {
    Job job;
    job.name = "clicked_views";
    job.meaning =
        "structured: each view of an advertisement beside each click on it that came soon after; "
        "lines of views and clicks are \"<time>,<advertisement>\"";
    job.parameters = JoinParameters({});
    job.structured = ClickedViewsStructured;
    jobs.Add(std::move(job));
  }
}

}  // namespace wavetank::scenarios
