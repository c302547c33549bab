// `wavetank shrink`: makes a scenario that fails small.
#ifndef WAVETANK_SCENARIOS_SHELL_SHRINK_COMMAND_H_
#define WAVETANK_SCENARIOS_SHELL_SHRINK_COMMAND_H_

#include <string>

#include "scenarios/oracle.h"

namespace wavetank::scenarios::shell {

struct ShrinkCommand {
  std::string path;
  double seconds_max = 60;
  std::string out_file;  // "": below kRegressions (shrunk_file.h), by its name
  std::string planted;
};

// Gives the exit status: 0 it fails, and the smallest is saved; 1 it does not fail; 2 bad input.
int Execute(const ShrinkCommand& command, const ScenarioJobs& jobs);

}  // namespace wavetank::scenarios::shell

#endif  // WAVETANK_SCENARIOS_SHELL_SHRINK_COMMAND_H_
