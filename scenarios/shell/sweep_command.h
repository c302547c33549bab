// `wavetank sweep`: strikes a scenario at every place of its run.
#ifndef WAVETANK_SCENARIOS_SHELL_SWEEP_COMMAND_H_
#define WAVETANK_SCENARIOS_SHELL_SWEEP_COMMAND_H_

#include <cstdint>
#include <string>

#include "scenarios/oracle.h"
#include "scenarios/sweep/sweep.h"

namespace wavetank::scenarios::shell {

struct SweepCommand {
  std::string path;
  SweepOptions options;
  uint64_t workers = 1;  // processes side by side
  std::string save_directory;
  std::string json_file;  // "-": standard output
  std::string planted;
};

// Gives the exit status.
int Execute(const SweepCommand& command, const ScenarioJobs& jobs);

}  // namespace wavetank::scenarios::shell

#endif  // WAVETANK_SCENARIOS_SHELL_SWEEP_COMMAND_H_
