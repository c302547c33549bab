#include "scenarios/prepare.h"

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"

#include "platform/nearest_name.h"
#include "platform/status_macros.h"
#include "platform/text.h"
#include "scenarios/expectations.h"
#include "scenarios/fault_plan.h"
#include "scenarios/field_bounds.h"

namespace wavetank::scenarios {
namespace {

absl::StatusOr<runtime::JobInstance> PrepareJob(const ParsedScenario& parsed,
                                                const ScenarioJobs& jobs) {
  const Job& wanted = parsed.scenario->job();
  const runtime::Job* job = jobs.catalogue().Find(wanted.name());
  if (job == nullptr) {
    return parsed.ErrorAt(
        wanted, "name", 0,
        absl::StrCat("there is no job \"", wanted.name(), "\"",
                     platform::Suggestion(wanted.name(), jobs.catalogue().names())));
  }
  // The places of the simulated store, and of the server there; a scenario may choose others.
  std::map<std::string, std::string> given = {
      {"input", "input"}, {"output", "output"}, {"checkpoint", "checkpoint"}, {"host", kOutside}};
  std::vector<std::string> known;
  for (const runtime::JobParameter& parameter : runtime::AllParameters(*job)) {
    known.push_back(parameter.name);
  }
  std::erase_if(given, [&](const auto& entry) {
    return std::find(known.begin(), known.end(), entry.first) == known.end();
  });
  std::set<std::string> seen;
  for (const Parameter& parameter : wanted.parameter()) {
    if (std::find(known.begin(), known.end(), parameter.name()) == known.end()) {
      return parsed.ErrorAt(
          parameter, "name", 0,
          absl::StrCat("job ", job->name, " has no parameter \"", parameter.name(), "\"",
                       platform::Suggestion(parameter.name(), known)));
    }
    if (!seen.insert(parameter.name()).second) {
      return parsed.ErrorAt(parameter, "name", 0, parameter.name() + " is given twice");
    }
    given[parameter.name()] = parameter.value();
  }
  absl::StatusOr<runtime::JobArguments> arguments = runtime::BindArguments(*job, std::move(given));
  if (!arguments.ok()) {
    return parsed.ErrorAt(wanted, "name", 0, platform::ToStd(arguments.status().message()));
  }
  runtime::JobInstance instance{job, *std::move(arguments)};
  const absl::Status plan = runtime::CheckPlan(instance);
  if (!plan.ok()) return parsed.ErrorAt(wanted, "name", 0, platform::ToStd(plan.message()));
  return instance;
}

// A job with the parameters "host" and "port" reads a socket.
absl::Status AddLineServer(const ParsedScenario& parsed, const std::string& host,
                           const std::string& port, Prepared& prepared) {
  const Job& job = parsed.scenario->job();
  if (host != kOutside) {
    return parsed.ErrorAt(
        job, "name", 0,
        absl::StrCat("there is no server on \"", host,
                     "\": the one that the input comes from is on \"", kOutside, "\""));
  }
  if (parsed.scenario->input_size() == 0) {
    return parsed.ErrorAt(job, "name", 0,
                          absl::StrCat("job ", job.name(),
                                       " reads a socket: it needs an input, which is what the "
                                       "server there sends"));
  }
  prepared.feed = std::make_shared<fakes::LineFeed>();
  const std::string address = absl::StrCat(host, ":", port);
  return AddOutside(parsed, {"line-server", fakes::LineServerMain(address, prepared.feed)},
                    prepared.cluster);
}

}  // namespace

absl::StatusOr<Prepared> Prepare(const ParsedScenario& parsed, const ScenarioJobs& jobs,
                                 const RunOptions& options) {
  const Scenario& scenario = *parsed.scenario;
  if (scenario.name().empty()) {
    return parsed.ErrorAt(scenario, "name", 0, "the scenario needs a name");
  }
  WT_RETURN_IF_ERROR(CheckBounds(parsed, scenario));
  Prepared prepared;
  prepared.seed = options.seed.value_or(scenario.has_seed() ? scenario.seed() : 1);
  WT_ASSIGN_OR_RETURN(prepared.instance, PrepareJob(parsed, jobs));
  prepared.oracle = jobs.OracleOf(prepared.instance.job->name);
  WT_ASSIGN_OR_RETURN(prepared.cluster, PlanCluster(parsed, prepared.instance));
  if (scenario.input_size() > 1) {
    return parsed.ErrorAt(scenario, "input", 1, "a job with several inputs cannot be run yet");
  }
  if (scenario.input_size() == 1) {
    const platform::Random random = platform::Random(prepared.seed).Fork("input");
    WT_ASSIGN_OR_RETURN(prepared.input,
                        PlanInput(parsed, scenario.input(0), random, options.read_host_file));
  }
  const auto argument = [&](const char* name) {
    for (const auto& parameter : runtime::AllParameters(*prepared.instance.job)) {
      if (parameter.name == name) return prepared.instance.arguments.Get(name);
    }
    return std::string();
  };
  prepared.paths = {argument("input"), argument("output"), argument("checkpoint")};
  if (const std::string host = argument("host"); !host.empty()) {
    WT_RETURN_IF_ERROR(AddLineServer(parsed, host, argument("port"), prepared));
  }
  WT_ASSIGN_OR_RETURN(prepared.faults, PlanFaults(parsed, prepared.cluster));
  WT_RETURN_IF_ERROR(CheckExpectations(parsed));
  return prepared;
}

}  // namespace wavetank::scenarios
