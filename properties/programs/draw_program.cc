#include "properties/programs/draw_program.h"

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"

#include "platform/check.h"
#include "properties/programs/program_rules.h"
#include "properties/programs/row_functions.h"

namespace wavetank::properties {
namespace {

using enum ProgramArgument;

// How much a line makes: rows of a batch, and stages for one.
struct Size {
  int64_t rows = 0;
  int64_t stages = 0;
};
constexpr Size kMost = {400, 60};

class ProgramDrawing {
 public:
  ProgramDrawing(const Choices& choices, const ProgramDraw& draw)
      : choices_(choices), draw_(draw) {}

  StreamProgram Draw() {
    DrawInputs();
    inputs_ = program_.lines.size();
    const int64_t calls = choices_.Between("calls", 1, draw_.calls);
    for (int64_t call = 1; call <= calls; ++call) AddCall(absl::StrCat("call ", call));
    Save(program_.lines.back().name);
    const auto last = static_cast<int64_t>(program_.lines.size()) - 1;
    const auto first = std::min(static_cast<int64_t>(inputs_), last);
    if (choices_.OneIn("second output", 2)) {
      Save(program_.lines[static_cast<size_t>(choices_.Between("saved", first, last))].name);
    }
    KeepWhatIsNeeded();
    if (std::ranges::none_of(program_.lines, &ProgramLine::IsInput)) {
      program_.lines.insert(program_.lines.begin(), first_);
      Save(first_.name);
    }
    return std::move(program_);
  }

 private:
  void Save(const std::string& name) {
    if (std::ranges::find(program_.saved, name) == program_.saved.end()) {
      program_.saved.push_back(name);
    }
  }

  void AddLine(ProgramLine line, Size size) {
    const size_t number = program_.lines.size();
    line.name = std::string(1, static_cast<char>('a' + number));
    program_.lines.push_back(std::move(line));
    sizes_.push_back(size);
  }

  void DrawInputs() {
    constexpr Size kOfInput = {12, 1};
    const bool receives = draw_.receivers && choices_.OneIn("receives", 4);
    const int64_t inputs = choices_.Between("inputs", 1, 2);
    const bool alike = choices_.OneIn("inputs alike", 8);
    for (int64_t input = 1; input <= inputs; ++input) {
      const std::string of = absl::StrCat("input ", input);
      if (!receives || choices_.OneIn(absl::StrCat(of, " is files"), 3)) {
        AddLine({.call = "text", .arguments = {absl::StrCat("in", alike ? 1 : input)}}, kOfInput);
      } else {
        const bool keeps = choices_.OneIn(absl::StrCat(of, " keeps lines"), 2);
        AddLine({.call = keeps ? "reliable" : "socket", .arguments = {absl::StrCat(9000 + input)}},
                kOfInput);
      }
    }
    first_ = program_.lines.front();
    if (!choices_.OneIn("constant", 5)) return;
    const int64_t key = choices_.Between("constant key", 1, 3);
    AddLine({.call = "constant",
             .arguments = {absl::StrCat("key", key),
                           absl::StrCat(choices_.Between("constant number", -5, 5))}},
            {1, 1});
  }

  void AddCall(const std::string& of) {
    constexpr int kTries = 8;
    for (int number = 0; number < kTries; ++number) {
      const std::string name = absl::StrCat(of, " try ", number);
      const ProgramLine line = DrawLine(name);
      const Size size = SizeOf(line);
      if (size.rows > kMost.rows || size.stages > kMost.stages) continue;
      AddLine(line, size);
      if (!draw_.keeps_rules || StreamsOf(program_).refused.empty()) return;
      program_.lines.pop_back();
      sizes_.pop_back();
    }
  }

  ProgramLine DrawLine(const std::string& of) const {
    std::vector<std::string_view> names;
    for (const ProgramCall& call : ProgramCalls()) {
      if (call.streams == 0) continue;
      // What has more to it comes more often.
      const bool more = call.shuffles || call.name == "union" || call.name == "window";
      names.insert(names.end(), call.name == "persist" ? 3 : more ? 2 : 1, call.name);
    }
    const bool has_state = std::ranges::any_of(
        program_.lines, [](const ProgramLine& each) { return each.call.starts_with("mapWith"); });
    const bool shows_it = has_state && choices_.OneIn(absl::StrCat(of, " shows states"), 3);
    const ProgramCall& call = *FindProgramCall(shows_it ? "snapshots" : choices_.OneOf(of, names));
    ProgramLine line{.call = std::string(call.name)};
    const int64_t streams = call.streams == ProgramCall::kAny
                                ? choices_.Between(absl::StrCat(of, " streams"), 1, 3)
                                : call.streams;
    for (int64_t stream = 0; stream < streams; ++stream) {
      line.streams.push_back(DrawStream(absl::StrCat(of, " stream ", stream)));
    }
    if (call.name == "snapshots") {
      std::vector<std::string> with_state;
      for (const ProgramLine& each : program_.lines) {
        if (each.call.starts_with("mapWithState")) with_state.push_back(each.name);
      }
      if (with_state.empty()) return {.call = "count", .streams = line.streams};
      line.streams = {choices_.OneOf(absl::StrCat(of, " snapshots"), with_state)};
    }
    DrawArguments(of, call, line);
    if (call.shuffles && choices_.OneIn(absl::StrCat(of, " has partitions"), 3)) {
      line.arguments.push_back(
          absl::StrCat(choices_.Between(absl::StrCat(of, " partitions"), 1, 4)));
    }
    return line;
  }

  // The last, as often as not, so that it goes deep.
  std::string DrawStream(const std::string& of) const {
    const bool any =
        program_.lines.size() <= inputs_ || choices_.OneIn(absl::StrCat(of, " any"), 2);
    if (!any) return program_.lines.back().name;
    const auto last = static_cast<int64_t>(program_.lines.size()) - 1;
    return program_.lines[static_cast<size_t>(choices_.Between(of, 0, last))].name;
  }

  void DrawArguments(const std::string& of, const ProgramCall& call, ProgramLine& line) const {
    const ProgramStreams streams = StreamsOf(program_);
    const size_t parent = program_.IndexOf(line.streams.front());
    const int64_t step =
        draw_.keeps_rules && parent < streams.every.size() ? streams.Step(parent) : 1;
    const int64_t fewest = draw_.keeps_rules ? 1 : 0;
    for (size_t i = 0; i < call.arguments.size(); ++i) {
      const std::string argument = absl::StrCat(of, " argument ", i);
      const ProgramArgument kind = call.arguments[i];
      if (kind == kBatches) {
        const bool times_out = line.call.starts_with("mapWithState");
        const int64_t batches =
            choices_.Between(argument, times_out ? 0 : fewest, times_out ? 3 : 4);
        line.arguments.push_back(absl::StrCat(times_out ? batches : batches * step));
      } else if (kind == kPartitions) {
        line.arguments.push_back(absl::StrCat(choices_.Between(argument, 1, 4)));
      } else {
        const auto number = [&](int64_t low, int64_t high) {
          return choices_.Between(absl::StrCat(argument, " number"), low, high);
        };
        line.arguments.push_back(choices_.OneOf(argument, FunctionsOf(kind, number)));
      }
    }
  }

  Size SizeOf(const ProgramLine& line) const {
    const auto times = [](int64_t a, int64_t b) { return std::min(a * b, kMost.rows + 1); };
    std::vector<Size> parents;
    for (const std::string& stream : line.streams) {
      parents.push_back(sizes_[program_.IndexOf(stream)]);
    }
    Size size = parents.front();
    const ProgramCall& call = *FindProgramCall(line.call);
    for (size_t i = 1; i < parents.size(); ++i) {
      size.rows += parents[i].rows;
      size.stages += parents[i].stages;
    }
    constexpr int64_t kKeys = 12;
    if (call.name.ends_with("oin")) {
      size.rows = times(parents[0].rows, std::max<int64_t>(1, parents[1].rows / 4));
    }
    if (call.name.starts_with("flatMap")) size.rows = times(size.rows, 2);
    if (const auto window = WindowOf(line)) {
      size.rows = times(size.rows, window->length);
      size.stages *= std::max<int64_t>(1, window->length);
    }
    if (KeepsState(line)) size.rows = times(std::max(size.rows, kKeys), 2);
    if (call.name.find("yKey") != std::string_view::npos)
      size.rows = std::min(size.rows, 2 * kKeys);
    if (call.name.starts_with("count") || call.name == "reduce") size.rows = 1;
    if (call.shuffles || call.name == "repartition" || call.name.starts_with("reduce") ||
        call.name.starts_with("count")) {
      ++size.stages;
    }
    return size;
  }

  void KeepWhatIsNeeded() {
    std::vector<std::string> needed = program_.saved;
    for (auto line = program_.lines.rbegin(); line != program_.lines.rend(); ++line) {
      if (std::ranges::find(needed, line->name) == needed.end()) continue;
      needed.insert(needed.end(), line->streams.begin(), line->streams.end());
    }
    std::erase_if(program_.lines, [&needed](const ProgramLine& line) {
      return std::ranges::find(needed, line.name) == needed.end();
    });
  }

  const Choices& choices_;
  const ProgramDraw& draw_;
  StreamProgram program_;
  std::vector<Size> sizes_;  // by line
  ProgramLine first_;
  size_t inputs_ = 0;
};

}  // namespace

StreamProgram DrawProgram(const Choices& choices, const ProgramDraw& draw) {
  return ProgramDrawing(choices, draw).Draw();
}

}  // namespace wavetank::properties
