// `wavetank run`: replays scenario files.
#ifndef WAVETANK_SCENARIOS_SHELL_RUN_COMMAND_H_
#define WAVETANK_SCENARIOS_SHELL_RUN_COMMAND_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "scenarios/oracle.h"

namespace wavetank::scenarios::shell {

struct RunCommand {
  std::vector<std::string> paths;  // files, and directories of *.textproto files
  std::optional<uint64_t> seed;
  std::string json_file;  // "-": standard output
  // A page of the run; of several an index, with their pages in a directory beside it.
  std::string report_file;
  std::string junit_file;
  // The bug that shows, in a build that has bugs planted.
  std::string planted;
  bool verbose = false;
  bool quiet = false;  // no timelines
};

// Gives the exit status.
int Execute(const RunCommand& command, const ScenarioJobs& jobs);

}  // namespace wavetank::scenarios::shell

#endif  // WAVETANK_SCENARIOS_SHELL_RUN_COMMAND_H_
