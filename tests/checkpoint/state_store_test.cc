#include "checkpoint/state_store.h"

#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "checkpoint/local_store.h"
#include "simulator/sim_world.h"
#include "tests/checkpoint/sim_chaos.h"

namespace wavetank::checkpoint {
namespace {

using platform::Node;
using simulator::RunEnd;
using simulator::SimWorld;

using StateRows = std::vector<std::pair<std::string, std::string>>;

StateRows RowsIn(const StateStore& state) {
  StateRows rows;
  state.ForEach([&](std::string_view key, std::string_view value) {
    rows.emplace_back(std::string(key), std::string(value));
  });
  return rows;
}

// A version that was committed, and what it holds, in order.
struct KnownVersion {
  StateVersion version;
  StateRows rows;
};

using Known = std::vector<KnownVersion>;

// From the newest known version on: changes, commits, aborts, and attempts that nobody records.
Task<void> CommitAgainAndAgain(Node& node, Known& known) {
  LocalStore store(node, "root");
  platform::Random random = node.random().Fork("commits");
  while (true) {
    const KnownVersion from = known.back();
    const absl::StatusOr<std::unique_ptr<StateStore>> state =
        co_await StateStore::Open(node, store, "state/0/1", from.version);
    if (absl::IsUnavailable(state.status())) continue;  // a sync failed
    EXPECT_TRUE(state.ok()) << state.status();
    if (!state.ok()) co_return;
    EXPECT_EQ(RowsIn(**state), from.rows);
    const int64_t commits = random.Between(1, 8);
    for (int64_t i = 0; i < commits; ++i) {
      const int64_t changes = random.Between(0, 12);
      for (int64_t change = 0; change < changes; ++change) {
        const std::string key = absl::StrCat("key", random.Below(30));
        const uint64_t value = random.Below(1000);
        if (random.OneIn(3)) {
          (*state)->Remove(key);
        } else {
          (*state)->Put(key, absl::StrCat(value));
        }
      }
      if (random.OneIn(5)) {
        (*state)->Abort();
        EXPECT_EQ((*state)->size(), RowsIn(**state).size());
        continue;
      }
      const absl::StatusOr<StateVersion> version = co_await (*state)->Commit();
      if (!version.ok()) break;
      EXPECT_EQ((*state)->version(), *version);
      // An attempt of a zombie, or of a batch that runs again: it is committed, and does not count.
      if (random.OneIn(6)) break;
      known.push_back({*version, RowsIn(**state)});
    }
    co_await node.clock().Sleep(absl::Microseconds(200));
  }
}

Task<void> OpenEveryVersion(Node& node, const Known& known, bool& done) {
  LocalStore store(node, "root");
  for (const KnownVersion& version : known) {
    const absl::StatusOr<std::unique_ptr<StateStore>> state =
        co_await StateStore::Open(node, store, "state/0/1", version.version);
    EXPECT_TRUE(state.ok()) << state.status();
    if (state.ok()) EXPECT_EQ(RowsIn(**state), version.rows);
  }
  done = true;
}

void ExpectEveryVersionOpens(SimWorld& world, const Known& known) {
  bool done = false;
  world.Start(
      "m", {"opener", {{"node", [&](Node& node) { return OpenEveryVersion(node, known, done); }}}});
  EXPECT_EQ(world.RunUntil([&] { return done; }), RunEnd::kDone);
}

TEST(StateStoreChaos, EveryVersionOpensAsItWasCommitted) {
  size_t versions = 0;
  bool snapshots = false;
  for (uint64_t seed = 1; seed <= 40; ++seed) {
    SimWorld world({.seed = seed});
    world.AddMachine("m");
    Known known = {KnownVersion{}};
    world.Start("m",
                {"task", {{"node", [&](Node& node) { return CommitAgainAndAgain(node, known); }}}});
    {
      Chaos chaos(world, seed,
                  {.crash = 10'000, .pause = 5'000, .power_loss = 5'000, .sync_loss = 20'000});
      chaos.Run(absl::Milliseconds(250));
    }
    world.LosePower("m");
    world.RunFor(absl::Milliseconds(10));
    world.PowerOn("m");
    ExpectEveryVersionOpens(world, known);
    ASSERT_FALSE(testing::Test::HasFailure()) << "seed " << seed;
    versions += known.size();
    for (const KnownVersion& version : known) {
      const std::vector<std::string>& files = version.version.files;
      EXPECT_LE(files.size(), 10u);
      snapshots |= !files.empty() && files.front().find(".snapshot") != std::string::npos;
    }
  }
  EXPECT_GT(versions, 500u);
  EXPECT_TRUE(snapshots);
}

Task<void> TwoAttemptsAtOneVersion(Node& node, bool& done) {
  LocalStore store(node, "root");
  auto first = co_await StateStore::Open(node, store, "s", {});
  auto second = co_await StateStore::Open(node, store, "s", {});
  (*first)->Put("k", "first");
  (*second)->Put("k", "second");
  const auto one = co_await (*first)->Commit();
  const auto two = co_await (*second)->Commit();
  EXPECT_EQ(one->version, 1);
  EXPECT_EQ(two->version, 1);
  EXPECT_NE(one->files, two->files);
  const auto reopened = co_await StateStore::Open(node, store, "s", *one);
  std::string_view value;
  EXPECT_TRUE((*reopened)->Get("k", &value));
  EXPECT_EQ(value, "first");
  done = true;
}

Task<void> NamesWhatIsWrong(Node& node, bool& done) {
  LocalStore store(node, "root");
  auto state = co_await StateStore::Open(node, store, "s", {});
  (*state)->Put("k", "1");
  const auto one = co_await (*state)->Commit();
  (*state)->Put("k", "2");
  const auto two = co_await (*state)->Commit();
  const auto unchanged = co_await (*state)->Commit();
  EXPECT_EQ(unchanged->version, 3);
  EXPECT_EQ(unchanged->files, two->files);

  const StateVersion swapped{2, {two->files[1], two->files[0]}};
  const auto out_of_order = co_await StateStore::Open(node, store, "s", swapped);
  EXPECT_TRUE(absl::IsDataLoss(out_of_order.status())) << out_of_order.status();
  const StateVersion shortened{1, {two->files[1]}};
  const auto without_base = co_await StateStore::Open(node, store, "s", shortened);
  EXPECT_TRUE(absl::IsDataLoss(without_base.status())) << without_base.status();
  const absl::Status removed = co_await store.Remove(two->files[0]);
  EXPECT_TRUE(removed.ok());
  const auto gone = co_await StateStore::Open(node, store, "s", *two);
  EXPECT_TRUE(absl::IsNotFound(gone.status())) << gone.status();
  EXPECT_THAT(gone.status().ToString(), testing::HasSubstr(two->files[0]));
  done = true;
}

void RunAlone(Task<void> (*body)(Node&, bool&)) {
  SimWorld world({.seed = 3});
  world.AddMachine("m");
  bool done = false;
  world.Start("m", {"test", {{"node", [&](Node& node) { return body(node, done); }}}});
  EXPECT_EQ(world.RunUntil([&] { return done; }), RunEnd::kDone);
}

TEST(StateStore, ASecondAttemptAtAVersionDoesNotTouchTheFirst) {
  RunAlone(TwoAttemptsAtOneVersion);
}
TEST(StateStore, NamesTheFileThatIsMissingOrDoesNotBelong) { RunAlone(NamesWhatIsWrong); }

}  // namespace
}  // namespace wavetank::checkpoint
