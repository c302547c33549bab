// Each fault of the disk or the store, while each kind of durable thing is written: what its writer
// is told, whether it goes on without a restart, and that what was acknowledged is whole
// afterwards. docs/faults.md shows the table.
#include <functional>
#include <memory>
#include <ostream>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "gtest/gtest.h"

#include "checkpoint/store_service.h"
#include "simulator/fault_injector.h"
#include "simulator/sim_world.h"
#include "tests/runtime/durable_attempt.h"
#include "tests/runtime/fault_outcomes.h"

namespace wavetank::runtime::faults_while_writing {
namespace {

using durable_writers::Attempt;
using durable_writers::Code;
using durable_writers::DamagesUnnoticed;
using durable_writers::FaultOutcomes;
using durable_writers::FilesOf;
using durable_writers::kNames;
using durable_writers::kThings;
using durable_writers::OutcomesOf;
using durable_writers::ReadBack;
using durable_writers::Thing;
using durable_writers::WriteThree;
using platform::Node;
using simulator::AtStep;
using simulator::Fault;
using simulator::FaultInjector;
using simulator::FaultKind;
using simulator::SimWorld;

// --- the faults ---

enum class When { kWhileWriting, kWhileReading };

// How the simulator makes the fault of that name (fault_outcomes.h).
struct FaultCase {
  const char* name;
  std::function<Fault(Thing)> fault;  // none: a second driver takes over
  When when = When::kWhileWriting;
};
void PrintTo(const FaultCase& fault, std::ostream* out) { *out << fault.name; }

Fault OfCalls(FaultKind kind, Thing thing) { return {.kind = kind, .files = FilesOf(thing)}; }

Fault Lasting(FaultKind kind, int64_t amount, absl::Duration duration) {
  return {.kind = kind, .target = "store", .duration = duration, .amount = amount};
}

Fault ServiceCrash(absl::Duration restart_after) {
  return {.kind = FaultKind::kCrash, .target = "service", .restart_after = restart_after};
}

// In the file that unit 1 is in.
Fault Rot(Thing thing) {
  std::string files = FilesOf(thing);
  if (thing == Thing::kState) files = "*state/1-*";
  if (thing == Thing::kSink) files = "*out/_wavetank/log-*";
  return {.kind = FaultKind::kBitRot, .target = "store", .files = files, .amount = 8 * 300};
}

// Unit 2 lands on unit 1.
Fault Misdirected(Thing thing) {
  Fault fault = OfCalls(FaultKind::kMisdirectedWrite, thing);
  fault.amount = 100;
  if (thing == Thing::kState) fault.peer = "*state/1-*";
  return fault;
}

Fault ReadError(Thing thing) {
  return {.kind = FaultKind::kReadError,
          .target = "store",
          .files = thing == Thing::kState ? "*state/1-*" : FilesOf(thing)};
}

std::vector<FaultCase> FaultCases() {
  return {
      {"WriteError", [](Thing thing) { return OfCalls(FaultKind::kWriteError, thing); }},
      {"FailedSync", [](Thing thing) { return OfCalls(FaultKind::kSyncLoss, thing); }},
      {"RevertedSync", [](Thing thing) { return OfCalls(FaultKind::kSyncRevert, thing); }},
      {"NoSpace", [](Thing) { return Lasting(FaultKind::kNoSpace, 100, absl::Seconds(1)); }},
      {"SlowDisk", [](Thing) { return Lasting(FaultKind::kSlowDisk, 100, absl::Seconds(20)); }},
      {"StalledDisk", [](Thing) { return Lasting(FaultKind::kStalledDisk, 0, absl::Seconds(7)); }},
      {"ReadError", ReadError, When::kWhileReading},
      {"BitRot", Rot},
      {"MisdirectedWrite", Misdirected},
      {"ServiceAway", [](Thing) { return ServiceCrash(absl::Seconds(3)); }},
      {"ServiceLost", [](Thing) { return ServiceCrash(absl::Seconds(15)); }},
      {"SecondDriver", {}},
  };
}

std::string Outcome(const FaultCase& fault, Thing thing, bool served, uint64_t seed) {
  SimWorld world({.seed = seed});
  world.AddMachine("store");
  world.AddMachine("client");
  const auto start_service = [&] {
    world.Start("store", {"service", {{"node", [](Node& node) {
                                         return checkpoint::RunStoreService(node, "store:7000",
                                                                            "root");
                                       }}}});
  };
  if (served) start_service();
  Attempt attempt{.thing = thing, .served = served, .second_driver = !fault.fault};
  const auto run = [&](const char* name, auto main) {
    attempt.done = false;
    world.Start(served ? "client" : "store",
                {name, {{"node", [&attempt, main](Node& node) { return main(node, attempt); }}}});
    const simulator::RunEnd end =
        world.RunUntil([&] { return attempt.done; }, {.quiet = absl::Minutes(5)});
    EXPECT_EQ(end, simulator::RunEnd::kDone);
  };
  simulator::FaultPlan plan;
  if (fault.fault && fault.when == When::kWhileWriting) {
    Fault made = fault.fault(thing);
    if (made.target.empty()) made.target = "store";
    plan.listed.push_back({AtStep{"test.one_is_there"}, std::move(made)});
  }
  {
    FaultInjector injector(world, std::move(plan));
    run("writer", WriteThree);
    world.RunFor(absl::Seconds(30));
    EXPECT_TRUE(injector.Unfired().empty());
  }
  world.LosePower("store");
  if (!served) world.Stop("writer");
  world.PowerOn("store");
  if (served) start_service();
  plan = {};
  if (fault.fault && fault.when == When::kWhileReading) {
    plan.listed.push_back({simulator::AtTime{world.now()}, fault.fault(thing)});
  }
  FaultInjector injector(world, std::move(plan));
  run("reader", ReadBack);
  EXPECT_TRUE(injector.Unfired().empty());

  const bool whole = attempt.reads.back().ok() && !DamagesUnnoticed(fault.name, thing);
  for (const int unit : {1, 2, 3}) {
    const bool acknowledged = attempt.writes[static_cast<size_t>(unit - 1)].ok();
    if (whole && acknowledged) EXPECT_TRUE(attempt.found.contains(unit)) << "unit " << unit;
  }
  for (const absl::Status& status : attempt.reads) {
    // By name: the file that it is about.
    if (absl::IsDataLoss(status)) EXPECT_NE(status.ToString().find('/'), std::string::npos);
  }
  std::vector<std::string> reads;
  for (const absl::Status& status : attempt.reads) reads.push_back(Code(status));
  return absl::StrCat(Code(attempt.writes[1]), " ", Code(attempt.writes[2]), ", ",
                      absl::StrJoin(reads, " then "));
}

class FaultsWhileWriting : public testing::TestWithParam<FaultCase> {};
INSTANTIATE_TEST_SUITE_P(, FaultsWhileWriting, testing::ValuesIn(FaultCases()),
                         [](const auto& info) { return std::string(info.param.name); });

TEST_P(FaultsWhileWriting, AreToldByNameAndLeaveWhatWasAcknowledgedWhole) {
  const FaultOutcomes outcomes = OutcomesOf(GetParam().name);
  for (const Thing thing : kThings) {
    const auto place = static_cast<size_t>(thing);
    for (const bool served : {false, true}) {
      const std::vector<const char*>& expected = served ? outcomes.served : outcomes.local;
      if (expected.empty()) continue;
      for (uint64_t seed = 1; seed <= 5; ++seed) {
        SCOPED_TRACE(absl::StrCat(kNames[place], served ? ", served" : ", local", ", seed ", seed));
        EXPECT_EQ(Outcome(GetParam(), thing, served, seed), expected[place]);
      }
    }
  }
}

TEST(FaultOutcomes, EachHasACaseAndEachCaseAnOutcome) {
  std::vector<std::string> outcomes;
  for (const FaultOutcomes& fault : durable_writers::AllFaultOutcomes()) {
    outcomes.emplace_back(fault.name);
  }
  std::vector<std::string> cases;
  for (const FaultCase& fault : FaultCases()) cases.emplace_back(fault.name);
  EXPECT_EQ(cases, outcomes);
}

}  // namespace
}  // namespace wavetank::runtime::faults_while_writing
