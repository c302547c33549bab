// ExplorationSummary: what an exploration did and reached. Summaries of its parts add up.
#ifndef WAVETANK_SCENARIOS_EXPLORE_SUMMARY_H_
#define WAVETANK_SCENARIOS_EXPLORE_SUMMARY_H_

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"

#include "scenarios/report.h"
#include "scenarios/scenario.pb.h"

namespace wavetank::scenarios {

struct FailureFound {
  uint64_t seed = 0;
  std::string job;
  std::string what;  // "violation lost", "stalled"
  std::string why;
  std::string file;  // where the smallest is saved; "": it is not

  friend bool operator==(const FailureFound&, const FailureFound&) = default;
};

struct ExplorationSummary {
  using Counts = std::map<std::string, int64_t>;

  int64_t runs = 0;
  // Of the host: how long it took, the longest of those that ran side by side; and of all of them.
  double seconds = 0;
  double worker_seconds = 0;
  int64_t events = 0;
  double virtual_seconds = 0;
  // Of the traces of all runs, in no order: of the same runs it is the same, whichever processes
  // and builds made them.
  uint64_t traces = 0;
  Counts verdicts;
  // How many runs were of this job; reached this step; had this row decide; were struck by a fault
  // of this kind; and were so at this step, "STEP KIND".
  Counts jobs;
  Counts steps;
  Counts rows;
  Counts faults;
  Counts pairs;
  Counts unjudged;  // why, of runs whose answers nobody could judge
  std::vector<FailureFound> failures;

  void Add(const Scenario& scenario, const RunReport& report);
  void Merge(const ExplorationSummary& other);
  friend bool operator==(const ExplorationSummary&, const ExplorationSummary&) = default;
};

// One JSON object, without a line end, with the fields that scenarios/explore/README.md lists.
std::string ToJson(const ExplorationSummary& summary);
// kInvalidArgument: it is no summary, and why.
absl::StatusOr<ExplorationSummary> SummaryFromJson(const std::string& text);
// For a terminal.
std::string ToText(const ExplorationSummary& summary);

// "violation lost", "stalled": the way in which a run failed. REQUIRES: it did.
std::string WhatFailed(const RunReport& report);

}  // namespace wavetank::scenarios

#endif  // WAVETANK_SCENARIOS_EXPLORE_SUMMARY_H_
