#include "scenarios/explore/exploration.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

#include "platform/check.h"
#include "platform/nearest_name.h"
#include "platform/status_macros.h"
#include "platform/text.h"
#include "scenarios/explore/draw_faults.h"
#include "scenarios/prepare.h"

namespace wavetank::scenarios {
namespace {

absl::Status CheckSchemas(const JobForm& form, const std::map<std::string, Records>& schemas) {
  for (const auto& [input, records] : schemas) {
    if (std::find(form.inputs.begin(), form.inputs.end(), input) != form.inputs.end()) continue;
    return absl::InvalidArgumentError(absl::StrCat("job ", form.name, " has no input \"", input,
                                                   "\": it has ", absl::StrJoin(form.inputs, ", "),
                                                   platform::Suggestion(input, form.inputs)));
  }
  return absl::OkStatus();
}

}  // namespace

bool Fails(const RunReport& report) {
  return report.verdict != Verdict::kPass && report.verdict != Verdict::kInconclusive;
}

absl::StatusOr<Exploration> Exploration::Make(const ScenarioJobs& jobs,
                                              ExplorationOptions options) {
  Exploration exploration(jobs, std::move(options));
  for (const std::string& job : exploration.options_.jobs) {
    const ExplorationOptions& wanted = exploration.options_;
    WT_ASSIGN_OR_RETURN(std::vector<JobForm> forms, FormsOf(job, jobs, wanted.parameters));
    for (JobForm& form : forms) {
      WT_RETURN_IF_ERROR(CheckSchemas(form, wanted.schemas));
      form.schemas = wanted.schemas;
      form.guarantee = wanted.guarantee.value_or(form.guarantee);
    }
    exploration.forms_.push_back(std::move(forms));
  }
  return exploration;
}

RunOptions Exploration::OptionsOf(Keep keep) const {
  RunOptions options;
  options.retain =
      keep == Keep::kTimeline ? simulator::Retain::kTimeline : simulator::Retain::kNothing;
  options.planted = options_.planted;
  options.compiled = compiled_;
  options.survey = keep == Keep::kSurvey;
  return options;
}

Scenario Exploration::DrawFirst(const properties::Choices& choices) const {
  const size_t origins = forms_.size() + options_.scenarios.size();
  if (origins == 0) return DrawWorld(choices, DrawBuiltInForm(choices));
  const auto origin =
      static_cast<size_t>(choices.Between("origin", 0, static_cast<int64_t>(origins) - 1));
  if (origin < forms_.size()) return DrawWorld(choices, choices.OneOf("job", forms_[origin]));
  return DrawVariation(choices, *options_.scenarios[origin - forms_.size()].scenario);
}

absl::StatusOr<RunReport> Exploration::Run(const Scenario& scenario, Keep keep) const {
  return RunScenario(ParsedScenario::Of(scenario), *jobs_, OptionsOf(keep));
}

void Exploration::Explore(uint64_t seed, const OnRun& on_run) const {
  const properties::Choices choices(seed);
  Scenario scenario = DrawFirst(choices);
  const auto prepared = Prepare(ParsedScenario::Of(scenario), *jobs_, OptionsOf(Keep::kNothing));
  WT_CHECK(prepared.ok(), std::string(platform::ToStd(prepared.status().message())));
  const FaultTargets targets = TargetsOf(*prepared, scenario);
  Scenario before = scenario;
  for (int number = 0;; ++number) {
    const bool last = number == kFaultsMost;
    const absl::StatusOr<RunReport> report = Run(scenario, last ? Keep::kNothing : Keep::kSurvey);
    WT_CHECK(report.ok(), std::string(platform::ToStd(report.status().message())));
    if (!on_run(number, scenario, *report) || last || Fails(*report)) return;
    // What did not come after all is not waited for again.
    if (report->verdict == Verdict::kInconclusive) scenario = before;
    before = scenario;
    AddFault(choices, number + 1, targets, *report->survey, scenario);
    if (scenario.fault_size() == before.fault_size()) return;  // nothing is left to strike at
  }
}

}  // namespace wavetank::scenarios
