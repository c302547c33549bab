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
#include "scenarios/fakes/log_server.h"

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

absl::StatusOr<const platform::StepName*> StepOf(const std::string& name) {
  if (const platform::StepName* const step = FindStep(name)) return step;
  std::vector<std::string> names;
  for (const platform::StepName* each : AllSteps()) names.emplace_back(each->name);
  return absl::InvalidArgumentError(
      absl::StrCat("there is no step \"", name, "\"", platform::Suggestion(name, names)));
}

absl::StatusOr<AttributeName> AttributeOf(const platform::StepName& step, const std::string& name) {
  std::vector<std::string> names;
  for (AttributeName& attribute : AttributesOf(step)) {
    if (attribute.name == name) return std::move(attribute);
    names.push_back(std::move(attribute.name));
  }
  return absl::InvalidArgumentError(absl::StrCat("step ", platform::ToAbsl(step.name),
                                                 " has no attribute \"", name, "\"",
                                                 platform::Suggestion(name, names)));
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
    if (std::get<QueryShape>(part.of).log) AddOnce("journal", text["log"]);
  }
}

absl::Status CheckTextOf(const TextOfSteps& text, const std::string& name,
                         const std::string& value) {
  const auto may_be = text.find(name);
  if (may_be == text.end()) return absl::OkStatus();
  const std::vector<std::string>& all = may_be->second;
  if (std::find(all.begin(), all.end(), value) != all.end()) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat("no ", name, " of the job is called \"", value,
                                                 "\"", platform::Suggestion(value, all)));
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
  all.insert(all.end(), std::begin(fakes::steps::kLogServerSteps),
             std::end(fakes::steps::kLogServerSteps));
  return all;
}

absl::Status CheckStep(const ParsedScenario& parsed, const TextOfSteps& text,
                       const google::protobuf::Message& message, const std::string& step,
                       const google::protobuf::RepeatedPtrField<Attribute>& attributes) {
  const auto at = [&parsed](const google::protobuf::Message& message_at, const char* field,
                            const absl::Status& why) {
    return parsed.ErrorAt(message_at, field, 0, std::string(why.message()));
  };
  const absl::StatusOr<const platform::StepName*> found = StepOf(step);
  if (!found.ok()) return at(message, "step", found.status());
  for (const Attribute& attribute : attributes) {
    const absl::StatusOr<AttributeName> is = AttributeOf(**found, attribute.name());
    if (!is.ok()) return at(attribute, "name", is.status());
    if (is->is_text != attribute.has_text()) {
      return parsed.ErrorAt(
          attribute, is->is_text ? "value" : "text", 0,
          absl::StrCat(attribute.name(), is->is_text ? " is text: say it as `text`"
                                                     : " is a number: say it as `value`"));
    }
    if (attribute.has_text() && attribute.value() != 0) {
      return parsed.ErrorAt(attribute, "value", 0, attribute.name() + " is text, and no number");
    }
    if (!attribute.has_text()) continue;
    const absl::Status may_be = CheckTextOf(text, attribute.name(), attribute.text());
    if (!may_be.ok()) return at(attribute, "text", may_be);
  }
  return absl::OkStatus();
}

std::string CanonicalStepName(const std::string& name_or_alias) {
  const platform::StepName* found = FindStep(name_or_alias);
  WT_CHECK(found != nullptr);
  return std::string(found->name);
}

}  // namespace wavetank::scenarios
