// Runs compilers and binary tools, for tests that judge what was built.
#ifndef WAVETANK_TESTS_ARCHITECTURE_COMMAND_H_
#define WAVETANK_TESTS_ARCHITECTURE_COMMAND_H_

#include <string>

namespace wavetank::architecture {

struct CommandResult {
  int status = 0;      // 0 is success
  std::string output;  // standard output and standard error
};

// Runs a shell command in the working directory.
CommandResult RunCommand(const std::string& command);

// The build tree that this test program belongs to.
std::string BuildDirectory();

}  // namespace wavetank::architecture

#endif  // WAVETANK_TESTS_ARCHITECTURE_COMMAND_H_
