#include "scenarios/prepare.h"

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"

#include "platform/nearest_name.h"
#include "platform/status_macros.h"
#include "platform/text.h"
#include "scenarios/expectations.h"
#include "scenarios/fault_plan.h"
#include "scenarios/field_bounds.h"
#include "scenarios/input_places.h"
#include "scenarios/step_names.h"

namespace wavetank::scenarios {
namespace {

using Arguments = std::map<std::string, std::string>;

absl::StatusOr<const runtime::Job*> FindJob(const ParsedScenario& parsed, const ScenarioJobs& jobs,
                                            const Job& wanted) {
  const runtime::Job* job = jobs.catalogue().Find(wanted.name());
  if (job != nullptr) return job;
  return parsed.ErrorAt(
      wanted, "name", 0,
      absl::StrCat("there is no job \"", wanted.name(), "\"",
                   platform::Suggestion(wanted.name(), jobs.catalogue().names())));
}

std::vector<std::string> ParametersOf(const runtime::Job& job) {
  std::vector<std::string> names;
  for (const runtime::JobParameter& parameter : runtime::AllParameters(job)) {
    names.push_back(parameter.name);
  }
  return names;
}

void KeepOnly(const std::vector<std::string>& names, Arguments& arguments) {
  std::erase_if(arguments, [&](const auto& entry) {
    return std::find(names.begin(), names.end(), entry.first) == names.end();
  });
}

// Puts the parameters, of the job itself or of a change, over what is there.
template <typename Parameters>
absl::Status PutOver(const ParsedScenario& parsed, const runtime::Job& job,
                     const Parameters& parameters, Arguments& arguments) {
  const std::vector<std::string> known = ParametersOf(job);
  std::set<std::string> seen;
  for (const Parameter& parameter : parameters) {
    if (std::find(known.begin(), known.end(), parameter.name()) == known.end()) {
      return parsed.ErrorAt(parameter, "name", 0,
                            absl::StrCat("job ", job.name, " has no parameter \"", parameter.name(),
                                         "\"", platform::Suggestion(parameter.name(), known)));
    }
    if (!seen.insert(parameter.name()).second) {
      return parsed.ErrorAt(parameter, "name", 0, parameter.name() + " is given twice");
    }
    if (!parameter.file().empty()) {
      return parsed.ErrorAt(parameter, "file", 0, "there are no files of the host here");
    }
    arguments[parameter.name()] = parameter.value();
  }
  return absl::OkStatus();
}

absl::Status CheckRescale(const ParsedScenario& parsed, const runtime::Job& job,
                          const Change& change) {
  if (job.structured == nullptr) {
    return parsed.ErrorAt(change, "rescale", 0,
                          "only structured queries have state in a number of partitions");
  }
  for (const Parameter& parameter : change.parameter()) {
    if (parameter.name() != "partitions") continue;
    return parsed.ErrorAt(parameter, "name", 0,
                          "who rescales leaves the number of partitions to the checkpoint");
  }
  return absl::OkStatus();
}

using Compiled = std::shared_ptr<runtime::CompiledQueries>;

Arguments WithScenarioDefaults(const runtime::Job& job, Arguments given) {
  for (const runtime::JobParameter& parameter : job.parameters) {
    if (parameter.in_scenarios) given.try_emplace(parameter.name, *parameter.in_scenarios);
  }
  return given;
}

absl::StatusOr<runtime::JobInstance> Bind(const ParsedScenario& parsed, const Job& wanted,
                                          const runtime::Job& job, const Arguments& given,
                                          const Compiled& compiled) {
  absl::StatusOr<runtime::JobArguments> arguments =
      runtime::BindArguments(job, WithScenarioDefaults(job, given));
  if (!arguments.ok()) {
    return parsed.ErrorAt(wanted, "name", 0, platform::ToStd(arguments.status().message()));
  }
  runtime::JobInstance instance{&job, *std::move(arguments), compiled};
  const absl::Status plan = runtime::CheckPlan(instance);
  if (!plan.ok()) return parsed.ErrorAt(wanted, "name", 0, platform::ToStd(plan.message()));
  return instance;
}

// An error of values stands at the one without which there is none; else at the job's name.
// `before`: what is so without these parameters.
template <typename Parameters>
absl::StatusOr<runtime::JobInstance> BindAt(const ParsedScenario& parsed, const Job& wanted,
                                            const runtime::Job& job, const Parameters& parameters,
                                            const Arguments& before, const Arguments& given,
                                            const Compiled& compiled) {
  absl::StatusOr<runtime::JobInstance> bound = Bind(parsed, wanted, job, given, compiled);
  if (bound.ok()) return bound;
  const absl::StatusOr<runtime::JobArguments> arguments = runtime::BindArguments(job, given);
  for (const Parameter& parameter : parameters) {
    if (arguments.ok()) break;  // its plan is refused, not a value
    Arguments without = given;
    without.erase(parameter.name());
    const auto was = before.find(parameter.name());
    if (was != before.end()) without[parameter.name()] = was->second;
    if (!runtime::BindArguments(job, without).ok()) continue;
    return parsed.ErrorAt(parameter, "value", 0, platform::ToStd(arguments.status().message()));
  }
  return bound;
}

// The job from each of the starts on with which it changes. `given`: what is so by default, and
// then what was so at first.
absl::StatusOr<std::vector<JobFromStart>> PrepareJob(const ParsedScenario& parsed,
                                                     const ScenarioJobs& jobs, const Job& wanted,
                                                     Arguments& given, const Compiled& compiled) {
  WT_ASSIGN_OR_RETURN(const runtime::Job* const job, FindJob(parsed, jobs, wanted));
  KeepOnly(ParametersOf(*job), given);
  const Arguments places = given;
  WT_RETURN_IF_ERROR(PutOver(parsed, *job, wanted.parameter(), given));
  std::vector<JobFromStart> from;
  WT_ASSIGN_OR_RETURN(runtime::JobInstance first,
                      BindAt(parsed, wanted, *job, wanted.parameter(), places, given, compiled));
  from.push_back({1, std::move(first)});
  Arguments now = given;
  for (const Change& change : wanted.change()) {
    const int start = change.has_start() ? change.start() : 2;
    if (start <= from.back().start) {
      return parsed.ErrorAt(change, "start", 0,
                            "changes come in the order of their starts, each from the second on");
    }
    if (change.parameter().empty() && !change.has_rescale()) {
      return parsed.ErrorAt(change, "start", 0, "a change of nothing");
    }
    const Arguments before = now;
    WT_RETURN_IF_ERROR(PutOver(parsed, *job, change.parameter(), now));
    if (change.has_rescale()) WT_RETURN_IF_ERROR(CheckRescale(parsed, *job, change));
    const std::optional<int> rescale =
        change.has_rescale() ? std::optional(change.rescale()) : from.back().rescale;
    if (rescale) now.erase("partitions");
    WT_ASSIGN_OR_RETURN(runtime::JobInstance instance,
                        BindAt(parsed, wanted, *job, change.parameter(), before, now, compiled));
    from.push_back({start, std::move(instance), rescale});
  }
  return from;
}

absl::StatusOr<std::vector<PlannedRival>> PrepareRivals(const ParsedScenario& parsed,
                                                        const ScenarioJobs& jobs,
                                                        const Arguments& given,
                                                        const Compiled& compiled) {
  std::vector<PlannedRival> rivals;
  for (const Rival& rival : parsed.scenario->rival()) {
    if (rival.at_ms() < 0) return parsed.ErrorAt(rival, "at_ms", 0, "at_ms is negative");
    if (rival.job().change_size() > 0) {
      return parsed.ErrorAt(rival.job(), "change", 0, "a rival is not started again");
    }
    Arguments arguments = given;
    WT_ASSIGN_OR_RETURN(std::vector<JobFromStart> job,
                        PrepareJob(parsed, jobs, rival.job(), arguments, compiled));
    rivals.push_back({std::move(job.front().instance), absl::Milliseconds(rival.at_ms())});
  }
  return rivals;
}

// Of the simulated store, and of the server there; a scenario may choose others.
Arguments GivenPlaces() {
  return {
      {"input", "input"}, {"output", "output"}, {"checkpoint", "checkpoint"}, {"host", kOutside}};
}

}  // namespace

absl::StatusOr<runtime::JobInstance> FirstInstance(const ParsedScenario& parsed,
                                                   const ScenarioJobs& jobs) {
  Arguments given = GivenPlaces();
  WT_ASSIGN_OR_RETURN(const std::vector<JobFromStart> job,
                      PrepareJob(parsed, jobs, parsed.scenario->job(), given, nullptr));
  return job.front().instance;
}

absl::StatusOr<Prepared> Prepare(const ParsedScenario& parsed, const ScenarioJobs& jobs,
                                 const RunOptions& options) {
  const Scenario& scenario = *parsed.scenario;
  if (scenario.name().empty()) {
    return parsed.ErrorAt(scenario, "name", 0, "the scenario needs a name");
  }
  WT_RETURN_IF_ERROR(CheckBounds(parsed, scenario));
  Prepared prepared;
  prepared.seed = options.seed.value_or(scenario.has_seed() ? scenario.seed() : 1);
  Arguments given = GivenPlaces();
  const Compiled compiled =
      options.compiled != nullptr ? options.compiled : std::make_shared<runtime::CompiledQueries>();
  WT_ASSIGN_OR_RETURN(const std::vector<JobFromStart> job,
                      PrepareJob(parsed, jobs, scenario.job(), given, compiled));
  prepared.job.instance = job.front().instance;
  WT_ASSIGN_OR_RETURN(const std::vector<PlannedRival> rivals,
                      PrepareRivals(parsed, jobs, given, compiled));
  prepared.job.oracle = jobs.OracleOf(prepared.job.instance.job->name);
  prepared.job.tokens = jobs.TokensOf(prepared.job.instance.job->name);
  WT_ASSIGN_OR_RETURN(prepared.job.cluster, PlanCluster(parsed, job, rivals));
  prepared.job.shape = ShapeOf(prepared.job.instance);
  for (size_t i = 1; i < job.size(); ++i) AddLaterStart(job[i].instance, prepared.job.shape);
  const bool of_one =
      prepared.job.oracle != nullptr && !std::holds_alternative<StreamOracle>(*prepared.job.oracle);
  if (of_one && prepared.job.shape.parts.size() > 1) {
    return parsed.ErrorAt(
        scenario.job(), "name", 0,
        absl::StrCat("job ", prepared.job.instance.job->name,
                     " has an oracle, which is of one query ", "or output, and ",
                     prepared.job.shape.parts.size(),
                     " of them: add it without one, and each is judged by replay"));
  }
  TextOfSteps text;
  AddTextOfSteps(prepared.job.shape, text);
  for (const PlannedRival& rival : rivals) {
    AddTextOfSteps(ShapeOf(rival.instance), text);
    AddLaterStart(rival.instance, prepared.job.shape);
  }
  WT_ASSIGN_OR_RETURN(prepared.places,
                      PlacesOfInputs(parsed, prepared.job.instance, prepared.job.shape));
  WT_ASSIGN_OR_RETURN(prepared.job.feeds, AddServers(parsed, prepared.job.shape, prepared.places,
                                                     prepared.job.cluster));
  WT_ASSIGN_OR_RETURN(prepared.job.logs,
                      AddLogs(parsed, prepared.job.shape, prepared.places, prepared.job.cluster));
  WT_ASSIGN_OR_RETURN(prepared.input,
                      PlanInputs(parsed, prepared.places, prepared.seed, options.read_host_file));
  WT_ASSIGN_OR_RETURN(prepared.faults, PlanFaults(parsed, prepared.job.cluster, text));
  WT_RETURN_IF_ERROR(CheckExpectations(parsed, prepared.job.shape, text));
  return prepared;
}

}  // namespace wavetank::scenarios
