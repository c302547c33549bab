// Sweep: one fault at every place of a scenario's run, each in a run of its own.
//
// A place is a step that is reached, or a call on disk or network. A fault that is aimed at it
// comes there, since what came before it comes again.
#ifndef WAVETANK_SCENARIOS_SWEEP_SWEEP_H_
#define WAVETANK_SCENARIOS_SWEEP_SWEEP_H_

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

#include "scenarios/oracle.h"
#include "scenarios/parse.h"
#include "scenarios/report.h"
#include "scenarios/runner.h"
#include "simulator/fault.h"

namespace wavetank::scenarios {

// Where a kind of fault strikes.
enum class Strikes : uint8_t {
  kEverywhere,  // at steps and calls
  kCalls,       // calls that it can befall
  kLinks,       // calls to another machine
};

struct SweptKind {
  simulator::FaultKind kind;
  Strikes strikes;
  int64_t duration_ms = 0;  // 0: it does not last
  // Of a kind with an amount: a run for each.
  std::vector<int64_t> amounts = {};
  std::string_view meaning;  // of what it is for
};
// In the order in which they are tried at a place.
std::span<const SweptKind> SweptKinds();

struct SweepOptions {
  // Kinds of faults by name; none: all of SweptKinds().
  std::vector<std::string> kinds = {};
  // Instead of all faults so many of them, drawn by `sample_seed`. 0: all.
  int64_t sample = 0;
  // So many pairs instead: a fault of the plan, and another one at a later place.
  int64_t pairs = 0;
  uint64_t sample_seed = 1;
};

struct SweptFault {
  std::string place;  // for people: "batch.committed", "call 12 of driver, sync checkpoint/log-1"
  // The swept one with one fault more, or two. Of what it expects, the promises (PromisesOf) stay.
  Scenario scenario;
};

struct SweepPlan {
  size_t steps = 0;  // places in the run
  size_t calls = 0;
  size_t all = 0;                  // faults that these places have
  std::vector<SweptFault> faults;  // those that are to be run
};

// Runs the scenario once, and plans the faults. kInvalidArgument: what RunScenario refuses, or a
// kind of fault that is not swept; kFailedPrecondition: the scenario does not pass by itself, or
// expects that something goes wrong.
absl::StatusOr<SweepPlan> PlanSweep(const ParsedScenario& parsed, const ScenarioJobs& jobs,
                                    const SweepOptions& options, const RunOptions& run);

}  // namespace wavetank::scenarios

#endif  // WAVETANK_SCENARIOS_SWEEP_SWEEP_H_
