// A scenario of what a recording tells (recording.h): the job with its parameters, its cluster, the
// files that came and when, and where it was killed.
#ifndef WAVETANK_SCENARIOS_SHELL_RECORDED_SCENARIO_H_
#define WAVETANK_SCENARIOS_SHELL_RECORDED_SCENARIO_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"

#include "scenarios/oracle.h"
#include "scenarios/scenario.pb.h"
#include "scenarios/shell/recording.h"

namespace wavetank::scenarios::shell {

// No more input than that becomes part of a scenario, which people are to read.
inline constexpr size_t kRecordedBytesMost = size_t{4} << 20;

// What the job reads is read from its directories as they are now: a file came when it was last
// modified. kInvalidArgument: this program has not the job, its plan is refused, a file is gone,
// no text, or there is too much.
absl::StatusOr<Scenario> ScenarioOf(const std::vector<RecordedStart>& starts,
                                    const std::string& name, const ScenarioJobs& jobs);

struct RecallCommand {
  std::string recording;
  std::string scenario_file = "-";
};

// `wavetank recall`: gives the exit status.
int Execute(const RecallCommand& command, const ScenarioJobs& jobs);

}  // namespace wavetank::scenarios::shell

#endif  // WAVETANK_SCENARIOS_SHELL_RECORDED_SCENARIO_H_
