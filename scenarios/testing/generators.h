// Generators for RapidCheck, for who wants to put properties of their own together: inputs by a
// schema, clusters, fault schedules, and whole scenarios. What they give shrinks by leaving out,
// and prints itself. (PropertyTest needs none of them; this header needs librapidcheck-dev.)
//
//   RC_GTEST_PROP(MyJob, AnswersWhateverComes, ()) {
//     const auto lines = *testing::LinesOf(orders);   // a scenarios::Records
//     ...
//   }
#ifndef WAVETANK_SCENARIOS_TESTING_GENERATORS_H_
#define WAVETANK_SCENARIOS_TESTING_GENERATORS_H_

#include <cstdint>
#include <memory>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "rapidcheck.h"

#include "platform/check.h"
#include "platform/random.h"
#include "properties/choices.h"
#include "scenarios/explore/draw_world.h"
#include "scenarios/explore/exploration.h"
#include "scenarios/records.h"
#include "scenarios/scenario.pb.h"
#include "scenarios/shrink/reductions.h"
#include "simulator/fault_plan.h"
#include "simulator/fault_table.h"
#include "simulator/swarm.h"

namespace wavetank::scenarios {

// As a file that `wavetank run` replays.
inline void showValue(const Scenario& scenario, std::ostream& out) {
  out << ToText(scenario, "as `wavetank run` replays it");
}

inline void showValue(const Cluster& cluster, std::ostream& out) { out << cluster.DebugString(); }

}  // namespace wavetank::scenarios

namespace wavetank::simulator {

inline void showValue(const FaultPlan& plan, std::ostream& out) {
  for (const ListedFault& fault : plan.listed) out << Describe(fault) << "\n";
  for (const RandomFault& fault : plan.random) {
    out << InfoOf(fault.kind).name << " at a rate of " << fault.rate << "\n";
  }
}

}  // namespace wavetank::simulator

namespace wavetank::testing {

// Lines by a schema, as many as it says. Shrinks by leaving lines out. REQUIRES: its numbers are
// within their bounds.
inline rc::Gen<uint64_t> Seeds() { return rc::gen::noShrink(rc::gen::arbitrary<uint64_t>()); }

inline rc::Gen<std::vector<std::string>> LinesOf(const scenarios::Records& schema) {
  return rc::gen::mapcat(Seeds(), [schema](uint64_t seed) {
    const auto lines =
        scenarios::DrawRecords(scenarios::ParsedScenario::Of({}), schema, platform::Random(seed));
    WT_CHECK(lines.ok(), std::string(lines.status().message()));
    return rc::gen::shrink(rc::gen::just(*lines), [](std::vector<std::string> all) {
      return rc::shrink::removeChunks(std::move(all));
    });
  });
}

// Which machines there are, with which processes, for a job of a scenario.
inline rc::Gen<scenarios::Cluster> Clusters() {
  return rc::gen::map(Seeds(), [](uint64_t seed) {
    const properties::Choices choices(seed);
    return scenarios::DrawWorld(choices, {.name = "any"}).cluster();
  });
}

// What befalls a testing::Cluster until then, in virtual time: kinds of faults, each at its rate.
inline rc::Gen<simulator::FaultPlan> FaultPlans(absl::Duration until) {
  const auto drawn = rc::gen::map(Seeds(), [until](uint64_t seed) {
    simulator::FaultPlan plan;
    plan.random = simulator::Swarm(seed).Faults(until);
    return plan;
  });
  return rc::gen::shrink(drawn, [](const simulator::FaultPlan& plan) {
    return rc::seq::map(rc::shrink::removeChunks(plan.random),
                        [](std::vector<simulator::RandomFault> fewer) {
                          return simulator::FaultPlan{.random = std::move(fewer)};
                        });
  });
}

// Scenarios of what is explored, with a cluster, inputs and up to kFaultsMost faults, which are
// aimed at what a run without them reaches (so that drawing one runs some). Shrinks by the table of
// reductions that `wavetank shrink` has; what the cluster is, is its field `cluster`.
inline rc::Gen<scenarios::Scenario> Scenarios(
    std::shared_ptr<const scenarios::Exploration> exploration) {
  const auto draw = [exploration =
                         std::move(exploration)](const std::pair<uint64_t, int>& seed_and_faults) {
    scenarios::Scenario drawn;
    exploration->Explore(seed_and_faults.first, [&](int number, const scenarios::Scenario& scenario,
                                                    const scenarios::RunReport&) {
      drawn = scenario;
      return number < seed_and_faults.second;
    });
    return drawn;
  };
  const auto smaller = [](const scenarios::Scenario& scenario) {
    std::vector<scenarios::Scenario> all;
    for (const scenarios::Reduction& reduction : scenarios::Reductions()) {
      for (scenarios::Scenario& each : reduction.candidates(scenario)) all.push_back(each);
    }
    return rc::seq::fromContainer(std::move(all));
  };
  return rc::gen::shrink(
      rc::gen::map(rc::gen::pair(Seeds(), rc::gen::inRange(0, scenarios::kFaultsMost + 1)), draw),
      smaller);
}

}  // namespace wavetank::testing

#endif  // WAVETANK_SCENARIOS_TESTING_GENERATORS_H_
