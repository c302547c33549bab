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

#include "checkpoint/local_store.h"
#include "checkpoint/served_store.h"
#include "checkpoint/store_service.h"
#include "platform/status_macros.h"
#include "simulator/fault_injector.h"
#include "simulator/sim_world.h"
#include "tests/runtime/durable_writers.h"

namespace wavetank::runtime::faults_while_writing {
namespace {

using checkpoint::LocalStore;
using checkpoint::Store;
using durable_writers::Files;
using durable_writers::GraphLog;
using durable_writers::QueryLog;
using durable_writers::RecordLog;
using durable_writers::Sink;
using durable_writers::State;
using durable_writers::Writer;
using platform::Node;
using simulator::AtStep;
using simulator::Fault;
using simulator::FaultInjector;
using simulator::FaultKind;
using simulator::SimWorld;

// Units 1, 2 and 3 are written; the fault acts when 1 is acknowledged.
constexpr platform::StepName kOneIsThere{"test.one_is_there", "", "The fault acts here."};

enum class Thing { kRecordLog, kQueryLog, kGraphLog, kState, kSink, kFiles };
constexpr Thing kThings[] = {Thing::kRecordLog, Thing::kQueryLog, Thing::kGraphLog,
                             Thing::kState,     Thing::kSink,     Thing::kFiles};
constexpr const char* kNames[] = {"RecordLog", "QueryLog", "GraphLog", "State", "Sink", "Store"};

// Where the second unit is written.
std::string FilesOf(Thing thing) {
  switch (thing) {
    case Thing::kState:
      return "*state/.tmp-*";
    case Thing::kSink:
      return "*out/_wavetank/log-*";
    case Thing::kFiles:
      return "*files/1";
    default:
      return "*log/log-1";
  }
}

struct Attempt {
  Thing thing = Thing::kRecordLog;
  bool served = false;
  bool second_driver = false;
  checkpoint::StateVersion state = {};

  std::vector<absl::Status> writes = {};  // of units 1, 2, 3
  std::vector<absl::Status> reads = {};   // until one may not pass
  std::set<int> found = {};
  bool done = false;
};

std::unique_ptr<Writer> MakeWriter(Node& node, Store& store, Attempt& attempt, int64_t epoch) {
  switch (attempt.thing) {
    case Thing::kRecordLog:
      return std::make_unique<RecordLog>(node, store);
    case Thing::kQueryLog:
      return std::make_unique<QueryLog>(node, store);
    case Thing::kGraphLog:
      return std::make_unique<GraphLog>(node, store);
    case Thing::kState:
      return std::make_unique<State>(node, store, attempt.state);
    case Thing::kSink:
      return std::make_unique<Sink>(node, store, epoch);
    case Thing::kFiles:
      break;
  }
  return std::make_unique<Files>(store);
}

Task<absl::StatusOr<std::unique_ptr<Store>>> OpenStore(Node& node, bool served) {
  if (served) {
    const checkpoint::ServedStoreOptions options{.request_timeout = absl::Seconds(1),
                                                 .give_up_after = absl::Seconds(10)};
    co_return std::make_unique<checkpoint::ServedStore>(node, "store:7000", options);
  }
  WT_CO_ASSIGN_OR_RETURN(std::unique_ptr<LocalStore> store,
                         co_await LocalStore::OpenExclusive(node, "root"));
  co_return store;
}

Task<void> WriteThree(Node& node, Attempt& attempt) {
  absl::StatusOr<std::unique_ptr<Store>> store = co_await OpenStore(node, attempt.served);
  if (!store.ok()) ADD_FAILURE() << store.status();
  if (!store.ok()) co_return;
  const std::unique_ptr<Writer> writer = MakeWriter(node, **store, attempt, 1);
  const absl::Status opened = co_await writer->Open();
  EXPECT_TRUE(opened.ok()) << opened;
  const std::unique_ptr<Writer> second = MakeWriter(node, **store, attempt, 2);
  for (const int unit : {1, 2, 3}) {
    // What lasts a second is over by the third.
    if (unit == 3) co_await node.clock().Sleep(absl::Seconds(3));
    attempt.writes.push_back(co_await writer->Write(unit));
    if (unit > 1) continue;
    co_await node.Step(kOneIsThere);
    if (!attempt.second_driver) continue;
    const absl::Status taken = co_await second->Open();
    EXPECT_TRUE(taken.ok()) << taken;
  }
  attempt.done = true;
}

Task<void> ReadBack(Node& node, Attempt& attempt) {
  while (attempt.reads.size() < 5) {
    absl::StatusOr<std::unique_ptr<Store>> store = co_await OpenStore(node, attempt.served);
    absl::StatusOr<std::set<int>> units = absl::UnavailableError("the store");
    if (!store.ok()) {
      units = store.status();
    } else {
      const std::unique_ptr<Writer> reader = MakeWriter(node, **store, attempt, 3);
      units = co_await reader->Units();
    }
    attempt.reads.push_back(units.status());
    if (units.ok()) attempt.found = *units;
    if (!absl::IsUnavailable(units.status())) break;
  }
  attempt.done = true;
}

// --- the faults ---

enum class When { kWhileWriting, kWhileReading };

// What the writes of units 2 and 3 say, and what reading says afterwards, for each thing in turn.
struct FaultCase {
  const char* name;
  std::function<Fault(Thing)> fault;  // none: a second driver takes over
  When when;
  std::vector<const char*> local;  // none: the fault is one of the store service
  std::vector<const char*> served;
};
void PrintTo(const FaultCase& fault, std::ostream* out) { *out << fault.name; }

constexpr const char* kUnharmed = "OK OK, OK";
constexpr const char* kLogStops = "UNAVAILABLE UNAVAILABLE, OK";
constexpr const char* kGoesOn = "UNAVAILABLE OK, OK";
constexpr const char* kFullLogStops = "RESOURCE_EXHAUSTED RESOURCE_EXHAUSTED, OK";
constexpr const char* kFullGoesOn = "RESOURCE_EXHAUSTED OK, OK";
constexpr const char* kFenced = "ABORTED ABORTED, OK";
constexpr const char* kReadAgain = "OK OK, UNAVAILABLE then OK";
constexpr const char* kDamaged = "OK OK, DATA_LOSS";

const std::vector<const char*> kAllUnharmed(std::size(kThings), kUnharmed);
// The contents of the store have checksums, the store itself has none.
const std::vector<const char*> kAllDamaged = {kDamaged, kDamaged, kDamaged,
                                              kDamaged, kDamaged, kUnharmed};

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

// A log or a served store that meets an error stops and is taken over anew; a state file or a part
// is written again under another name; a served store repeats what may pass.
std::vector<FaultCase> FaultCases() {
  return {
      {"WriteError",
       [](Thing thing) { return OfCalls(FaultKind::kWriteError, thing); },
       When::kWhileWriting,
       {kLogStops, kLogStops, kLogStops, kGoesOn, kGoesOn, kGoesOn},
       kAllUnharmed},
      {"FailedSync",
       [](Thing thing) { return OfCalls(FaultKind::kSyncLoss, thing); },
       When::kWhileWriting,
       {kUnharmed, kUnharmed, kUnharmed, kGoesOn, kUnharmed, kUnharmed},
       kAllUnharmed},
      {"NoSpace",
       [](Thing) { return Lasting(FaultKind::kNoSpace, 100, absl::Seconds(1)); },
       When::kWhileWriting,
       {kFullLogStops, kFullLogStops, kFullLogStops, kFullGoesOn, kFullGoesOn, kFullGoesOn},
       {kFullLogStops, kFullLogStops, kFullLogStops, kFullGoesOn, kFullGoesOn, kFullGoesOn}},
      {"SlowDisk", [](Thing) { return Lasting(FaultKind::kSlowDisk, 100, absl::Seconds(20)); },
       When::kWhileWriting, kAllUnharmed, kAllUnharmed},
      {"StalledDisk", [](Thing) { return Lasting(FaultKind::kStalledDisk, 0, absl::Seconds(7)); },
       When::kWhileWriting, kAllUnharmed, kAllUnharmed},
      {"ReadError",
       ReadError,
       When::kWhileReading,
       {kReadAgain, kReadAgain, kReadAgain, kReadAgain, kUnharmed, kReadAgain},
       kAllUnharmed},
      {"BitRot", Rot, When::kWhileWriting, kAllDamaged, kAllDamaged},
      {"MisdirectedWrite", Misdirected, When::kWhileWriting, kAllDamaged, kAllDamaged},
      {"ServiceAway",
       [](Thing) { return ServiceCrash(absl::Seconds(3)); },
       When::kWhileWriting,
       {},
       kAllUnharmed},
      {"ServiceLost",
       [](Thing) { return ServiceCrash(absl::Seconds(15)); },
       When::kWhileWriting,
       {},
       {kLogStops, kLogStops, kLogStops, kGoesOn, kGoesOn, kGoesOn}},
      {"SecondDriver",
       {},
       When::kWhileWriting,
       {kFenced, kFenced, kFenced, kUnharmed, kFenced, kUnharmed},
       {kFenced, kFenced, kFenced, kUnharmed, kFenced, kUnharmed}},
  };
}

std::string Code(const absl::Status& status) {
  const std::string text = status.ToString();
  return text.substr(0, text.find(':'));
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

  // Plain files show what the device gives.
  const bool damaged_files = thing == Thing::kFiles && (fault.local == kAllDamaged);
  const bool whole = attempt.reads.back().ok() && !damaged_files;
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
  for (const Thing thing : kThings) {
    const auto place = static_cast<size_t>(thing);
    for (const bool served : {false, true}) {
      const std::vector<const char*>& expected = served ? GetParam().served : GetParam().local;
      if (expected.empty()) continue;
      for (uint64_t seed = 1; seed <= 5; ++seed) {
        SCOPED_TRACE(absl::StrCat(kNames[place], served ? ", served" : ", local", ", seed ", seed));
        EXPECT_EQ(Outcome(GetParam(), thing, served, seed), expected[place]);
      }
    }
  }
}

}  // namespace
}  // namespace wavetank::runtime::faults_while_writing
