#include "runtime/functions/registry.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"

#include "platform/check.h"
#include "platform/nearest_name.h"
#include "platform/text.h"
#include "runtime/functions/groups.h"

namespace wavetank::runtime {

namespace {

// Calls that are more than functions of a row: expression.h of runtime/plan.
constexpr std::string_view kReserved[] = {"explode", "window", "session_window"};

bool IsName(std::string_view name) {
  const auto is_letter = [](char c) { return absl::ascii_isalpha(static_cast<unsigned char>(c)); };
  const auto is_digit = [](char c) { return absl::ascii_isdigit(static_cast<unsigned char>(c)); };
  return !name.empty() && !is_digit(name.front()) &&
         std::ranges::all_of(name, [&](char c) { return is_letter(c) || is_digit(c) || c == '_'; });
}

std::string WhatIsWrong(const Function& function) {
  if (!function.result.of) return "it does not say what it gives";
  const int ways =
      (function.kernel ? 1 : 0) + (function.prepare ? 1 : 0) + (function.parts != nullptr ? 1 : 0);
  if (ways != 1) return "it needs a kernel, or what prepares one, or the parts of an aggregate";
  if (function.optional < 0 ||
      static_cast<size_t>(function.optional) > function.parameters.size()) {
    return "more parameters may be left out than there are";
  }
  if (function.repeats < 0 || static_cast<size_t>(function.repeats) > function.parameters.size()) {
    return "it repeats more parameters than there are";
  }
  return "";
}

std::string WhatIsWrongForAJob(const Function& function) {
  if (!IsName(function.name)) {
    return "give it a name of letters, digits and _ that does not begin with a digit";
  }
  if (std::ranges::count(kReserved, std::string_view(function.name)) != 0) {
    return "the name means something else: give it another one";
  }
  return function.version < 1 ? "give it a version, from 1 on" : "";
}

absl::Status Refused(const Function& function, const std::string& wrong) {
  return absl::InvalidArgumentError(
      absl::StrCat("the function \"", function.name, "\" cannot be called: ", wrong));
}

}  // namespace

const std::vector<FunctionGroup>& FunctionGroups() {
  static const std::vector<FunctionGroup> groups = {
      {"Comparisons and logic", AddLogicFunctions},
      {"Choice", AddChoiceFunctions},
      {"Arithmetic", AddNumberFunctions},
      {"Numbers", AddMathFunctions},
      {"Real numbers", AddRealFunctions},
      {"Bits", AddBitFunctions},
      {"Text", AddTextFunctions},
      {"More of text", AddStringFunctions},
      {"Patterns", AddPatternFunctions},
      {"Structs", AddStructFunctions},
      {"Arrays", AddArrayFunctions},
      {"Time", AddTimeFunctions},
      {"Dates and parts of times", AddDateFunctions},
      {"Aggregates", AddAggregates},
      {"The first and the last of a group", AddFirstAndLast},
      {"Aggregates of how far numbers lie apart", AddMoments},
      {"Aggregates of how they lie", AddHigherMoments},
      {"Aggregates of pairs of numbers", AddMomentsOfPairs},
      {"Aggregates that keep each value", AddCollected},
      {"Aggregates that estimate", AddSketches},
  };
  return groups;
}

const FunctionRegistry& FunctionRegistry::BuiltIn() {
  static const FunctionRegistry* const built_in = [] {
    auto* const registry = new FunctionRegistry(Empty{});
    for (const FunctionGroup& group : FunctionGroups()) {
      std::vector<Function> functions;
      group.add(functions);
      for (Function& function : functions) {
        const absl::Status added = registry->Insert(std::move(function));
        WT_CHECK(added.ok(), added.ToString());
      }
    }
    return registry;
  }();
  return *built_in;
}

FunctionRegistry::FunctionRegistry() : functions_(BuiltIn().functions_) {}

absl::Status FunctionRegistry::Add(Function function) {
  const std::string wrong = WhatIsWrongForAJob(function);
  return wrong.empty() ? Insert(std::move(function)) : Refused(function, wrong);
}

absl::Status FunctionRegistry::Insert(Function function) {
  const std::string wrong = WhatIsWrong(function);
  if (!wrong.empty()) return Refused(function, wrong);
  if (functions_.contains(function.name)) {
    return absl::AlreadyExistsError(
        absl::StrCat("there is a function \"", function.name, "\" already: give it another name"));
  }
  std::string name = function.name;
  functions_.emplace(std::move(name), std::make_shared<const Function>(std::move(function)));
  return absl::OkStatus();
}

FunctionPtr FunctionRegistry::Find(std::string_view name) const {
  const auto found = functions_.find(name);
  return found == functions_.end() ? nullptr : found->second;
}

absl::StatusOr<FunctionPtr> FunctionRegistry::Get(std::string_view name) const {
  FunctionPtr found = Find(name);
  if (found != nullptr) return found;
  std::vector<std::string> names;
  for (const auto& [known, function] : functions_) names.push_back(known);
  return absl::NotFoundError(absl::StrCat("there is no function \"", platform::ToAbsl(name), "\"",
                                          platform::Suggestion(name, names)));
}

std::vector<FunctionPtr> FunctionRegistry::All() const {
  std::vector<FunctionPtr> all;
  for (const auto& [name, function] : functions_) all.push_back(function);
  return all;
}

}  // namespace wavetank::runtime
