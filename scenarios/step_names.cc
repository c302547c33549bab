#include "scenarios/step_names.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

#include "checkpoint/steps.h"
#include "platform/check.h"
#include "platform/nearest_name.h"
#include "platform/text.h"
#include "runtime/steps.h"
#include "scenarios/fakes/line_server.h"

namespace wavetank::scenarios {
namespace {

const platform::StepName* Find(const std::string& name) {
  for (const platform::StepName* step : AllSteps()) {
    if (step->name == name || (!step->alias.empty() && step->alias == name)) return step;
  }
  return nullptr;
}

}  // namespace

std::vector<const platform::StepName*> AllSteps() {
  std::vector<const platform::StepName*> all = runtime::steps::All();
  all.insert(all.end(), std::begin(checkpoint::steps::kAll), std::end(checkpoint::steps::kAll));
  all.insert(all.end(), std::begin(fakes::steps::kLineServerSteps),
             std::end(fakes::steps::kLineServerSteps));
  return all;
}

absl::Status CheckStep(const ParsedScenario& parsed, const google::protobuf::Message& message,
                       const std::string& step,
                       const google::protobuf::RepeatedPtrField<Attribute>& attributes) {
  const platform::StepName* found = Find(step);
  if (found == nullptr) {
    std::vector<std::string> names;
    for (const platform::StepName* each : AllSteps()) names.emplace_back(each->name);
    return parsed.ErrorAt(
        message, "step", 0,
        absl::StrCat("there is no step \"", step, "\"", platform::Suggestion(step, names)));
  }
  const std::vector<std::string> known =
      absl::StrSplit(platform::ToAbsl(found->attributes), ", ", absl::SkipEmpty());
  for (const Attribute& attribute : attributes) {
    if (std::find(known.begin(), known.end(), attribute.name()) != known.end()) continue;
    return parsed.ErrorAt(
        attribute, "name", 0,
        absl::StrCat("step ", platform::ToAbsl(found->name), " has no attribute \"",
                     attribute.name(), "\"", platform::Suggestion(attribute.name(), known)));
  }
  return absl::OkStatus();
}

std::string CanonicalStepName(const std::string& name_or_alias) {
  const platform::StepName* found = Find(name_or_alias);
  WT_CHECK(found != nullptr);
  return std::string(found->name);
}

}  // namespace wavetank::scenarios
