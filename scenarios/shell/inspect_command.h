// `wavetank inspect`: prints, and checks, checkpoint directories of this host.
#ifndef WAVETANK_SCENARIOS_SHELL_INSPECT_COMMAND_H_
#define WAVETANK_SCENARIOS_SHELL_INSPECT_COMMAND_H_

#include <string>
#include <vector>

namespace wavetank::scenarios::shell {

struct InspectCommand {
  std::vector<std::string> directories;
  bool verify = false;  // whether anything is wrong decides the exit status
  bool show_state = false;
  bool show_rows = false;
  bool quiet = false;  // only what is wrong, and a line for each directory
};

// Gives the exit status: 0, 1 with `verify` if anything is damaged, missing or torn, 2 if a
// directory holds no checkpoint or cannot be read.
int Execute(const InspectCommand& command);

}  // namespace wavetank::scenarios::shell

#endif  // WAVETANK_SCENARIOS_SHELL_INSPECT_COMMAND_H_
