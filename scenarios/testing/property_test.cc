#include "scenarios/testing/property_test.h"

#include <utility>
#include <variant>

#include "absl/strings/str_cat.h"

#include "platform/check.h"
#include "platform/text.h"
#include "scenarios/explore/draw_world.h"
#include "scenarios/explore/exploration.h"
#include "scenarios/testing/explanation.h"

namespace wavetank::testing {
namespace {

using scenarios::Expect;
using scenarios::JobForm;

// "" if a run could show the guarantee broken.
std::string WhyNobodyCanJudge(const runtime::Job& job, const JobForm& form,
                              const PropertyOptions& options) {
  if (!form.judged) {
    return absl::StrCat("job ", job.name, " puts out what is not durable (ForeachRDD, Print), or ",
                        "nothing, and no checker can look at that: let a test look, with Explore");
  }
  const bool stream = !form.structured;
  if (stream && !job.deterministic && !options.oracle.has_value()) {
    return absl::StrCat("job ", job.name, " does not say that its functions are deterministic ",
                        "(Job::deterministic), so replay cannot tell what it must answer: say so, ",
                        "or give an oracle");
  }
  if (stream && options.guarantee == kExactlyOnce && !options.oracle.has_value()) {
    return absl::StrCat("job ", job.name, " is a stream, which promises at least once, and ",
                        "without an oracle nobody can tell what came out twice: give one, or ",
                        "claim kAtLeastOnce");
  }
  if (options.guarantee.value_or(form.guarantee) == Expect::NONE) {
    return absl::StrCat("nothing is promised of job ", job.name,
                        ": what it puts out is not durable, or comes from a socket, which gives ",
                        "nothing again; say what you claim of it (PropertyOptions::guarantee)");
  }
  return "";
}

PropertyResult Refused(const absl::Status& why) {
  return {.refused = std::string(platform::ToStd(why.message()))};
}

}  // namespace

PropertyResult PropertyTest(runtime::Job job, PropertyOptions options) {
  const std::string name = job.name;
  if (options.runs <= 0) return {.refused = "no runs are asked for"};
  if (options.oracle.has_value() &&
      scenarios::IsOfStream(*options.oracle) != (job.dstream != nullptr)) {
    return {.refused = absl::StrCat("the oracle of job ", name, " is one of the other engine")};
  }
  scenarios::ScenarioJobs jobs;
  jobs.Add(job, options.oracle);
  const auto forms = scenarios::FormsOf(name, jobs, options.parameters);
  if (!forms.ok()) return Refused(forms.status());
  for (const JobForm& form : *forms) {
    const std::string why = WhyNobodyCanJudge(job, form, options);
    if (!why.empty()) return {.refused = why};
  }
  const auto exploration =
      scenarios::Exploration::Make(jobs, {.jobs = {name},
                                          .parameters = std::move(options.parameters),
                                          .schemas = std::move(options.inputs),
                                          .guarantee = options.guarantee});
  if (!exploration.ok()) return Refused(exploration.status());
  PropertyResult result;
  result.failure = FindFailure(*exploration, {.first_seed = options.first_seed,
                                              .runs_max = options.runs,
                                              .shrink_tries_max = options.shrink_tries});
  if (result.failure.has_value() && result.failure->again) {
    auto shown =
        exploration->Run(result.failure->scenario, scenarios::Exploration::Keep::kTimeline);
    WT_CHECK(shown.ok(), "what has failed can be run again");
    result.failure->report = *std::move(shown);
    result.failure->report.scenario = name;
  }
  return result;
}

std::string PropertyResult::ToText() const {
  if (!refused.empty()) return absl::StrCat("nothing was tested: ", refused, "\n");
  if (!failure.has_value()) return "no run broke the promise\n";
  std::string text = absl::StrCat("after ", failure->runs, " runs (seed ", failure->seed, "):\n");
  if (!failure->again) {
    absl::StrAppend(&text,
                    "this fails once, and not again: the job remembers something from run to ",
                    "run (a static, what a function has captured), and is no pure function of its ",
                    "input and what befalls it\n");
  }
  for (const std::string& reason : failure->report.reasons) {
    absl::StrAppend(&text, "broken: ", reason, "\n");
  }
  const char* const comment = failure->again ? "the smallest that still fails" : "what failed once";
  return absl::StrCat(text, scenarios::ToText(failure->scenario, comment),
                      WhatLedToIt(failure->report),
                      "again: the same call with .first_seed = ", failure->seed,
                      ", or save the scenario and `run` it\n", WherePageIs(failure->report));
}

}  // namespace wavetank::testing
