// The steps that scenarios may name: the catalogues of every layer.
#ifndef WAVETANK_SCENARIOS_STEP_NAMES_H_
#define WAVETANK_SCENARIOS_STEP_NAMES_H_

#include <map>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "google/protobuf/repeated_ptr_field.h"

#include "platform/step.h"
#include "scenarios/job_shape.h"
#include "scenarios/parse.h"

namespace wavetank::scenarios {

std::vector<const platform::StepName*> AllSteps();

struct AttributeName {
  std::string name;
  bool is_text = false;
};
std::vector<AttributeName> AttributesOf(const platform::StepName& step);
// Null when there is none of that name or alias.
const platform::StepName* FindStep(const std::string& name_or_alias);

// kInvalidArgument names the nearest: there is no such step, or it has no such attribute.
absl::StatusOr<const platform::StepName*> StepOf(const std::string& name_or_alias);
absl::StatusOr<AttributeName> AttributeOf(const platform::StepName& step, const std::string& name);

// What an attribute that is text may be in the runs of a scenario: by its name, what jobs call
// theirs. One that is not here may be anything.
using TextOfSteps = std::map<std::string, std::vector<std::string>>;
// Adds what the steps of these queries and outputs say.
void AddTextOfSteps(const JobShape& shape, TextOfSteps& text);
// kInvalidArgument, with the nearest: the attribute `name` is never `value` there.
absl::Status CheckTextOf(const TextOfSteps& text, const std::string& name,
                         const std::string& value);

// kInvalidArgument, with the place: no such step, it has no such attribute, or that is never so.
// `message` has the fields `step` and `attribute`.
absl::Status CheckStep(const ParsedScenario& parsed, const TextOfSteps& text,
                       const google::protobuf::Message& message, const std::string& step,
                       const google::protobuf::RepeatedPtrField<Attribute>& attributes);

platform::StepValue ValueOf(const Attribute& attribute);

// The step's present name. REQUIRES: CheckStep was OK.
std::string CanonicalStepName(const std::string& name_or_alias);

}  // namespace wavetank::scenarios

#endif  // WAVETANK_SCENARIOS_STEP_NAMES_H_
