// `wavetank lines`: a file's lines for a stream that reads a server which keeps them
// (StreamingContext::ReliableTextStream), as a process of this host.
#ifndef WAVETANK_SCENARIOS_SHELL_LINES_COMMAND_H_
#define WAVETANK_SCENARIOS_SHELL_LINES_COMMAND_H_

#include <cstdint>
#include <string>

namespace CLI {
class App;
}

namespace wavetank::scenarios::shell {

struct LinesCommand {
  std::string file;
  std::string address;
  int64_t a_second = 0;  // so many lines come; 0: all are there at once
};

// Until a stream has taken all lines in, or a signal comes. Gives the exit status.
int Execute(const LinesCommand& command);

class LinesArguments {
 public:
  explicit LinesArguments(CLI::App& app);
  bool wanted() const;
  int Execute() { return shell::Execute(command_); }

 private:
  CLI::App& app_;
  LinesCommand command_;
};

}  // namespace wavetank::scenarios::shell

#endif  // WAVETANK_SCENARIOS_SHELL_LINES_COMMAND_H_
