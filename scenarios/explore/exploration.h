// Exploration: the runs of a seed. A seed draws a world; that is run without faults, and then again
// and again with one more fault, until there are kFaultsMost or a run fails. Each run is judged.
#ifndef WAVETANK_SCENARIOS_EXPLORE_EXPLORATION_H_
#define WAVETANK_SCENARIOS_EXPLORE_EXPLORATION_H_

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

#include "runtime/structured/compiled_queries.h"
#include "scenarios/explore/draw_faults.h"
#include "scenarios/explore/draw_world.h"
#include "scenarios/oracle.h"
#include "scenarios/parse.h"
#include "scenarios/report.h"
#include "scenarios/runner.h"
#include "scenarios/scenario.pb.h"

namespace wavetank::scenarios {

// A guarantee is violated, or the work does not get done. (An inconclusive run has kept every
// guarantee; only some of its faults never came.)
bool Fails(const RunReport& report);

struct ExplorationOptions {
  // What is explored: these jobs, and variations of these scenarios, which read no files of the
  // host. Neither: the built-in jobs.
  std::vector<std::string> jobs = {};
  // Of these jobs: parameters that are always so, what their inputs hold by the inputs' names (as
  // many records as are drawn, if it does not say how many), and what is claimed of them, if not
  // what their engine promises.
  std::map<std::string, std::string> parameters = {};
  std::map<std::string, Records> schemas = {};
  std::optional<Expect::Guarantee> guarantee = std::nullopt;
  std::vector<ParsedScenario> scenarios = {};
  std::string planted = {};  // the bug that shows, in a build that has bugs planted
};

class Exploration {
 public:
  // kInvalidArgument: there is no such job, or it cannot be drawn.
  static absl::StatusOr<Exploration> Make(const ScenarioJobs& jobs, ExplorationOptions options);

  // Told of each run; `number` counts those of the seed from 0. False: no more of this seed.
  using OnRun = std::function<bool(int number, const Scenario& scenario, const RunReport& report)>;
  // A pure function of the seed and of what is explored.
  void Explore(uint64_t seed, const OnRun& on_run) const;

  // What the report of a run holds besides the verdict.
  enum class Keep { kNothing, kSurvey, kTimeline };
  // One run of a scenario, as those of an exploration. kInvalidArgument: it asks for what cannot
  // be.
  absl::StatusOr<RunReport> Run(const Scenario& scenario, Keep keep = Keep::kNothing) const;

 private:
  Exploration(const ScenarioJobs& jobs, ExplorationOptions options)
      : jobs_(&jobs),
        options_(std::move(options)),
        compiled_(std::make_shared<runtime::CompiledQueries>()) {}

  Scenario DrawFirst(const properties::Choices& choices) const;
  RunOptions OptionsOf(Keep keep) const;

  const ScenarioJobs* jobs_;
  ExplorationOptions options_;
  std::shared_ptr<runtime::CompiledQueries> compiled_;  // shared by its runs
  std::vector<std::vector<JobForm>> forms_;             // of each of the jobs
};

}  // namespace wavetank::scenarios

#endif  // WAVETANK_SCENARIOS_EXPLORE_EXPLORATION_H_
