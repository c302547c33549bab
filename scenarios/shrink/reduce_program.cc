#include "scenarios/shrink/reduce_program.h"

#include <algorithm>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"

#include "properties/programs/program.h"
#include "scenarios/cluster_plan.h"
#include "scenarios/program_job.h"

namespace wavetank::scenarios {
namespace {

using properties::ProgramLine;
using properties::StreamProgram;

Parameter* ProgramOf(Scenario& scenario) {
  if (scenario.job().name() != kProgramJob) return nullptr;
  for (Parameter& parameter : *scenario.mutable_job()->mutable_parameter()) {
    if (parameter.name() == kProgramParameter) return &parameter;
  }
  return nullptr;
}

std::optional<StreamProgram> ReadProgram(Scenario scenario) {
  const Parameter* const parameter = ProgramOf(scenario);
  if (parameter == nullptr) return std::nullopt;
  const auto program = properties::ParseProgram(parameter->value());
  return program.ok() ? std::optional(*program) : std::nullopt;
}

// As inputs of scenarios are called.
std::set<std::string> PlacesOf(const StreamProgram& program) {
  std::set<std::string> places;
  for (const ProgramLine& line : program.lines) {
    if (!line.IsInput()) continue;
    const std::string& place = line.arguments.front();
    places.insert(line.call == "text" ? place : absl::StrCat(kOutside, ":", place));
  }
  return places;
}

void RemoveUnneeded(StreamProgram& program) {
  std::set<std::string> needed(program.saved.begin(), program.saved.end());
  for (auto line = program.lines.rbegin(); line != program.lines.rend(); ++line) {
    if (needed.contains(line->name)) needed.insert(line->streams.begin(), line->streams.end());
  }
  std::erase_if(program.lines,
                [&needed](const ProgramLine& line) { return !needed.contains(line.name); });
}

// Its readers take what it takes; those of an input, what the first line makes.
std::optional<StreamProgram> WithoutLine(StreamProgram program, size_t number) {
  const ProgramLine line = program.lines[number];
  const std::string instead =
      line.streams.empty() ? program.lines.front().name : line.streams.front();
  if (instead == line.name) return std::nullopt;
  for (ProgramLine& each : program.lines) std::ranges::replace(each.streams, line.name, instead);
  if (std::ranges::find(program.saved, instead) == program.saved.end()) {
    std::ranges::replace(program.saved, line.name, instead);
  }
  std::erase(program.saved, line.name);
  RemoveUnneeded(program);
  return program;
}

void AddCandidate(const Scenario& scenario, const StreamProgram& before,
                  const StreamProgram& program, std::vector<Scenario>& candidates) {
  Scenario& candidate = candidates.emplace_back(scenario);
  ProgramOf(candidate)->set_value(ToText(program));
  const std::set<std::string> was = PlacesOf(before);
  const std::set<std::string> is = PlacesOf(program);
  auto* const inputs = candidate.mutable_input();
  for (int i = inputs->size() - 1; i >= 0; --i) {
    const std::string& name = inputs->Get(i).name();
    if (was.contains(name) && !is.contains(name)) inputs->DeleteSubrange(i, 1);
  }
}

}  // namespace

std::vector<Scenario> FewerOperators(const Scenario& scenario) {
  std::vector<Scenario> candidates;
  const std::optional<StreamProgram> program = ReadProgram(scenario);
  if (!program.has_value()) return candidates;
  for (size_t i = 0; i < program->saved.size() && program->saved.size() > 1; ++i) {
    StreamProgram fewer = *program;
    fewer.saved.erase(fewer.saved.begin() + static_cast<std::ptrdiff_t>(i));
    RemoveUnneeded(fewer);
    AddCandidate(scenario, *program, fewer, candidates);
  }
  for (size_t i = program->lines.size(); i-- > 0;) {
    const std::optional<StreamProgram> fewer = WithoutLine(*program, i);
    if (fewer.has_value()) AddCandidate(scenario, *program, *fewer, candidates);
  }
  return candidates;
}

std::vector<Scenario> PlainerOperators(const Scenario& scenario) {
  std::vector<Scenario> candidates;
  const std::optional<StreamProgram> program = ReadProgram(scenario);
  if (!program.has_value()) return candidates;
  for (size_t i = 0; i < program->lines.size(); ++i) {
    const auto& kinds = properties::FindProgramCall(program->lines[i].call)->arguments;
    for (size_t k = 0; k < program->lines[i].arguments.size(); ++k) {
      StreamProgram plainer = *program;
      ProgramLine& line = plainer.lines[i];
      if (k >= kinds.size()) {
        line.arguments.pop_back();
      } else if (kinds[k] == properties::ProgramArgument::kBatches && line.Number(k) > 1) {
        line.arguments[k] = absl::StrCat(line.Number(k) - 1);
      } else if (kinds[k] == properties::ProgramArgument::kPartitions && line.Number(k) > 1) {
        line.arguments[k] = "1";
      } else {
        continue;
      }
      AddCandidate(scenario, *program, plainer, candidates);
    }
  }
  return candidates;
}

}  // namespace wavetank::scenarios
