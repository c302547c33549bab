#include "scenarios/shrink/shrink.h"

#include <algorithm>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "scenarios/shrink/claim.h"
#include "scenarios/shrink/explicit_faults.h"
#include "scenarios/shrink/reductions.h"

namespace wavetank::scenarios {
namespace {

class Shrinking {
 public:
  Shrinking(ShrunkScenario& shrunk, const RunOne& run, const std::function<bool()>& enough)
      : shrunk_(shrunk), failed_(shrunk.report), run_(run), enough_(enough) {}

  // Whether a candidate fails alike; it is then what is shrunk.
  bool Take(const Scenario& candidate) {
    if (out_of_budget_ || !seen_.insert(candidate.SerializeAsString()).second) return false;
    out_of_budget_ = enough_();
    if (out_of_budget_) return false;
    ++shrunk_.tries;
    absl::StatusOr<RunReport> report = run_(candidate);
    if (!report.ok() || !FailAlike(*report, failed_)) return false;
    shrunk_.scenario = candidate;
    shrunk_.report = *std::move(report);
    return true;
  }

  // Until a whole round changes nothing.
  void Go() {
    bool changed = true;
    while (changed && !out_of_budget_) {
      changed = false;
      for (const Reduction& reduction : Reductions()) changed = Apply(reduction) || changed;
    }
    shrunk_.whole = !out_of_budget_;
  }

 private:
  bool Apply(const Reduction& reduction) {
    bool changed = false;
    std::vector<Scenario> candidates = reduction.candidates(shrunk_.scenario);
    for (size_t i = 0; i < candidates.size() && !out_of_budget_;) {
      if (!Take(candidates[i])) {
        ++i;
        continue;
      }
      changed = true;
      // What stood here is gone, and what comes next stands in its place.
      candidates = reduction.candidates(shrunk_.scenario);
    }
    return changed;
  }

  ShrunkScenario& shrunk_;
  const RunReport failed_;
  const RunOne& run_;
  const std::function<bool()>& enough_;
  std::set<std::string> seen_;
  bool out_of_budget_ = false;
};

bool HasFaultsAtRandom(const Scenario& scenario) {
  return std::any_of(scenario.fault().begin(), scenario.fault().end(),
                     [](const Fault& fault) { return fault.has_at_random(); });
}

}  // namespace

bool FailAlike(const RunReport& a, const RunReport& b) {
  if (a.verdict != b.verdict || a.violations.empty() != b.violations.empty()) return false;
  return a.violations.empty() || (a.violations.front().kind == b.violations.front().kind &&
                                  a.violations.front().step == b.violations.front().step);
}

ShrunkScenario ShrinkScenario(Scenario scenario, const RunReport& failed, const RunOne& run,
                              const std::function<bool()>& enough) {
  ShrunkScenario shrunk{.scenario = std::move(scenario), .report = failed};
  Shrinking shrinking(shrunk, run, enough);
  shrunk.at_random = HasFaultsAtRandom(shrunk.scenario) &&
                     !shrinking.Take(WithExplicitFaults(shrunk.scenario, failed.fired));
  shrinking.Go();
  shrunk.scenario.set_claim(ClaimOf(shrunk.scenario));
  shrunk.scenario.set_name(NameOf(shrunk.scenario, shrunk.report));
  shrunk.report.scenario = shrunk.scenario.name();
  shrunk.report.claim = shrunk.scenario.claim();
  return shrunk;
}

}  // namespace wavetank::scenarios
