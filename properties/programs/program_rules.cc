#include "properties/programs/program_rules.h"

#include <algorithm>
#include <set>
#include <string_view>

#include "absl/strings/str_cat.h"

namespace wavetank::properties {
namespace {

// The line whose state the stream has, if each row of it comes of one row that the state gives.
const ProgramLine* StateOf(const StreamProgram& program, const std::string& stream) {
  constexpr std::string_view kGivesOn[] = {"map",           "filter", "flatMap",   "mapValues",
                                           "flatMapValues", "glom",   "transform", "mapPartitions",
                                           "persist",       "union",  "snapshots", "checkpoint"};
  const ProgramLine* line = &program.lines[program.IndexOf(stream)];
  while (!KeepsState(*line)) {
    if (line->streams.size() != 1 || std::ranges::count(kGivesOn, line->call) == 0) return nullptr;
    line = &program.lines[program.IndexOf(line->streams.front())];
  }
  return line;
}

std::string WhyNotKeptSo(const StreamProgram& program, const ProgramLine& line,
                         const ProgramStreams& streams) {
  const ProgramLine* const state = StateOf(program, line.streams.front());
  if (state == nullptr) return "a checkpoint of what has no state";
  const int64_t slide = std::max<int64_t>(streams.every[program.IndexOf(state->name)], 1);
  if (line.Number(0) < slide || line.Number(0) % slide != 0) {
    return absl::StrCat("a checkpoint every ", line.Number(0), " batches of a state that goes on ",
                        "every ", slide);
  }
  const bool of_state = std::ranges::any_of(state->streams, [&](const std::string& stream) {
    return streams.of_state[program.IndexOf(stream)];
  });
  if (of_state && line.Number(0) != slide) return "a checkpoint of the state of a state";
  return "";
}

// "": no line is refused for it.
std::string WhyRefused(const StreamProgram& program, const ProgramLine& line,
                       const ProgramStreams& streams) {
  std::set<int64_t> every;
  for (const std::string& stream : line.streams) {
    const int64_t of_stream = streams.every[program.IndexOf(stream)];
    if (of_stream > 0) every.insert(of_stream);
  }
  if (every.size() > 1) {
    return absl::StrCat("one of its streams has rows every ", *every.begin(),
                        " batches, another every ", *every.rbegin());
  }
  if (line.call == "checkpoint") return WhyNotKeptSo(program, line, streams);
  const std::optional<ProgramWindow> window = WindowOf(line);
  if (!window.has_value()) return "";
  for (const std::string& stream : line.streams) {
    if (streams.of_state[program.IndexOf(stream)]) return "a window of what comes of a state";
  }
  const int64_t step = every.empty() ? 1 : *every.begin();
  for (const int64_t batches : {window->length, window->slide}) {
    if (batches < step || batches % step != 0) {
      return absl::StrCat("a window of ", window->length, " batches every ", window->slide,
                          ", where there are rows every ", step);
    }
  }
  return "";
}

}  // namespace

std::optional<ProgramWindow> WindowOf(const ProgramLine& line) {
  const ProgramCall& call = *FindProgramCall(line.call);
  for (size_t i = 0; i + 1 < call.arguments.size(); ++i) {
    if (call.arguments[i] != ProgramArgument::kBatches ||
        call.arguments[i + 1] != ProgramArgument::kBatches) {
      continue;
    }
    return ProgramWindow{line.Number(i), line.Number(i + 1)};
  }
  return std::nullopt;
}

bool KeepsState(const ProgramLine& line) {
  return line.call.starts_with("updateState") || line.call.starts_with("mapWithState") ||
         line.call == "reduceByKeyAndWindowWithInverse" ||
         line.call == "reduceByKeyAndWindowFiltered";
}

ProgramStreams StreamsOf(const StreamProgram& program) {
  ProgramStreams streams;
  for (const ProgramLine& line : program.lines) {
    const std::string why = WhyRefused(program, line, streams);
    if (!why.empty()) {
      streams.refused = absl::StrCat(ToText(line), ": ", why);
      return streams;
    }
    int64_t every = line.IsInput() ? 1 : 0;
    bool of_state = KeepsState(line);
    for (const std::string& stream : line.streams) {
      const size_t parent = program.IndexOf(stream);
      if (streams.every[parent] > every) every = streams.every[parent];
      of_state = of_state || streams.of_state[parent];
    }
    if (const std::optional<ProgramWindow> window = WindowOf(line)) every = window->slide;
    streams.every.push_back(every);
    streams.of_state.push_back(of_state);
  }
  return streams;
}

}  // namespace wavetank::properties
