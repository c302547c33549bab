#include "scenarios/shell/names_command.h"

#include <algorithm>
#include <cstdio>
#include <iterator>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "nlohmann/json.hpp"

#include "platform/nearest_name.h"
#include "platform/step.h"
#include "runtime/connectors/connector_registry.h"
#include "runtime/structured/query_check.h"
#include "scenarios/step_names.h"
#include "simulator/fault_effects.h"
#include "simulator/fault_table.h"

namespace wavetank::scenarios::shell {
namespace {

using Json = nlohmann::ordered_json;

constexpr int kBadInput = 2;

// One thing that has a name: as an object, whose first members are "name" and "meaning", and as
// lines of text, a title and what belongs to it.
struct Named {
  Json json;
  std::vector<std::pair<std::string, std::string>> details;
};

std::vector<Named> Steps() {
  std::vector<Named> all;
  for (const platform::StepName* step : AllSteps()) {
    Named& named = all.emplace_back();
    named.json["name"] = std::string(step->name);
    named.json["meaning"] = std::string(step->meaning);
    if (!step->alias.empty()) {
      named.json["alias"] = std::string(step->alias);
      named.details.emplace_back("formerly", std::string(step->alias));
    }
    named.json["attributes"] = Json::array();
    std::vector<std::string> attributes;
    for (const AttributeName& attribute : AttributesOf(*step)) {
      named.json["attributes"].push_back(
          {{"name", attribute.name}, {"type", attribute.is_text ? "text" : "number"}});
      attributes.push_back(attribute.name + (attribute.is_text ? " (text)" : ""));
    }
    if (!attributes.empty()) {
      named.details.emplace_back("attributes", absl::StrJoin(attributes, ", "));
    }
  }
  return all;
}

std::string TargetOf(const simulator::FaultInfo& info) {
  if (simulator::TakesSeveralMachines(info.kind)) return "machines, with commas between them";
  if (info.family == simulator::FaultFamily::kExternal) {
    return "a process that serves a system outside of the job";
  }
  if (simulator::TargetsProcess(info.kind)) return "a process";
  if (info.family == simulator::FaultFamily::kNetwork) return "a machine; peer: another";
  return "a machine";
}

Json ToJson(const simulator::Bounds& bounds) { return {{"min", bounds.low}, {"max", bounds.high}}; }

std::string TextOf(const simulator::Bounds& bounds) {
  return absl::StrCat(bounds.low, " to ", bounds.high);
}

std::vector<Named> Faults() {
  std::vector<Named> all;
  for (const simulator::FaultInfo& info : simulator::FaultTable()) {
    Named& named = all.emplace_back();
    Json& json = named.json;
    json["name"] = std::string(info.name);
    json["meaning"] = std::string(info.meaning);
    json["target"] = TargetOf(info);
    named.details.emplace_back("target", TargetOf(info));
    json["within_the_contract"] = info.on;
    if (!info.on) named.details.emplace_back("note", "beyond what the guarantees cover");
    const bool takes_amount = !info.amount.empty() && !simulator::TakesSeveralMachines(info.kind);
    if (takes_amount) {
      json["amount"] = {{"unit", std::string(info.amount_unit)},
                        {"allowed", ToJson(info.AmountAllowed())},
                        {"drawn", ToJson(info.amount)}};
      named.details.emplace_back(
          "amount", absl::StrCat(TextOf(info.AmountAllowed()), " (", std::string(info.amount_unit),
                                 "); at random ", TextOf(info.amount)));
    }
    if (!info.duration_ms.empty()) {
      json["duration_ms"] = {{"drawn", ToJson(info.duration_ms)}};
      named.details.emplace_back(
          "duration_ms",
          "until the run heals, if it is not said; at random " + TextOf(info.duration_ms));
    }
    if (!info.restart_after_ms.empty()) {
      json["restart_after_ms"] = {{"drawn", ToJson(info.restart_after_ms)}};
      named.details.emplace_back(
          "restart_after_ms",
          "as its process says, if it is not said; at random " + TextOf(info.restart_after_ms));
    }
    const bool files = simulator::TakesFiles(info.kind);
    json["takes_files"] = files;
    if (files)
      named.details.emplace_back("files, nth", "which files, or calls on them, it befalls");
    const bool hourly = info.unit == simulator::RateUnit::kPerHour;
    json["at_random"] = hourly ? "per_hour" : "probability";
    named.details.emplace_back("at_random", hourly ? "per_hour" : "probability");
  }
  return all;
}

std::vector<Named> Jobs(const ScenarioJobs& jobs) {
  std::vector<Named> all;
  for (const std::string& name : jobs.catalogue().names()) {
    const runtime::Job& job = *jobs.catalogue().Find(name);
    Named& named = all.emplace_back();
    named.json["name"] = job.name;
    named.json["meaning"] = job.meaning;
    named.json["engine"] = job.structured != nullptr ? "structured" : "dstream";
    named.json["has_oracle"] = jobs.OracleOf(job.name) != nullptr;
    named.json["parameters"] = Json::array();
    for (const runtime::JobParameter& parameter : runtime::AllParameters(job)) {
      Json json{{"name", parameter.name}, {"meaning", parameter.meaning}, {"default", nullptr}};
      if (parameter.default_value.has_value()) json["default"] = *parameter.default_value;
      if (!parameter.tried.empty()) json["tried"] = parameter.tried;
      named.json["parameters"].push_back(std::move(json));
      std::string text = parameter.meaning;
      absl::StrAppend(&text, parameter.default_value.has_value()
                                 ? absl::StrCat(" [", *parameter.default_value, "]")
                                 : " (required)");
      if (!parameter.tried.empty()) {
        absl::StrAppend(&text, "; explored: ", absl::StrJoin(parameter.tried, ", "));
      }
      named.details.emplace_back(parameter.name, std::move(text));
    }
  }
  return all;
}

std::string_view TextOf(runtime::PathUse use) {
  switch (use) {
    case runtime::PathUse::kNone:
      return "no path";
    case runtime::PathUse::kDirectory:
      return "a directory of the store";
    case runtime::PathUse::kFile:
      return "a file of the store";
  }
  return "";
}

// `of`: "source" or "sink".
template <typename Format>
Named NamedFormat(const char* of, const Format& format,
                  const std::vector<runtime::ConnectorOption>& options) {
  Named named;
  named.json["name"] = format.name;
  named.json["of"] = of;
  named.json["meaning"] = absl::StrCat(of, ": ", format.meaning);
  named.json["path"] = std::string(TextOf(format.path));
  if (!format.made_by.empty()) {
    named.json["made_by"] = format.made_by;
    named.details.emplace_back("made by", "the program: " + format.made_by);
  }
  named.json["options"] = Json::array();
  for (const runtime::ConnectorOption& option : options) {
    named.json["options"].push_back({{"name", option.name},
                                     {"takes", option.takes},
                                     {"default", option.default_value},
                                     {"meaning", option.meaning}});
    named.details.emplace_back(
        option.name, absl::StrCat(option.meaning, "; ", option.takes,
                                  option.required ? " (required)"
                                                  : absl::StrCat(" [", option.default_value, "]")));
  }
  return named;
}

// Of this library; a job's own are what its code registers.
std::vector<Named> Formats() {
  std::vector<Named> all;
  const runtime::ConnectorRegistry& connectors = runtime::ConnectorRegistry::BuiltIn();
  for (const auto& [name, format] : connectors.sources()) {
    Named& named = all.emplace_back(NamedFormat("source", format, format.options));
    named.json["replayable"] = format.replayable;
    named.details.emplace(named.details.begin(), "Load", std::string(TextOf(format.path)));
    named.details.emplace_back("replayable", format.replayable ? "yes" : "no: rows may be lost");
  }
  for (const auto& [name, format] : connectors.sinks()) {
    all.push_back(NamedFormat("sink", format, runtime::WriteOptionsOf(format)));
  }
  return all;
}

std::string NameOf(const Named& named) { return named.json.at("name").get<std::string>(); }

// Names and meanings in two columns; where there are few, all that is known.
void Print(const std::vector<Named>& all) {
  constexpr size_t kFew = 3;
  size_t width = 0;
  for (const Named& named : all) width = std::max(width, NameOf(named).size());
  for (const Named& named : all) {
    std::printf("%-*s  %s\n", static_cast<int>(width), NameOf(named).c_str(),
                named.json.at("meaning").get<std::string>().c_str());
    if (all.size() > kFew) continue;
    size_t of_details = 0;
    for (const auto& [what, text] : named.details) of_details = std::max(of_details, what.size());
    for (const auto& [what, text] : named.details) {
      std::printf("  %-*s  %s\n", static_cast<int>(of_details), what.c_str(), text.c_str());
    }
  }
}

}  // namespace

int Execute(const NamesCommand& command, const ScenarioJobs& jobs) {
  using Of = NamesCommand::Of;
  const auto [verb, all] = [&]() -> std::pair<const char*, std::vector<Named>> {
    switch (command.of) {
      case Of::kSteps:
        return {"steps", Steps()};
      case Of::kFaults:
        return {"faults", Faults()};
      case Of::kJobs:
        return {"jobs", Jobs(jobs)};
      case Of::kFormats:
        return {"formats", Formats()};
    }
    return {"", {}};
  }();
  std::vector<std::string> names;
  std::vector<Named> chosen;
  for (const Named& named : all) names.push_back(NameOf(named));
  // (A source and a sink may have one name.)
  std::ranges::sort(names);
  names.erase(std::ranges::unique(names).begin(), names.end());
  for (const Named& named : all) {
    if (absl::StartsWith(NameOf(named), command.name)) chosen.push_back(named);
  }
  // A source and a sink may have one name.
  const auto is_exact = [&](const Named& named) {
    return NameOf(named) == command.name || named.json.value("alias", "") == command.name;
  };
  if (!command.name.empty() && std::ranges::any_of(all, is_exact)) {
    chosen.clear();
    std::ranges::copy_if(all, std::back_inserter(chosen), is_exact);
  }
  if (chosen.empty()) {
    std::fprintf(stderr, "wavetank %s: there is none whose name begins with \"%s\"%s\n", verb,
                 command.name.c_str(), platform::Suggestion(command.name, names).c_str());
    return kBadInput;
  }
  if (!command.json) {
    Print(chosen);
    return 0;
  }
  for (const Named& named : chosen) std::printf("%s\n", named.json.dump().c_str());
  return 0;
}

}  // namespace wavetank::scenarios::shell
