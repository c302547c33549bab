// `wavetank rescale`: lays the state in checkpoints of this host out in another number of
// partitions.
#ifndef WAVETANK_SCENARIOS_SHELL_RESCALE_COMMAND_H_
#define WAVETANK_SCENARIOS_SHELL_RESCALE_COMMAND_H_

#include <string>

namespace wavetank::scenarios::shell {

struct RescaleCommand {
  std::string directory;  // of a query, or of a job of several
  int partitions = 0;
};

// Gives the exit status: 0; 1 if it failed on the way, and the checkpoint is what it was; 2 if it
// was refused, before anything was written.
int Execute(const RescaleCommand& command);

}  // namespace wavetank::scenarios::shell

#endif  // WAVETANK_SCENARIOS_SHELL_RESCALE_COMMAND_H_
