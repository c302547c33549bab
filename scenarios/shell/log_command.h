// `wavetank log`: a partitioned log as a process of this host, and what one writes to it and reads
// from it by hand.
#ifndef WAVETANK_SCENARIOS_SHELL_LOG_COMMAND_H_
#define WAVETANK_SCENARIOS_SHELL_LOG_COMMAND_H_

#include <optional>
#include <string>

namespace CLI {
class App;
}

namespace wavetank::scenarios::shell {

struct LogCommand {
  enum class Verb { kServe, kProduce, kRead } verb = Verb::kServe;
  std::string address;
  // Of kServe.
  std::string root = ".";
  int partitions = 2;
  bool epoch_per_transaction = false;
  // Of the others.
  std::string topic;
  std::optional<int> partition = {};
  std::optional<std::string> key = {};
  bool uncommitted = false;
  std::string secret_file = {};  // empty: none
};

// kServe: until a signal comes. Gives the exit status.
int Execute(const LogCommand& command);

class LogArguments {
 public:
  explicit LogArguments(CLI::App& app);
  bool wanted() const;
  int Execute();

 private:
  CLI::App& Verb(const char* name, const char* meaning);

  CLI::App& app_;
  CLI::App& serve_;
  CLI::App& produce_;
  CLI::App& read_;
  LogCommand command_;
};

}  // namespace wavetank::scenarios::shell

#endif  // WAVETANK_SCENARIOS_SHELL_LOG_COMMAND_H_
