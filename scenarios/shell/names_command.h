// `wavetank steps`, `faults`, `jobs` and `formats`: what scenarios, commands and queries may name.
#ifndef WAVETANK_SCENARIOS_SHELL_NAMES_COMMAND_H_
#define WAVETANK_SCENARIOS_SHELL_NAMES_COMMAND_H_

#include <string>

#include "scenarios/oracle.h"

namespace wavetank::scenarios::shell {

struct NamesCommand {
  enum class Of { kSteps, kFaults, kJobs, kFormats } of = Of::kSteps;
  std::string name;  // only this, or those whose names begin so; "": all
  bool json = false;
};

// Gives the exit status: 0, or 2: there is none of that name.
int Execute(const NamesCommand& command, const ScenarioJobs& jobs);

}  // namespace wavetank::scenarios::shell

#endif  // WAVETANK_SCENARIOS_SHELL_NAMES_COMMAND_H_
