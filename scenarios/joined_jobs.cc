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
  return {.name = "delay",
          .meaning = "how late an event may be",
          .default_value = "10s",
          .kind = ParameterKind::kDuration,
          .tried = {"0s", "3s", "10s"},
          .may_change = true};
}

JobParameter ExceptParameter() {
  return {.name = "except",
          .meaning = "a name whose lines do not count; not given: all do",
          .default_value = "",
          .tried = {"", "key1", "key2"},
          .may_change = true};
}

// Of lines "<time>,<name>".
DataFrame Timed(Session& session, const JobArguments& arguments, const char* input,
                const char* name) {
  const DataFrame timed =
      TextInput(session, arguments, input)
          .Select({Cast(SubstringBefore(Col("value"), ","), DataType::kTimestamp).As("time"),
                   SubstringAfter(Col("value"), ",").As(name)})
          .WithWatermark("time", DurationOf(arguments, "delay"));
  const std::string& except = arguments.Get("except");
  return except.empty() ? timed : timed.Where(Col(name) != except);
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

// The same, counted where and when they were viewed.
void ClicksByWindowStructured(Session& session, const JobArguments& arguments) {
  Write(ClickedViews(session, arguments)
            .GroupBy({runtime::Window(Col("view.time"), DurationOf(arguments, "window")),
                      Col("view.ad").As("ad")})
            .Agg({runtime::Count().As("clicks"), runtime::Max(Col("click.time")).As("last")}),
        arguments);
}

runtime::JoinType TypeOf(const std::string& name) {
  using enum runtime::JoinType;
  for (const runtime::JoinType type : {kInner, kLeft, kRight, kFull, kLeftSemi}) {
    if (runtime::JoinTypeName(type) == name) return type;
  }
  return kLeft;
}

// Views with the clicks that may come from them, and what there is of either alone.
void ViewOutcomesStructured(Session& session, const JobArguments& arguments) {
  const DataFrame views = Timed(session, arguments, "views", "ad").Alias("view");
  const DataFrame clicks = Timed(session, arguments, "clicks", "ad").Alias("click");
  const runtime::JoinType type = TypeOf(arguments.Get("type"));
  const DataFrame joined =
      views.Join(clicks,
                 Col("view.ad") == Col("click.ad") && Col("click.time") >= Col("view.time") &&
                     Col("click.time") <= Col("view.time") + DurationOf(arguments, "within"),
                 type);
  std::vector<runtime::Expression> shown = {Col("view.ad").As("ad"), Col("view.time").As("viewed")};
  if (type != runtime::JoinType::kLeftSemi) {
    shown.push_back(Col("click.ad").As("clicked_ad"));
    shown.push_back(Col("click.time").As("clicked"));
  }
  Write(joined.Select(shown), arguments);
}

// Of two directories, as if they were one.
void ClicksOfTwoSitesStructured(Session& session, const JobArguments& arguments) {
  const DataFrame clicks =
      Timed(session, arguments, "one", "ad").Union(Timed(session, arguments, "other", "ad"));
  clicks.GroupBy({Col("ad")})
      .Agg({runtime::Count().As("clicks"), runtime::Min(Col("time")).As("first")})
      .WriteStream()
      .OutputMode("update")
      .Format("file")
      .Option("path", arguments.Get("output"))
      .Option("multipleWatermarkPolicy", arguments.Get("policy"))
      .Start();
}

// Lines that come again count once; how many were different, window by window.
void DistinctVisitsStructured(Session& session, const JobArguments& arguments) {
  Write(Timed(session, arguments, "input", "page")
            .DropDuplicates()
            .GroupBy({runtime::Window(Col("time"), DurationOf(arguments, "window"))})
            .Agg({runtime::Count().As("visits")}),
        arguments);
}

// The first line of each page, and then none of it for a while.
void FirstVisitsStructured(Session& session, const JobArguments& arguments) {
  Write(Timed(session, arguments, "input", "page").DropDuplicatesWithinWatermark({"page"}),
        arguments);
}

// How many pages were visited in each window, and how often the most visited one: an aggregate of
// an aggregate.
void BusyWindowsStructured(Session& session, const JobArguments& arguments) {
  Write(Timed(session, arguments, "input", "page")
            .GroupBy({runtime::Window(Col("time"), DurationOf(arguments, "window")), Col("page")})
            .Agg({runtime::Count().As("visits")})
            .Select({Col("window.start").As("start"), Col("visits")})
            .GroupBy({Col("start")})
            .Agg({runtime::Count().As("pages"), runtime::Max(Col("visits")).As("most")}),
        arguments);
}

// How many lines of a page came within a gap of one another.
void VisitSessionsStructured(Session& session, const JobArguments& arguments) {
  Write(
      Timed(session, arguments, "input", "page")
          .GroupBy({runtime::SessionWindow(Col("time"), DurationOf(arguments, "gap")), Col("page")})
          .Agg({runtime::Count().As("visits"), runtime::Max(Col("time")).As("last")}),
      arguments);
}

// How many lines of a page there were in each window, of which one begins every slide.
void SlidingVisitsStructured(Session& session, const JobArguments& arguments) {
  Write(Timed(session, arguments, "input", "page")
            .GroupBy({runtime::Window(Col("time"), DurationOf(arguments, "window"),
                                      DurationOf(arguments, "slide")),
                      Col("page")})
            .Agg({runtime::Count().As("visits")}),
        arguments);
}

JobParameter WindowParameter() {
  return {"window", "size of a window", "10s", ParameterKind::kDuration};
}

std::vector<JobParameter> JoinParameters(std::vector<JobParameter> more) {
  std::vector<JobParameter> parameters = {
      {"views", "directory of views", std::nullopt, ParameterKind::kPath},
      {"clicks", "directory of clicks", std::nullopt, ParameterKind::kPath},
      OutputParameter(),
      DelayParameter(),
      ExceptParameter(),
      {"within", "how long after a view a click may come from it", "30s",
       ParameterKind::kDuration}};
  parameters.insert(parameters.end(), more.begin(), more.end());
  return WithSourceParameters(std::move(parameters));
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
  {
    Job job;
    job.name = "clicks_by_window";
    job.meaning =
        "structured: how often each advertisement was clicked on, by the window in which it was "
        "viewed; input as of clicked_views";
    job.parameters = JoinParameters({WindowParameter()});
    job.structured = ClicksByWindowStructured;
    jobs.Add(std::move(job));
  }
  {
    Job job;
    job.name = "view_outcomes";
    job.meaning =
        "structured: views of advertisements with the clicks on them that came soon after, and "
        "those of either that met none; input as of clicked_views";
    job.parameters =
        JoinParameters({{"type", "of the join: left, right, full or left semi", "left"}});
    job.structured = ViewOutcomesStructured;
    jobs.Add(std::move(job));
  }
  {
    Job job;
    job.name = "clicks_of_two_sites";
    job.meaning =
        "structured: how often each advertisement was clicked on, and when first, on either of two "
        "sites; lines are \"<time>,<advertisement>\"";
    job.parameters = WithSourceParameters(
        {{"one", "directory of one site's clicks", std::nullopt, ParameterKind::kPath},
         {"other", "directory of the other's", std::nullopt, ParameterKind::kPath},
         OutputParameter(),
         DelayParameter(),
         ExceptParameter(),
         {"policy", "which of the two watermarks counts: min or max", "min"}});
    job.structured = ClicksOfTwoSitesStructured;
    jobs.Add(std::move(job));
  }
  {
    Job job;
    job.name = "distinct_visits";
    job.meaning =
        "structured: how many different lines there were in each window of event time; lines are "
        "\"<time>,<page>\"";
    job.parameters = WithSourceParameters({InputParameter(), OutputParameter(), DelayParameter(),
                                           ExceptParameter(), WindowParameter()});
    job.structured = DistinctVisitsStructured;
    jobs.Add(std::move(job));
  }
  {
    Job job;
    job.name = "first_visits";
    job.meaning =
        "structured: the first line of each page, and those of it that come after the delay; lines "
        "are \"<time>,<page>\"";
    job.parameters = WithSourceParameters(
        {InputParameter(), OutputParameter(), DelayParameter(), ExceptParameter()});
    job.structured = FirstVisitsStructured;
    jobs.Add(std::move(job));
  }
  {
    Job job;
    job.name = "visit_sessions";
    job.meaning =
        "structured: how many lines of a page came within a gap of one another, session by "
        "session; lines are \"<time>,<page>\"";
    job.parameters = WithSourceParameters(
        {InputParameter(),
         OutputParameter(),
         DelayParameter(),
         ExceptParameter(),
         {"gap", "how long after a line a session ends", "5s", ParameterKind::kDuration}});
    job.structured = VisitSessionsStructured;
    jobs.Add(std::move(job));
  }
  {
    Job job;
    job.name = "sliding_visits";
    job.meaning =
        "structured: how many lines of a page there were in each of the windows that slide over "
        "event time; lines are \"<time>,<page>\"";
    job.parameters = WithSourceParameters(
        {InputParameter(),
         OutputParameter(),
         DelayParameter(),
         ExceptParameter(),
         WindowParameter(),
         {"slide", "from one window's start to the next", "4s", ParameterKind::kDuration}});
    job.structured = SlidingVisitsStructured;
    jobs.Add(std::move(job));
  }
  {
    Job job;
    job.name = "busy_windows";
    job.meaning =
        "structured: how many pages were visited in each window of event time, and how often the "
        "most visited one; lines are \"<time>,<page>\"";
    job.parameters = WithSourceParameters({InputParameter(), OutputParameter(), DelayParameter(),
                                           ExceptParameter(), WindowParameter()});
    job.structured = BusyWindowsStructured;
    jobs.Add(std::move(job));
  }
}

}  // namespace wavetank::scenarios
