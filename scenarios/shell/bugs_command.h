// `wavetank bugs`: plants each known bug and shows what finds it, in how many runs.
#ifndef WAVETANK_SCENARIOS_SHELL_BUGS_COMMAND_H_
#define WAVETANK_SCENARIOS_SHELL_BUGS_COMMAND_H_

#include <cstdint>
#include <string>
#include <vector>

#include "scenarios/oracle.h"

namespace wavetank::scenarios::shell {

struct BugsCommand {
  std::vector<std::string> names;  // none: all
  int64_t runs_max = 5000;         // for each
  uint64_t first_seed = 1;
  int shrink_tries_max = 400;
  std::string json_file;       // "-": standard output
  bool list = false;           // only name them
  std::string save_directory;  // of the smallest scenarios; "": they are not saved
};

// Gives the exit status: 0 each was found; 1 one was not; 2 there is no such bug, or this build has
// none planted.
int Execute(const BugsCommand& command, const ScenarioJobs& jobs);

}  // namespace wavetank::scenarios::shell

#endif  // WAVETANK_SCENARIOS_SHELL_BUGS_COMMAND_H_
