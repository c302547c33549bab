#include "runtime/job/driver_lease.h"

#include <memory>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "checkpoint/local_store.h"
#include "platform/task_scope.h"
#include "simulator/sim_world.h"

namespace wavetank::runtime::driver_lease_test {
namespace {

using platform::Task;
using simulator::SimWorld;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;
using Kind = LeaseWord::Kind;

constexpr absl::Duration kTimeout = absl::Seconds(4);

TEST(DriverLease, TheNewestWordIsThatOfTheNewestDriver) {
  const auto is = [](const std::vector<std::string>& names, int64_t term, int64_t word, Kind kind) {
    const LeaseWord newest = LeaseWord::Newest(names);
    EXPECT_EQ(newest.term, term);
    if (kind == Kind::kAtWork) EXPECT_EQ(newest.word, word);
    EXPECT_EQ(newest.kind, kind);
  };
  is({}, 0, 0, Kind::kNone);
  is({"lease-000001-000000000"}, 1, 0, Kind::kAtWork);
  is({"lease-000001-000000000", "lease-000001-000000012", "lease-000001-000000009"}, 1, 12,
     Kind::kAtWork);
  is({"lease-000002-000000000", "lease-000001-000000012"}, 2, 0, Kind::kAtWork);
  is({"left-000002", "lease-000002-000000007"}, 2, 0, Kind::kLeft);
  is({"finished-000002", "lease-000002-000000007"}, 2, 0, Kind::kFinished);
  is({"finished-000002", "lease-000003-000000000"}, 3, 0, Kind::kAtWork);
  is({"lease-1000000-000000001", "lease-000003-000000000"}, 1'000'000, 1, Kind::kAtWork);
  is({"lease-000000-000000001", "lease-x", "lease-2", "other", "lease-1--1"}, 0, 0, Kind::kNone);
}

// Drivers on one machine, each a process of its own, that do nothing but say that they are there.
class Drivers {
 public:
  Drivers() { world_.AddMachine("m"); }

  void StartAtWork(const std::string& name) {
    Start(name, [this](platform::Node& node) { return Work(node); });
  }
  void StartStandby(const std::string& name) {
    Start(name, [this](platform::Node& node) { return StandBy(node); });
  }
  // One that takes the lease, and ends so, after a while.
  void StartAndEnd(const std::string& name, Kind how, absl::Duration after = {}) {
    Start(name, [how, after](platform::Node& node) { return TakeAndEnd(node, how, after); });
  }
  void RunFor(absl::Duration duration) { world_.RunFor(duration); }
  SimWorld& world() { return world_; }
  // Who has taken over, and when.
  const std::vector<std::string>& taken() const { return taken_; }
  absl::Duration taken_at() const { return taken_at_; }
  const std::vector<std::string>& saw_the_end() const { return saw_the_end_; }

 private:
  void Start(const std::string& name, platform::NodeMain main) {
    world_.Start("m", {name, {{"driver", std::move(main)}}});
  }
  static Task<void> TakeAndEnd(platform::Node& node, Kind how, absl::Duration after) {
    checkpoint::LocalStore store(node, "");
    DriverLease lease(node, store, {.checkpoint = "ck", .timeout = kTimeout});
    co_await lease.Take();
    co_await node.clock().Sleep(after);
    co_await lease.End(how);
  }
  Task<void> Work(platform::Node& node) {
    checkpoint::LocalStore store(node, "");
    DriverLease lease(node, store, {.checkpoint = "ck", .timeout = kTimeout});
    co_await lease.Take();
    (co_await lease.Keep()).IgnoreError();
  }
  Task<void> StandBy(platform::Node& node) {
    checkpoint::LocalStore store(node, "");
    DriverLease lease(node, store, {.checkpoint = "ck", .timeout = kTimeout});
    const DriverLease::Watched watched = co_await lease.StandBy();
    if (watched == DriverLease::Watched::kFinished) {
      saw_the_end_.push_back(node.process());
      co_return;
    }
    taken_.push_back(node.process());
    taken_at_ = world_.now();
    (co_await lease.Keep()).IgnoreError();
  }

  SimWorld world_{{.seed = 1}};
  std::vector<std::string> taken_;
  absl::Duration taken_at_;
  std::vector<std::string> saw_the_end_;
};

TEST(DriverLease, ADriverThatStandsByTakesOverOnlyWhenTheOtherHasBeenSilentForTheTime) {
  Drivers drivers;
  drivers.StartAtWork("first");
  drivers.RunFor(absl::Seconds(1));
  drivers.StartStandby("second");
  drivers.RunFor(absl::Minutes(5));
  EXPECT_THAT(drivers.taken(), IsEmpty());
  const absl::Duration died = drivers.world().now();
  drivers.world().Crash(drivers.world().process("first"));
  drivers.RunFor(absl::Minutes(1));
  EXPECT_THAT(drivers.taken(), ElementsAre("second"));
  EXPECT_GE(drivers.taken_at() - died, kTimeout - kTimeout / 4) << "since its last word";
  EXPECT_LE(drivers.taken_at() - died, kTimeout + kTimeout / 2);
}

TEST(DriverLease, OfTwoThatStandByOneTakesOver) {
  Drivers drivers;
  drivers.StartAtWork("first");
  drivers.StartStandby("second");
  drivers.StartStandby("third");
  drivers.RunFor(absl::Seconds(10));
  drivers.world().Crash(drivers.world().process("first"));
  drivers.RunFor(absl::Minutes(5));
  EXPECT_THAT(drivers.taken(), SizeIs(1));
}

TEST(DriverLease, OneThatLeavesNeedNotBeWaitedForAndOneThatHasFinishedIsNotReplaced) {
  Drivers left;
  left.StartAndEnd("first", Kind::kLeft);
  left.RunFor(absl::Seconds(1));
  left.StartStandby("second");
  left.RunFor(absl::Milliseconds(500));
  EXPECT_THAT(left.taken(), ElementsAre("second"));
  Drivers finished;
  finished.StartStandby("second");
  finished.StartAndEnd("first", Kind::kFinished, kTimeout / 2);
  finished.RunFor(absl::Minutes(5));
  EXPECT_THAT(finished.taken(), IsEmpty());
  EXPECT_THAT(finished.saw_the_end(), ElementsAre("second"));
}

// Both are started for another run of the job: the one to stand by for comes in a moment.
TEST(DriverLease, WhatARunBeforeHasFinishedEndsNobody) {
  Drivers drivers;
  drivers.StartAndEnd("yesterday", Kind::kFinished);
  drivers.RunFor(absl::Seconds(1));
  drivers.StartStandby("second");
  drivers.RunFor(absl::Minutes(1));
  EXPECT_THAT(drivers.saw_the_end(), IsEmpty());
  drivers.StartAtWork("first");
  drivers.RunFor(absl::Seconds(10));
  EXPECT_THAT(drivers.taken(), IsEmpty());
  drivers.world().Crash(drivers.world().process("first"));
  drivers.RunFor(absl::Minutes(1));
  EXPECT_THAT(drivers.taken(), ElementsAre("second"));
}

// It may be at work all the same, started without a lease.
TEST(DriverLease, NobodyIsReplacedWhoHasNeverSaidThatHeIsThere) {
  Drivers drivers;
  drivers.StartStandby("second");
  drivers.RunFor(absl::Minutes(5));
  EXPECT_THAT(drivers.taken(), IsEmpty());
  drivers.StartAtWork("first");
  drivers.RunFor(absl::Minutes(5));
  EXPECT_THAT(drivers.taken(), IsEmpty());
}

// A start that is refused later, say: it has the newer lease, and ends without a word.
TEST(DriverLease, ADriverThatIsAtWorkTakesItsLeaseAgainFromOneThatFallsSilent) {
  Drivers drivers;
  drivers.StartAtWork("first");
  drivers.StartStandby("second");
  drivers.RunFor(absl::Seconds(10));
  drivers.StartAtWork("mistaken");
  drivers.RunFor(absl::Milliseconds(100));
  drivers.world().Crash(drivers.world().process("mistaken"));
  drivers.RunFor(absl::Minutes(5));
  EXPECT_THAT(drivers.taken(), IsEmpty());
}

}  // namespace
}  // namespace wavetank::runtime::driver_lease_test
