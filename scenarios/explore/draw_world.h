// Draws a world without faults: a job with its parameters, a cluster, what arrives, and how what is
// ready together is ordered. It is a Scenario, so whatever fails can be saved and replayed.
#ifndef WAVETANK_SCENARIOS_EXPLORE_DRAW_WORLD_H_
#define WAVETANK_SCENARIOS_EXPLORE_DRAW_WORLD_H_

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"

#include "properties/choices.h"
#include "scenarios/oracle.h"
#include "scenarios/parse.h"
#include "scenarios/scenario.pb.h"

namespace wavetank::scenarios {

// A way to draw a job.
struct JobForm {
  std::string name;
  // Parameters that are so in this form.
  std::vector<std::pair<std::string, std::string>> fixed = {};
  // Parameters of which each has one of its values.
  std::vector<std::pair<std::string, std::vector<std::string>>> drawn = {};
  // The same, which a later start may have otherwise.
  std::vector<std::pair<std::string, std::vector<std::string>>> changing = {};
  std::vector<std::string> inputs = {"input"};  // by name
  std::map<std::string, Records> schemas = {};  // of what inputs hold, by name
  bool structured = true;
  bool windowed = false;  // it has a window and a delay; its lines begin with a time
  bool timed = false;     // its lines begin with a time
  bool numbers = true;    // its records, if it has some, end with a number
  bool socket = false;    // its inputs are servers
  bool log = false;       // its inputs are topics
  bool program = false;   // it is a program, which is drawn, and says what its inputs are
  // What a line is: words with ids, or the records of the jobs that have no oracle, a key and a
  // number; or, of a job of which nobody knows, either.
  enum class Lines { kWords, kRecords, kAny } lines = Lines::kWords;
  bool judged = true;   // all that it puts out is durable, so that a checker can look at it
  bool forgets = true;  // it has the parameter "forget-after"
  Expect::Guarantee guarantee = Expect::EXACTLY_ONCE;
};

// Those of the built-in jobs. One in ten draws is of a job over a log, one in six of the others of
// a program, one in four of what is left of a job without an oracle.
JobForm DrawBuiltInForm(const properties::Choices& choices);

// The built-in forms of this job, or what its plan says: what it reads, what can be judged of it.
// Its parameters are those of `fixed`, or what they are by default, or one of those that it says a
// search may try (JobParameter::tried). kInvalidArgument: a parameter is none of these, or its plan
// is refused.
absl::StatusOr<std::vector<JobForm>> FormsOf(const std::string& job, const ScenarioJobs& jobs,
                                             const std::map<std::string, std::string>& fixed = {});

Scenario DrawWorld(const properties::Choices& choices, const JobForm& form);

// Of what a scenario expects, what holds under any faults: times, counts and steps are those of its
// own.
Expect PromisesOf(const Expect& expected);

// This scenario with another seed and schedule and without its faults; of what it expects, what
// holds whatever befalls it.
Scenario DrawVariation(const properties::Choices& choices, const Scenario& scenario);

// As a file that `wavetank run` replays. `comment` is a line for people.
std::string ToText(const Scenario& scenario, const std::string& comment);

}  // namespace wavetank::scenarios

#endif  // WAVETANK_SCENARIOS_EXPLORE_DRAW_WORLD_H_
