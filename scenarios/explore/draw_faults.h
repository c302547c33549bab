// Draws the faults of a scenario, one at a time, each where the run so far shows that it can
// strike.
//
// A scenario is run without faults, and then with one more at a time (exploration.h). A run is a
// pure function of its scenario, so one more fault, at a step, a call or a time after the last that
// has struck, finds the run as the survey of the one before shows it: the step is reached, what it
// strikes lives, and a call that it can befall comes.
#ifndef WAVETANK_SCENARIOS_EXPLORE_DRAW_FAULTS_H_
#define WAVETANK_SCENARIOS_EXPLORE_DRAW_FAULTS_H_

#include <string>
#include <vector>

#include "properties/choices.h"
#include "scenarios/prepare.h"
#include "scenarios/scenario.pb.h"
#include "scenarios/survey.h"

namespace wavetank::scenarios {

// After so many no more is added.
inline constexpr int kFaultsMost = 5;

// What there is to strike.
struct FaultTargets {
  std::string store_machine;
  std::vector<std::string> machines;
  std::vector<std::string> processes;
  std::vector<std::string> spare_machines;  // where a driver that is taken for dead may be replaced
  std::vector<std::string> of_driver;       // the processes that have one, of those above
  bool replaceable = false;                 // a driver, on a spare machine or where it is
  std::vector<std::string> directories;     // that input comes into
  std::vector<std::string> external;        // processes that serve external systems
  bool structured = false;
  bool socket = false;
  bool rewound = false;  // input goes and comes again
  // Whether its one query or output is that of the built-in jobs, with their directories' names,
  // and all of it is judged: what befalls its files by name may be drawn too.
  bool has_known_files = false;
};
FaultTargets TargetsOf(const Prepared& prepared, const Scenario& scenario);

// Adds the `number`-th fault, counted from 1; now and then two that belong together. Most are ones
// that the guarantees cover. One that goes beyond is told by name (docs/faults.md), and what the
// scenario expects then says so. `survey`: of a run of `scenario`.
void AddFault(const properties::Choices& choices, int number, const FaultTargets& targets,
              const Survey& survey, Scenario& scenario);

}  // namespace wavetank::scenarios

#endif  // WAVETANK_SCENARIOS_EXPLORE_DRAW_FAULTS_H_
