// Runs one scenario in a simulated world: a pure function of the scenario, the seed and the jobs.
#ifndef WAVETANK_SCENARIOS_RUNNER_H_
#define WAVETANK_SCENARIOS_RUNNER_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "absl/status/statusor.h"

#include "scenarios/input.h"
#include "scenarios/oracle.h"
#include "scenarios/parse.h"
#include "scenarios/report.h"
#include "simulator/trace.h"

namespace wavetank::runtime {
class CompiledQueries;
}

namespace wavetank::scenarios {

struct RunOptions {
  // Overrides the scenario's.
  std::optional<uint64_t> seed;
  // What the report's timeline holds.
  simulator::Retain retain = simulator::Retain::kTimeline;
  ReadHostFile read_host_file;
  // Whether the report has a survey.
  bool survey = false;
  // After so many events a run is cut, which makes it inconclusive.
  uint64_t events_max = UINT64_MAX;
  // The bug that shows, in a build that has bugs planted (properties/planted_bugs.h).
  std::string planted;
  // Shared by runs of one thread, which then compile each query once. Null: the run has its own.
  std::shared_ptr<runtime::CompiledQueries> compiled = nullptr;
};

// kInvalidArgument, with file:line:column: the scenario asks for what cannot be. Everything else
// that can go wrong is in the report.
absl::StatusOr<RunReport> RunScenario(const ParsedScenario& parsed, const ScenarioJobs& jobs,
                                      const RunOptions& options);

// Checks all that RunScenario would refuse, without running.
absl::Status ValidateScenario(const ParsedScenario& parsed, const ScenarioJobs& jobs,
                              const ReadHostFile& read_host_file);

}  // namespace wavetank::scenarios

#endif  // WAVETANK_SCENARIOS_RUNNER_H_
