#include "scenarios/shell/shrunk_file.h"

#include <algorithm>
#include <cstdio>

#include "absl/strings/str_cat.h"

#include "platform/status_macros.h"
#include "scenarios/explore/draw_world.h"
#include "scenarios/input.h"
#include "scenarios/shell/host.h"

namespace wavetank::scenarios::shell {
namespace {

// Of the timeline before the violation, and after it.
constexpr size_t kLinesBefore = 25;
constexpr size_t kLinesAfter = 5;

}  // namespace

absl::StatusOr<ParsedScenario> ReadScenario(const std::string& file) {
  WT_ASSIGN_OR_RETURN(const std::string text, ReadFile(file));
  const auto read = [&file](const std::string& path) { return ReadFile(BesideFile(file, path)); };
  WT_ASSIGN_OR_RETURN(ParsedScenario parsed, ParseScenario(file, text, read));
  const auto& inputs = parsed.scenario->input();
  const bool reads = std::any_of(inputs.begin(), inputs.end(),
                                 [](const Input& input) { return input.has_file(); });
  if (!reads) return parsed;
  Scenario inlined = *parsed.scenario;
  for (Input& input : *inlined.mutable_input()) {
    if (!input.has_file()) continue;
    WT_ASSIGN_OR_RETURN(const std::string content, ReadFile(BesideFile(file, input.file())));
    for (const std::string& line : LinesOfText(content)) input.mutable_lines()->add_line(line);
  }
  return ParseScenario(file, ToText(inlined, file));
}

absl::StatusOr<std::string> SaveShrunk(Scenario scenario, const std::string& comment,
                                       const std::string& directory) {
  WT_RETURN_IF_ERROR(MakeDirectories(directory));
  const std::string name = scenario.name();
  for (int number = 1;; ++number) {
    if (number > 1) scenario.set_name(absl::StrCat(name, "_", number));
    const std::string file = absl::StrCat(directory, "/", scenario.name(), ".textproto");
    const std::string text = ToText(scenario, comment);
    const absl::StatusOr<std::string> there = ReadFile(file);
    if (there.ok() && *there != text) continue;
    WT_RETURN_IF_ERROR(WriteFile(file, text));
    return file;
  }
}

void PrintShrunk(const RunReport& report, const std::string& file, const std::string& planted) {
  const std::vector<TimelineLine>& timeline = report.timeline;
  size_t at = timeline.size();
  if (!report.violations.empty()) {
    const int64_t when_ns = report.violations.front().time_ns;
    at = static_cast<size_t>(
        std::upper_bound(timeline.begin(), timeline.end(), when_ns,
                         [](int64_t ns, const TimelineLine& line) { return ns < line.time_ns; }) -
        timeline.begin());
  }
  const size_t begin = at > kLinesBefore ? at - kLinesBefore : 0;
  const size_t end = std::min(timeline.size(), at + kLinesAfter);
  if (begin > 0) std::printf("  ... %zu lines before\n", begin);
  for (size_t i = begin; i < end; ++i) std::printf("%s\n", Format(timeline[i]).c_str());
  if (end < timeline.size()) std::printf("  ... %zu lines after\n", timeline.size() - end);
  std::printf("%s", Summary(report).c_str());
  if (file.empty()) return;
  const std::string flag = planted.empty() ? "" : absl::StrCat("--planted=", planted, " ");
  std::printf("  again    wavetank run %s%s\n", flag.c_str(), file.c_str());
}

}  // namespace wavetank::scenarios::shell
