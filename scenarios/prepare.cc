#include "scenarios/prepare.h"

#include <algorithm>
#include <iterator>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/time.h"

#include "checkpoint/paths.h"
#include "platform/check.h"
#include "platform/nearest_name.h"
#include "platform/status_macros.h"
#include "platform/text.h"
#include "scenarios/expectations.h"
#include "scenarios/fault_plan.h"
#include "scenarios/field_bounds.h"
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
    arguments[parameter.name()] = parameter.value();
  }
  return absl::OkStatus();
}

absl::StatusOr<runtime::JobInstance> Bind(const ParsedScenario& parsed, const Job& wanted,
                                          const runtime::Job& job, const Arguments& given) {
  absl::StatusOr<runtime::JobArguments> arguments = runtime::BindArguments(job, given);
  if (!arguments.ok()) {
    return parsed.ErrorAt(wanted, "name", 0, platform::ToStd(arguments.status().message()));
  }
  runtime::JobInstance instance{&job, *std::move(arguments)};
  const absl::Status plan = runtime::CheckPlan(instance);
  if (!plan.ok()) return parsed.ErrorAt(wanted, "name", 0, platform::ToStd(plan.message()));
  return instance;
}

// The job from each of the starts on with which it changes. `given`: what is so by default, and
// then what was so at first.
absl::StatusOr<std::vector<JobFromStart>> PrepareJob(const ParsedScenario& parsed,
                                                     const ScenarioJobs& jobs, const Job& wanted,
                                                     Arguments& given) {
  WT_ASSIGN_OR_RETURN(const runtime::Job* const job, FindJob(parsed, jobs, wanted));
  KeepOnly(ParametersOf(*job), given);
  WT_RETURN_IF_ERROR(PutOver(parsed, *job, wanted.parameter(), given));
  std::vector<JobFromStart> from;
  WT_ASSIGN_OR_RETURN(runtime::JobInstance first, Bind(parsed, wanted, *job, given));
  from.push_back({1, std::move(first)});
  Arguments now = given;
  for (const Change& change : wanted.change()) {
    const int start = change.has_start() ? change.start() : 2;
    if (start <= from.back().start) {
      return parsed.ErrorAt(change, "start", 0,
                            "changes come in the order of their starts, each from the second on");
    }
    WT_RETURN_IF_ERROR(PutOver(parsed, *job, change.parameter(), now));
    WT_ASSIGN_OR_RETURN(runtime::JobInstance instance, Bind(parsed, wanted, *job, now));
    from.push_back({start, std::move(instance)});
  }
  return from;
}

absl::StatusOr<std::vector<PlannedRival>> PrepareRivals(const ParsedScenario& parsed,
                                                        const ScenarioJobs& jobs,
                                                        const Arguments& given) {
  std::vector<PlannedRival> rivals;
  for (const Rival& rival : parsed.scenario->rival()) {
    if (rival.at_ms() < 0) return parsed.ErrorAt(rival, "at_ms", 0, "at_ms is negative");
    if (rival.job().change_size() > 0) {
      return parsed.ErrorAt(rival.job(), "change", 0, "a rival is not started again");
    }
    Arguments arguments = given;
    WT_ASSIGN_OR_RETURN(std::vector<JobFromStart> job,
                        PrepareJob(parsed, jobs, rival.job(), arguments));
    rivals.push_back({std::move(job.front().instance), absl::Milliseconds(rival.at_ms())});
  }
  return rivals;
}

// What the job's sockets connect to.
absl::Status AddLineServer(const ParsedScenario& parsed, const std::string& address,
                           Prepared& prepared) {
  const Job& job = parsed.scenario->job();
  const std::string host = address.substr(0, address.rfind(':'));
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
  return AddOutside(parsed, {"line-server", fakes::LineServerMain(address, prepared.feed)},
                    prepared.cluster);
}

// The directory that an input comes into, or "" for the job's server: the only one that there is;
// of several the one that the parameter of that name says, or that is called so.
absl::StatusOr<std::string> WhereInputGoes(const ParsedScenario& parsed, const Input& input,
                                           const Prepared& prepared) {
  const JobShape& shape = prepared.shape;
  const bool has_server = !shape.servers.empty();
  if (parsed.scenario->input_size() == 1 && shape.directories.size() + has_server == 1) {
    return has_server ? "" : shape.directories.front();
  }
  const std::vector<std::string>& all = shape.directories;
  const auto is_read = [&all](const std::string& directory) {
    return std::find(all.begin(), all.end(), directory) != all.end();
  };
  std::vector<std::string> names = all;
  std::string directory = checkpoint::NormalPath(input.name());
  for (const runtime::JobParameter& parameter : runtime::AllParameters(*prepared.instance.job)) {
    const std::string value =
        checkpoint::NormalPath(prepared.instance.arguments.Get(parameter.name));
    if (parameter.name == input.name()) directory = value;
    if (is_read(value)) names.push_back(parameter.name);
  }
  if (is_read(directory)) return directory;
  if (has_server && input.name() == "server") return std::string();
  if (has_server) names.emplace_back("server");
  const std::string nearest = platform::NearestName(input.name(), names);
  std::vector<std::string> reads;
  for (const std::string& each : all) reads.push_back(absl::StrCat("\"", each, "\""));
  if (has_server) reads.emplace_back("a server, whose input is called \"server\"");
  if (reads.empty()) reads.emplace_back("no directory and no server");
  return parsed.ErrorAt(
      input, "name", 0,
      absl::StrCat("job ", prepared.instance.job->name, " reads no \"", input.name(), "\": ",
                   nearest.empty() ? absl::StrCat("it reads ", absl::StrJoin(reads, " and "))
                                   : absl::StrCat("did you mean \"", nearest, "\"?")));
}

absl::StatusOr<InputPlan> PlanInputs(const ParsedScenario& parsed, const Prepared& prepared,
                                     const RunOptions& options) {
  InputPlan plan;
  std::set<std::string> taken;
  int64_t number = 0;
  for (const Input& input : parsed.scenario->input()) {
    // The first one's lines do not depend on whether there are others.
    platform::Random random = platform::Random(prepared.seed).Fork("input");
    if (number > 0) random = random.Fork("another", {static_cast<uint64_t>(number)});
    ++number;
    WT_ASSIGN_OR_RETURN(const std::string directory, WhereInputGoes(parsed, input, prepared));
    if (!taken.insert(directory).second) {
      return parsed.ErrorAt(input, "name", 0, "two inputs go to the same place");
    }
    WT_ASSIGN_OR_RETURN(InputPlan files, PlanInput(parsed, input, random, options.read_host_file));
    for (ArrivingFile& file : files) file.directory = directory;
    InputPlan merged;
    std::merge(std::make_move_iterator(plan.begin()), std::make_move_iterator(plan.end()),
               std::make_move_iterator(files.begin()), std::make_move_iterator(files.end()),
               std::back_inserter(merged),
               [](const ArrivingFile& a, const ArrivingFile& b) { return a.at_ms < b.at_ms; });
    plan = std::move(merged);
  }
  return plan;
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
  // The places of the simulated store, and of the server there; a scenario may choose others.
  Arguments given = {
      {"input", "input"}, {"output", "output"}, {"checkpoint", "checkpoint"}, {"host", kOutside}};
  WT_ASSIGN_OR_RETURN(const std::vector<JobFromStart> job,
                      PrepareJob(parsed, jobs, scenario.job(), given));
  prepared.instance = job.front().instance;
  WT_ASSIGN_OR_RETURN(const std::vector<PlannedRival> rivals, PrepareRivals(parsed, jobs, given));
  prepared.oracle = jobs.OracleOf(prepared.instance.job->name);
  prepared.tokens = jobs.TokensOf(prepared.instance.job->name);
  WT_ASSIGN_OR_RETURN(prepared.cluster, PlanCluster(parsed, job, rivals));
  prepared.shape = ShapeOf(prepared.instance);
  if (prepared.shape.servers.size() > 1) {
    return parsed.ErrorAt(scenario.job(), "name", 0,
                          "a job with several streams from servers cannot be run yet");
  }
  if (prepared.oracle != nullptr && prepared.shape.parts.size() > 1) {
    return parsed.ErrorAt(
        scenario.job(), "name", 0,
        absl::StrCat("job ", prepared.instance.job->name, " has an oracle, which is of one query ",
                     "or output, and ", prepared.shape.parts.size(),
                     " of them: add it without one, and each is judged by replay"));
  }
  TextOfSteps text;
  AddTextOfSteps(prepared.shape, text);
  for (const PlannedRival& rival : rivals) AddTextOfSteps(ShapeOf(rival.instance), text);
  for (const std::string& address : prepared.shape.servers) {
    WT_RETURN_IF_ERROR(AddLineServer(parsed, address, prepared));
  }
  WT_ASSIGN_OR_RETURN(prepared.input, PlanInputs(parsed, prepared, options));
  WT_ASSIGN_OR_RETURN(prepared.faults, PlanFaults(parsed, prepared.cluster, text));
  WT_RETURN_IF_ERROR(CheckExpectations(parsed, prepared.shape, text));
  return prepared;
}

}  // namespace wavetank::scenarios
