// `wavetank sql`: statements of SQL, run for real. What they INSERT INTO tables is one job, as
// `wavetank start` runs it in this process.
#ifndef WAVETANK_SCENARIOS_SHELL_SQL_COMMAND_H_
#define WAVETANK_SCENARIOS_SHELL_SQL_COMMAND_H_

#include <map>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

#include "platform/real/step_killer.h"

namespace CLI {
class App;
class Option;
}  // namespace CLI

namespace wavetank::scenarios::shell {

struct SqlText {
  std::string file;  // "": of the command line
  std::string text;
};

struct SqlCommand {
  std::vector<SqlText> texts;
  // Of the job, as `wavetank start` takes them: "checkpoint", "once", ...
  std::map<std::string, std::string> parameters;
  bool follow = false;  // SELECTs go on, and show what changes
  int workers = 2;
  std::vector<platform::StepFault> step_faults;
  bool verbose = false;
};

// Gives the exit status: 0 all ran, and queries ended or were stopped in good order; 1 one failed;
// 2 a statement is wrong or was refused, and no query was started.
int Execute(const SqlCommand& command);

// Its options.
class SqlArguments {
 public:
  explicit SqlArguments(CLI::App& app);
  bool wanted() const;
  int Execute();

 private:
  CLI::App& app_;
  SqlCommand command_;
  std::vector<std::string> files_;
  std::vector<std::string> texts_;
  std::map<std::string, std::string> values_;  // of the job's parameters
  std::vector<std::string> kill_at_;
  std::vector<std::string> stop_at_;
};

}  // namespace wavetank::scenarios::shell

#endif  // WAVETANK_SCENARIOS_SHELL_SQL_COMMAND_H_
