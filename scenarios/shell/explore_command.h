// `wavetank explore`: looks for scenarios that fail, in processes of this host side by side.
#ifndef WAVETANK_SCENARIOS_SHELL_EXPLORE_COMMAND_H_
#define WAVETANK_SCENARIOS_SHELL_EXPLORE_COMMAND_H_

#include <cstdint>
#include <string>
#include <vector>

#include "scenarios/oracle.h"

namespace wavetank::scenarios::shell {

struct ExploreCommand {
  std::vector<std::string> origins;  // names of jobs, scenario files, directories of them
  uint64_t first_seed = 1;
  uint64_t last_seed = UINT64_MAX;
  double seconds_max = 0;  // 0: as long as it takes
  int64_t runs_max = 0;    // 0: as many as there are
  uint64_t workers = 1;
  uint64_t shard = 1;  // of `shards`, counted from 1
  uint64_t shards = 1;
  bool keep_going = false;  // after a failure
  double shrink_seconds = 60;
  std::string save_directory;
  std::string json_file;            // "-": standard output
  std::string required_file;        // what must have been reached
  std::vector<std::string> merged;  // summaries to add up, instead of an exploration
  std::string planted;
};

// Gives the exit status.
int Execute(const ExploreCommand& command, const ScenarioJobs& jobs);

}  // namespace wavetank::scenarios::shell

#endif  // WAVETANK_SCENARIOS_SHELL_EXPLORE_COMMAND_H_
