// What the command line says of `sweep`.
#ifndef WAVETANK_SCENARIOS_SHELL_SWEEP_ARGUMENTS_H_
#define WAVETANK_SCENARIOS_SHELL_SWEEP_ARGUMENTS_H_

#include "scenarios/oracle.h"
#include "scenarios/shell/sweep_command.h"

namespace CLI {
class App;
}

namespace wavetank::scenarios::shell {

class SweepArguments {
 public:
  explicit SweepArguments(CLI::App& app);
  bool wanted() const;
  int Execute(const ScenarioJobs& jobs) { return shell::Execute(command_, jobs); }

 private:
  CLI::App& app_;
  SweepCommand command_;
};

}  // namespace wavetank::scenarios::shell

#endif  // WAVETANK_SCENARIOS_SHELL_SWEEP_ARGUMENTS_H_
