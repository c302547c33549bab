// What a scenario expects, held against what happened.
#ifndef WAVETANK_SCENARIOS_EXPECTATIONS_H_
#define WAVETANK_SCENARIOS_EXPECTATIONS_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"

#include "scenarios/cluster_plan.h"
#include "scenarios/job_shape.h"
#include "scenarios/parse.h"
#include "scenarios/report.h"
#include "scenarios/run_checker.h"
#include "scenarios/step_names.h"
#include "simulator/step_coverage.h"

namespace wavetank::scenarios {

// What a run shows besides its report.
struct RunFacts {
  std::vector<properties::Violation> violations;
  std::vector<std::string> errors;  // what nodes logged as errors
  std::vector<absl::Duration> batch_ends;
  std::optional<absl::Duration> last_fault;
  std::optional<absl::Duration> first_beyond;  // of the faults beyond the contract
  bool stalled = false;
  bool cut = false;                           // after as many events as were allowed
  std::vector<std::string> faults_not_fired;  // of the listed ones
  std::vector<simulator::StepCount> steps;
  const RunChecker* checker = nullptr;  // null: the job leaves nothing that could be judged
  const JobShape* shape = nullptr;
};

// kInvalidArgument, with the place: a step, a step's attribute, a kind of violation or a part of
// the job that does not exist, or a field that does nothing. `text`: what attributes that are text
// may be.
absl::Status CheckExpectations(const ParsedScenario& parsed, const JobShape& shape,
                               const TextOfSteps& text);

// The first error that says what an expected end of the job says; "" if there is none.
std::string ExpectedEnd(const Expect& expect, const std::vector<std::string>& errors);

// Sets the report's verdict, and says why it is not a pass.
void Judge(const Expect& expect, const RunFacts& facts, RunReport& report);

}  // namespace wavetank::scenarios

#endif  // WAVETANK_SCENARIOS_EXPECTATIONS_H_
