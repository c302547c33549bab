#include "scenarios/find_failure.h"

#include <utility>

#include "platform/check.h"
#include "platform/text.h"
#include "properties/shrink.h"
#include "scenarios/draw_scenario.h"
#include "scenarios/parse.h"
#include "scenarios/runner.h"

namespace wavetank::scenarios {
namespace {

Scenario DrawFrom(const properties::ChosenHeights& heights) {
  properties::ReplayedChoices choices(heights);
  return DrawScenario(choices);
}

bool FailsAlike(const RunReport& a, const RunReport& b) {
  if (a.verdict != b.verdict || a.violations.empty() != b.violations.empty()) return false;
  return a.violations.empty() || a.violations.front().kind == b.violations.front().kind;
}

}  // namespace

bool Fails(const RunReport& report) {
  return report.verdict != Verdict::kPass && report.verdict != Verdict::kInconclusive;
}

// Through the text, so that what is run is exactly what a saved file replays.
RunReport RunDrawn(const Scenario& scenario, const ScenarioJobs& jobs, const std::string& planted) {
  const absl::StatusOr<ParsedScenario> parsed = ParseScenario("drawn", ToText(scenario, "drawn"));
  WT_CHECK(parsed.ok(), std::string(platform::ToStd(parsed.status().message())));
  RunOptions options;
  options.retain = simulator::Retain::kNothing;
  options.planted = planted;
  absl::StatusOr<RunReport> report = RunScenario(*parsed, jobs, options);
  WT_CHECK(report.ok(), std::string(platform::ToStd(report.status().message())));
  return *std::move(report);
}

std::optional<FoundFailure> FindFailure(const ScenarioJobs& jobs, const SearchOptions& options) {
  for (int64_t run = 0; run < options.runs_max; ++run) {
    if (options.progress != nullptr) options.progress(run);
    properties::SeededChoices choices(options.first_seed + static_cast<uint64_t>(run));
    const Scenario drawn = DrawScenario(choices);
    const RunReport first = RunDrawn(drawn, jobs, options.planted);
    if (!Fails(first)) continue;
    const auto fails_alike = [&](const properties::ChosenHeights& heights) {
      return FailsAlike(first, RunDrawn(DrawFrom(heights), jobs, options.planted));
    };
    const properties::ChosenHeights smallest =
        properties::Shrink(choices.heights(), fails_alike, options.shrink_tries_max);
    FoundFailure found;
    found.runs = run + 1;
    found.scenario = DrawFrom(smallest);
    found.report = RunDrawn(found.scenario, jobs, options.planted);
    return found;
  }
  return std::nullopt;
}

}  // namespace wavetank::scenarios
