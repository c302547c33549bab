#include "scenarios/testing/explanation.h"

#include <algorithm>
#include <vector>

#include "absl/strings/str_cat.h"

#include "scenarios/html_report.h"
#include "scenarios/shell/host.h"

namespace wavetank::testing {
namespace {

using scenarios::TimelineLine;

// Of the timeline before the violation, besides what befell the world, and after it.
constexpr size_t kLinesBefore = 12;
constexpr size_t kLinesAfter = 3;

bool IsNews(const TimelineLine& line) { return line.marked || line.kind == "process"; }

}  // namespace

std::string WhatLedToIt(const scenarios::RunReport& report) {
  std::vector<TimelineLine> timeline = report.timeline;
  std::erase_if(timeline, [](const TimelineLine& line) {
    return line.kind == "message" || line.kind == "disk";
  });
  const auto violation =
      std::find_if(timeline.begin(), timeline.end(),
                   [](const TimelineLine& line) { return line.kind == "violation"; });
  const auto at = static_cast<size_t>(violation - timeline.begin());
  const size_t end = std::min(timeline.size(), at + kLinesAfter + 1);
  std::string text = "what led to it:\n";
  for (size_t i = 0; i < end; ++i) {
    if (IsNews(timeline[i]) || i + kLinesBefore >= at) {
      absl::StrAppend(&text, Format(timeline[i]), "\n");
    } else if (i == 0 || IsNews(timeline[i - 1])) {
      absl::StrAppend(&text, "      ...\n");
    }
  }
  return text;
}

std::string WherePageIs(const scenarios::RunReport& report) {
  const std::string file =
      absl::StrCat(scenarios::shell::TemporaryDirectory(), "/wavetank_",
                   scenarios::PageNames({report.scenario}).front(), "_", report.seed, ".html");
  const absl::Status written = scenarios::shell::WriteFile(file, scenarios::ToHtml(report));
  return written.ok() ? absl::StrCat("as a page: ", file, "\n")
                      : absl::StrCat("there is no page: ", written.message(), "\n");
}

}  // namespace wavetank::testing
