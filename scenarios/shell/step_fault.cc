#include "scenarios/shell/step_fault.h"

#include <utility>
#include <variant>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

#include "platform/status_macros.h"
#include "scenarios/job_shape.h"
#include "scenarios/step_names.h"

namespace wavetank::scenarios::shell {

absl::StatusOr<platform::StepFault> ParseStepFault(const std::string& text,
                                                   platform::StepFault::Action action) {
  const std::vector<std::string> parts = absl::StrSplit(text, ':');
  platform::StepFault fault;
  fault.step = parts[0];
  fault.action = action;
  WT_ASSIGN_OR_RETURN(const platform::StepName* const step, StepOf(fault.step));
  if (parts.size() > 1 &&
      (!absl::SimpleAtoi(parts[1], &fault.occurrence) || fault.occurrence < 1)) {
    return absl::InvalidArgumentError(
        absl::StrCat("\"", text, "\": the occurrence \"", parts[1], "\" is not a number above 0"));
  }
  for (size_t i = 2; i < parts.size(); ++i) {
    const std::pair<std::string, std::string> given =
        absl::StrSplit(parts[i], absl::MaxSplits('=', 1));
    WT_ASSIGN_OR_RETURN(const AttributeName attribute, AttributeOf(*step, given.first));
    int64_t number = 0;
    platform::StepValue value = given.second;
    if (!attribute.is_text) {
      if (!absl::SimpleAtoi(given.second, &number)) {
        return absl::InvalidArgumentError(
            absl::StrCat("\"", text, "\": \"", parts[i], "\" is not of the form name=number"));
      }
      value = number;
    }
    fault.attributes.emplace_back(given.first, std::move(value));
  }
  return fault;
}

absl::Status CheckStepFaults(const std::vector<platform::StepFault>& faults,
                             const runtime::JobInstance& instance) {
  if (faults.empty()) return absl::OkStatus();
  TextOfSteps text;
  AddTextOfSteps(ShapeOf(instance), text);
  for (const platform::StepFault& fault : faults) {
    for (const auto& [name, value] : fault.attributes) {
      if (const std::string* const said = std::get_if<std::string>(&value)) {
        WT_RETURN_IF_ERROR(CheckTextOf(text, name, *said));
      }
    }
  }
  return absl::OkStatus();
}

}  // namespace wavetank::scenarios::shell
