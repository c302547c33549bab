#include "scenarios/testing/explore.h"

#include <algorithm>
#include <utility>
#include <variant>

#include "absl/strings/str_cat.h"

#include "scenarios/testing/explanation.h"
#include "simulator/swarm.h"

namespace wavetank::testing {
namespace {

using simulator::ListedFault;

struct Run {
  std::string promise;  // the first that was broken, or ""
  std::vector<ListedFault> faults;
  scenarios::RunReport report;
};

Run RunWith(const ClusterTest& test, ClusterOptions options, const std::string& name) {
  Cluster cluster(std::move(options));
  test(cluster);
  Run run;
  if (!cluster.violations().empty()) run.promise = cluster.violations().front().promise;
  run.faults = cluster.faults();
  run.report = cluster.Report(name);
  return run;
}

// The schedule is the seed's also where its faults are others'.
ClusterOptions OptionsOf(uint64_t seed) {
  return {.seed = seed, .faults = {}, .policy = simulator::Swarm(seed).Policy()};
}

class Shrinking {
 public:
  Shrinking(const ClusterTest& test, uint64_t seed, std::string promise, int tries)
      : test_(test), seed_(seed), promise_(std::move(promise)), tries_(tries) {}

  bool Fails(const std::vector<ListedFault>& faults) {
    --tries_;
    ClusterOptions options = OptionsOf(seed_);
    options.faults.listed = faults;
    options.retain = simulator::Retain::kNothing;
    return RunWith(test_, std::move(options), "").promise == promise_;
  }

  // Leaves out ever smaller runs of neighbours, then makes times round.
  std::vector<ListedFault> Shrink(std::vector<ListedFault> faults) {
    for (size_t length = std::max<size_t>(1, faults.size() / 2); length > 0;) {
      bool shorter = false;
      for (size_t begin = 0; begin < faults.size() && tries_ > 0;) {
        std::vector<ListedFault> fewer = faults;
        const size_t end = std::min(faults.size(), begin + length);
        fewer.erase(fewer.begin() + static_cast<ptrdiff_t>(begin),
                    fewer.begin() + static_cast<ptrdiff_t>(end));
        if (Fails(fewer)) {
          faults = std::move(fewer);
          shorter = true;
        } else {
          begin += length;
        }
      }
      if (!shorter || length > faults.size()) length /= 2;
      if (tries_ <= 0) break;
    }
    for (size_t i = 0; i < faults.size(); ++i) RoundTime(faults, i);
    return faults;
  }

 private:
  void RoundTime(std::vector<ListedFault>& faults, size_t number) {
    const auto* at = std::get_if<simulator::AtTime>(&faults[number].trigger);
    if (at == nullptr) return;
    const absl::Duration exact = at->time;
    for (const absl::Duration unit :
         {absl::Seconds(1), absl::Milliseconds(100), absl::Milliseconds(1)}) {
      if (tries_ <= 0) return;
      std::vector<ListedFault> rounder = faults;
      rounder[number].trigger = simulator::AtTime{absl::Floor(exact, unit)};
      if (!Fails(rounder)) continue;
      faults = std::move(rounder);
      return;
    }
  }

  const ClusterTest& test_;
  const uint64_t seed_;
  const std::string promise_;
  int tries_;
};

}  // namespace

std::optional<Found> Explore(const ClusterTest& test, const ExploreOptions& options) {
  for (int64_t i = 0; i < options.runs; ++i) {
    const uint64_t seed = options.first_seed + static_cast<uint64_t>(i);
    ClusterOptions drawn = OptionsOf(seed);
    drawn.faults.random = simulator::Swarm(seed).Faults(options.faults_until);
    drawn.retain = simulator::Retain::kNothing;
    Run run = RunWith(test, std::move(drawn), options.name);
    if (run.promise.empty()) continue;
    Found found;
    found.seed = seed;
    found.runs = i + 1;
    found.faults_before = run.faults.size();
    found.promise = run.promise;
    Shrinking shrinking(test, seed, run.promise, options.shrink_tries);
    found.again = shrinking.Fails(run.faults);
    found.faults = found.again ? shrinking.Shrink(std::move(run.faults)) : std::move(run.faults);
    found.report = RunOnce(test, seed, found.faults, options.name);
    found.again = found.again && !found.report.violations.empty();
    return found;
  }
  return std::nullopt;
}

scenarios::RunReport RunOnce(const ClusterTest& test, uint64_t seed,
                             std::vector<ListedFault> faults, const std::string& name) {
  ClusterOptions options = OptionsOf(seed);
  options.faults.listed = std::move(faults);
  options.retain = simulator::Retain::kVerbose;  // for the page
  return RunWith(test, std::move(options), name).report;
}

std::string Found::ToText() const {
  std::string text = absl::StrCat("after ", runs, " runs (seed ", seed, "), broken: ", promise,
                                  "\nby ", faults.size(), " of ", faults_before, " faults:\n");
  if (!again) {
    absl::StrAppend(&text, "it is broken once, and not again: the test remembers something from ",
                    "run to run, and is no pure function of the cluster\n");
  }
  for (const ListedFault& fault : faults) absl::StrAppend(&text, "  ", Describe(fault), "\n");
  absl::StrAppend(&text, WhatLedToIt(report));
  absl::StrAppend(&text, "again: the same call with .first_seed = ", seed, ", .runs = 1\n",
                  WherePageIs(report));
  return text;
}

}  // namespace wavetank::testing
