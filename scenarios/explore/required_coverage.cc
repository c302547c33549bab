#include "scenarios/explore/required_coverage.h"

#include <algorithm>
#include <array>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

#include "checkpoint/recovery.h"
#include "platform/nearest_name.h"
#include "scenarios/step_names.h"
#include "simulator/fault_table.h"

namespace wavetank::scenarios {
namespace {

struct KindRow {
  Required::Kind kind;
  const char* word;
  ExplorationSummary::Counts ExplorationSummary::* counts;
};
constexpr std::array<KindRow, 4> kKinds = {
    {{Required::Kind::kStep, "step", &ExplorationSummary::steps},
     {Required::Kind::kRow, "row", &ExplorationSummary::rows},
     {Required::Kind::kFault, "fault", &ExplorationSummary::faults},
     {Required::Kind::kPair, "pair", &ExplorationSummary::pairs}}};

std::vector<std::string> NamesOf(Required::Kind kind) {
  std::vector<std::string> names;
  if (kind == Required::Kind::kStep) {
    for (const platform::StepName* step : AllSteps()) names.emplace_back(step->name);
  } else if (kind == Required::Kind::kRow) {
    for (const std::string_view row : checkpoint::RecoveryRowNames()) names.emplace_back(row);
  } else {
    for (const simulator::FaultInfo& info : simulator::FaultTable()) names.emplace_back(info.name);
  }
  return names;
}

// "": there is one of that name.
std::string WhatIsWrong(Required::Kind kind, const char* what, const std::string& name) {
  const std::vector<std::string> names = NamesOf(kind);
  if (std::find(names.begin(), names.end(), name) != names.end()) return "";
  return absl::StrCat("there is no ", what, " \"", name, "\"", platform::Suggestion(name, names));
}

}  // namespace

absl::StatusOr<std::vector<Required>> ParseRequired(const std::string& file,
                                                    const std::string& text) {
  std::vector<Required> required;
  int number = 0;
  for (const absl::string_view line : absl::StrSplit(text, '\n')) {
    ++number;
    const std::vector<std::string> words =
        absl::StrSplit(line.substr(0, line.find('#')), absl::ByAnyChar(" \t\r"), absl::SkipEmpty());
    if (words.empty()) continue;
    const auto row = std::find_if(kKinds.begin(), kKinds.end(),
                                  [&](const KindRow& each) { return each.word == words.front(); });
    std::string wrong;
    if (row == kKinds.end()) {
      wrong = absl::StrCat("\"", words.front(), "\" is none of step, row, fault, pair");
    } else if (words.size() != (row->kind == Required::Kind::kPair ? 3U : 2U)) {
      wrong = row->kind == Required::Kind::kPair
                  ? "a pair is a step and a fault"
                  : absl::StrCat("one name belongs to a ", row->word);
    } else if (row->kind == Required::Kind::kPair) {
      wrong = WhatIsWrong(Required::Kind::kStep, "step", words[1]);
      if (wrong.empty()) wrong = WhatIsWrong(Required::Kind::kFault, "fault", words[2]);
    } else {
      wrong = WhatIsWrong(row->kind, row->word, words[1]);
    }
    if (!wrong.empty()) {
      return absl::InvalidArgumentError(absl::StrCat(file, ":", number, ": ", wrong));
    }
    required.push_back({row->kind, words.size() == 3 ? words[1] + " " + words[2] : words[1]});
  }
  return required;
}

std::vector<std::string> NeverReached(const std::vector<Required>& required,
                                      const ExplorationSummary& summary) {
  std::vector<std::string> never;
  for (const Required& each : required) {
    const KindRow& row = *std::find_if(kKinds.begin(), kKinds.end(),
                                       [&](const KindRow& of) { return of.kind == each.kind; });
    if (!(summary.*row.counts).contains(each.name)) {
      never.push_back(absl::StrCat(row.word, " ", each.name));
    }
  }
  return never;
}

}  // namespace wavetank::scenarios
