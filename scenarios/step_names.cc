#include "scenarios/step_names.h"

#include <algorithm>
#include <utility>
#include <variant>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"

#include "checkpoint/steps.h"
#include "platform/check.h"
#include "platform/nearest_name.h"
#include "platform/text.h"
#include "runtime/steps.h"
#include "scenarios/fakes/line_server.h"

namespace wavetank::scenarios {
namespace {

constexpr absl::string_view kIsText = ":text";

void AddOnce(std::string text, std::vector<std::string>& all) {
  if (std::find(all.begin(), all.end(), text) == all.end()) all.push_back(std::move(text));
}

}  // namespace

const platform::StepName* FindStep(const std::string& name) {
  for (const platform::StepName* step : AllSteps()) {
    if (step->name == name || (!step->alias.empty() && step->alias == name)) return step;
  }
  return nullptr;
}

std::vector<AttributeName> AttributesOf(const platform::StepName& step) {
  std::vector<AttributeName> names;
  for (absl::string_view name :
       absl::StrSplit(platform::ToAbsl(step.attributes), ", ", absl::SkipEmpty())) {
    const bool is_text = absl::ConsumeSuffix(&name, kIsText);
    names.push_back({std::string(name), is_text});
  }
  return names;
}

void AddTextOfSteps(const JobShape& shape, TextOfSteps& text) {
  for (const JobPart& part : shape.parts) {
    if (std::holds_alternative<StreamShape>(part.of)) {
      AddOnce(part.name, text["prefix"]);
      AddOnce(part.paths.checkpoint, text["log"]);
      continue;
    }
    AddOnce(part.name, text["query"]);
    AddOnce(part.paths.output, text["sink"]);
    AddOnce(part.paths.checkpoint + "/log", text["log"]);
    AddOnce(part.paths.output + "/_wavetank", text["log"]);
  }
}

platform::StepValue ValueOf(const Attribute& attribute) {
  if (attribute.has_text()) return attribute.text();
  return attribute.value();
}

std::vector<const platform::StepName*> AllSteps() {
  std::vector<const platform::StepName*> all = runtime::steps::All();
  all.insert(all.end(), std::begin(checkpoint::steps::kAll), std::end(checkpoint::steps::kAll));
  all.insert(all.end(), std::begin(fakes::steps::kLineServerSteps),
             std::end(fakes::steps::kLineServerSteps));
  return all;
}

absl::Status CheckStep(const ParsedScenario& parsed, const TextOfSteps& text,
                       const google::protobuf::Message& message, const std::string& step,
                       const google::protobuf::RepeatedPtrField<Attribute>& attributes) {
  const platform::StepName* found = FindStep(step);
  if (found == nullptr) {
    std::vector<std::string> names;
    for (const platform::StepName* each : AllSteps()) names.emplace_back(each->name);
    return parsed.ErrorAt(
        message, "step", 0,
        absl::StrCat("there is no step \"", step, "\"", platform::Suggestion(step, names)));
  }
  const std::vector<AttributeName> known = AttributesOf(*found);
  for (const Attribute& attribute : attributes) {
    const auto is = std::find_if(known.begin(), known.end(), [&](const AttributeName& each) {
      return each.name == attribute.name();
    });
    if (is == known.end()) {
      std::vector<std::string> names;
      for (const AttributeName& each : known) names.push_back(each.name);
      return parsed.ErrorAt(
          attribute, "name", 0,
          absl::StrCat("step ", platform::ToAbsl(found->name), " has no attribute \"",
                       attribute.name(), "\"", platform::Suggestion(attribute.name(), names)));
    }
    if (is->is_text != attribute.has_text()) {
      return parsed.ErrorAt(
          attribute, is->is_text ? "value" : "text", 0,
          absl::StrCat(attribute.name(), is->is_text ? " is text: say it as `text`"
                                                     : " is a number: say it as `value`"));
    }
    if (attribute.has_text() && attribute.value() != 0) {
      return parsed.ErrorAt(attribute, "value", 0, attribute.name() + " is text, and no number");
    }
    const auto may_be = text.find(attribute.name());
    if (!attribute.has_text() || may_be == text.end()) continue;
    const std::vector<std::string>& all = may_be->second;
    if (std::find(all.begin(), all.end(), attribute.text()) != all.end()) continue;
    return parsed.ErrorAt(
        attribute, "text", 0,
        absl::StrCat("no ", attribute.name(), " of the job is called \"", attribute.text(), "\"",
                     platform::Suggestion(attribute.text(), all)));
  }
  return absl::OkStatus();
}

std::string CanonicalStepName(const std::string& name_or_alias) {
  const platform::StepName* found = FindStep(name_or_alias);
  WT_CHECK(found != nullptr);
  return std::string(found->name);
}

}  // namespace wavetank::scenarios
