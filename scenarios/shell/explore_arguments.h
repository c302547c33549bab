// What the command line says of `explore`, `shrink`, `steps`, `faults` and `jobs`.
#ifndef WAVETANK_SCENARIOS_SHELL_EXPLORE_ARGUMENTS_H_
#define WAVETANK_SCENARIOS_SHELL_EXPLORE_ARGUMENTS_H_

#include <array>
#include <string>

#include "scenarios/oracle.h"
#include "scenarios/shell/explore_command.h"
#include "scenarios/shell/names_command.h"
#include "scenarios/shell/shrink_command.h"

namespace CLI {
class App;
}

namespace wavetank::scenarios::shell {

class ExploreArguments {
 public:
  explicit ExploreArguments(CLI::App& app);
  bool wanted() const;
  int Execute(const ScenarioJobs& jobs);

 private:
  CLI::App& app_;
  ExploreCommand command_;
  std::string for_;
  std::string seeds_;
  std::string shard_;
  std::string shrink_for_ = "60s";
  bool merge_ = false;
};

class ShrinkArguments {
 public:
  explicit ShrinkArguments(CLI::App& app);
  bool wanted() const;
  int Execute(const ScenarioJobs& jobs);

 private:
  CLI::App& app_;
  ShrinkCommand command_;
  std::string budget_ = "60s";
};

class NamesArguments {
 public:
  explicit NamesArguments(CLI::App& app);
  bool wanted() const;
  int Execute(const ScenarioJobs& jobs);

 private:
  std::array<CLI::App*, 4> apps_ = {};
  std::array<NamesCommand, 4> commands_ = {};
};

}  // namespace wavetank::scenarios::shell

#endif  // WAVETANK_SCENARIOS_SHELL_EXPLORE_ARGUMENTS_H_
