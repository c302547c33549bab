// The steps that scenarios may name: the catalogues of every layer.
#ifndef WAVETANK_SCENARIOS_STEP_NAMES_H_
#define WAVETANK_SCENARIOS_STEP_NAMES_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "google/protobuf/repeated_ptr_field.h"

#include "platform/step.h"
#include "scenarios/parse.h"

namespace wavetank::scenarios {

std::vector<const platform::StepName*> AllSteps();

// kInvalidArgument, with the place: no such step, or it has no such attribute. `message` has the
// fields `step` and `attribute`.
absl::Status CheckStep(const ParsedScenario& parsed, const google::protobuf::Message& message,
                       const std::string& step,
                       const google::protobuf::RepeatedPtrField<Attribute>& attributes);

// The step's present name. REQUIRES: CheckStep was OK.
std::string CanonicalStepName(const std::string& name_or_alias);

}  // namespace wavetank::scenarios

#endif  // WAVETANK_SCENARIOS_STEP_NAMES_H_
