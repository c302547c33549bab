// What befalls external systems is aimed at their requests, and each kind of it is drawn.
#include <algorithm>
#include <cstdint>
#include <iterator>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "gtest/gtest.h"

#include "scenarios/explore/exploration.h"
#include "scenarios/explore/summary.h"
#include "scenarios/fakes/log_server.h"
#include "scenarios/jobs.h"
#include "simulator/fault_table.h"

namespace wavetank::scenarios {
namespace {

using simulator::FaultFamily;
using simulator::FaultKind;

bool IsOfRequests(const Fault& fault) {
  return simulator::FindFault(fault.kind())->family == FaultFamily::kExternal;
}

// The runs of some seeds of a job, and the faults that were drawn for the longest of each seed.
struct Drawn {
  ExplorationSummary summary;
  std::vector<Scenario> longest;
};

Drawn DrawnFor(const std::string& job, uint64_t seeds) {
  ScenarioJobs jobs;
  AddBuiltInJobs(jobs);
  const auto exploration = Exploration::Make(jobs, {.jobs = {job}});
  EXPECT_TRUE(exploration.ok()) << exploration.status();
  Drawn drawn;
  for (uint64_t seed = 1; seed <= seeds; ++seed) {
    Scenario longest;
    exploration->Explore(seed, [&](int, const Scenario& scenario, const RunReport& report) {
      EXPECT_FALSE(Fails(report)) << Summary(report) << ToText(scenario, "failed");
      drawn.summary.Add(scenario, report);
      longest = scenario;
      return true;
    });
    drawn.longest.push_back(std::move(longest));
  }
  return drawn;
}

class FaultsOfRequests : public testing::Test {
 protected:
  static const Drawn& OfALog() {
    static const Drawn drawn = DrawnFor("log_copy", 40);
    return drawn;
  }
};

TEST_F(FaultsOfRequests, AreMostlyAimedAtTheRequestThatTheyBefall) {
  std::set<std::string> requests;
  for (const fakes::LogRequest& request : fakes::kLogRequests) {
    requests.emplace(request.announced->name);
  }
  int64_t all = 0;
  int64_t aimed = 0;
  for (const Scenario& scenario : OfALog().longest) {
    for (const Fault& fault : scenario.fault()) {
      if (!IsOfRequests(fault)) continue;
      ++all;
      aimed += fault.has_at_step() && requests.contains(fault.at_step().step()) ? 1 : 0;
    }
  }
  EXPECT_GT(all, 40);
  EXPECT_GE(4 * aimed, 3 * all) << aimed << " of " << all;
}

TEST_F(FaultsOfRequests, AreOfEachKindAndBefallEachRequest) {
  const ExplorationSummary& summary = OfALog().summary;
  const auto struck = [&summary](const fakes::LogRequest& request, const std::string& kind) {
    return summary.pairs.contains(std::string(request.announced->name) + " " + kind);
  };
  std::set<std::string> befallen;
  for (const simulator::FaultInfo& info : simulator::FaultTable()) {
    if (info.family != FaultFamily::kExternal) continue;
    const std::string kind(info.name);
    EXPECT_TRUE(summary.faults.contains(kind)) << kind;
    for (const fakes::LogRequest& request : fakes::kLogRequests) {
      if (!struck(request, kind)) continue;
      befallen.emplace(request.announced->name);
      EXPECT_TRUE(request.is_end || info.kind != FaultKind::kEndsNext) << request.announced->name;
    }
  }
  EXPECT_EQ(befallen.size(), std::size(fakes::kLogRequests));
}

// A request that is done when who asked has begun again, at a log that is slow; and one whose
// client dies, or stands still.
TEST_F(FaultsOfRequests, ComeInPairsWhereOneShowsNothing) {
  std::map<std::pair<std::string, std::string>, int> pairs;
  for (const Scenario& scenario : OfALog().longest) {
    for (int i = 1; i < scenario.fault_size(); ++i) {
      const Fault& first = scenario.fault(i - 1);
      const Fault& second = scenario.fault(i);
      const bool together =
          first.has_at_step() && second.has_at_step() &&
          first.at_step().SerializeAsString() == second.at_step().SerializeAsString();
      if (together) ++pairs[{first.kind(), second.kind()}];
    }
  }
  int dies = 0;
  int stands_still = 0;
  for (const auto& [kinds, times] : pairs) {
    if (kinds.second == "process.crash") dies += times;
    if (kinds.second == "process.zombie") stands_still += times;
  }
  EXPECT_GT((pairs[{"external.throttled", "external.applied_late"}]), 0);
  EXPECT_GT(dies, 0);
  EXPECT_GT(stands_still, 0);
}

TEST_F(FaultsOfRequests, StrikeTransactionsAndEveryOtherWayToDeliver) {
  std::map<std::string, int> deliveries;
  std::set<std::string> timeouts;
  for (const Scenario& scenario : OfALog().longest) {
    std::string delivery = "transactional";
    for (const Parameter& parameter : scenario.job().parameter()) {
      if (parameter.name() == "delivery") delivery = parameter.value();
      if (parameter.name() == "transaction-timeout") timeouts.insert(parameter.value());
    }
    ++deliveries[delivery];
    EXPECT_EQ(scenario.expect().guarantee(),
              delivery == "transactional" ? Expect::EXACTLY_ONCE : Expect::AT_LEAST_ONCE);
  }
  EXPECT_GT(deliveries["transactional"], 20);
  EXPECT_GT(deliveries["idempotent"], 0);
  EXPECT_GT(deliveries["plain"], 0);
  EXPECT_GE(timeouts.size(), 3u);
}

TEST_F(FaultsOfRequests, BefallNoJobWithoutAnExternalSystem) {
  for (const Scenario& scenario : DrawnFor("word_count", 5).longest) {
    EXPECT_FALSE(std::any_of(scenario.fault().begin(), scenario.fault().end(), IsOfRequests));
  }
}

}  // namespace
}  // namespace wavetank::scenarios
