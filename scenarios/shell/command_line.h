// CommandLine: the program `wavetank`. A user's main registers jobs and thereby is a `wavetank`
// with every subcommand:
//
//   int main(int argc, char** argv) {
//     wavetank::scenarios::CommandLine command;
//     command.AddJob({.name = "words", .meaning = "...", .dstream = Words});
//     return command.Run(argc, argv);
//   }
#ifndef WAVETANK_SCENARIOS_SHELL_COMMAND_LINE_H_
#define WAVETANK_SCENARIOS_SHELL_COMMAND_LINE_H_

#include <optional>
#include <utility>

#include "scenarios/oracle.h"

namespace wavetank::scenarios {

class CommandLine {
 public:
  // With the built-in jobs (scenarios/jobs.h). Make it first thing in main: a job that is asked to
  // stop (SIGINT, SIGTERM) from here on ends with status 0.
  CommandLine();
  // REQUIRES: no job of that name yet. With an oracle, scenarios can judge the job's guarantee.
  void AddJob(runtime::Job job, std::optional<JobOracle> oracle = std::nullopt) {
    jobs_.Add(std::move(job), std::move(oracle));
  }
  // The exit status: 0 every expectation holds, 1 a guarantee is violated (or a job failed), 2 bad
  // usage or input, 3 no progress, 4 not deterministic, 5 inconclusive.
  int Run(int argc, char** argv);

 private:
  ScenarioJobs jobs_;
};

}  // namespace wavetank::scenarios

#endif  // WAVETANK_SCENARIOS_SHELL_COMMAND_LINE_H_
