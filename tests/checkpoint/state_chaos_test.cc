// A state store under chaos: commits, rollbacks, background snapshots, clean-up, and zombies, while
// processes crash and machines lose power.
#include <cstdio>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"

#include "checkpoint/local_store.h"
#include "checkpoint/state_cleanup.h"
#include "checkpoint/state_store.h"
#include "simulator/sim_world.h"
#include "tests/checkpoint/plain_table.h"
#include "tests/checkpoint/sim_chaos.h"

namespace wavetank::checkpoint {
namespace {

using platform::Node;
using simulator::RunEnd;
using simulator::SimWorld;

// A version that was committed, and what its stores hold, in order.
struct KnownVersion {
  StateVersion version;
  std::vector<Rows> rows;
};

// What a driver's log says: the newest committed version is the last one. Those that may be rolled
// back to are retained.
struct KnownVersions {
  std::vector<KnownVersion> committed = {KnownVersion{.version = {}, .rows = {{}, {}}}};
  int owner = 0;        // whose commits count
  int64_t removed = 0;  // files, by clean-up

  static constexpr size_t kRetained = 6;
  size_t oldest_retained() const {
    return committed.size() <= kRetained ? 0 : committed.size() - kRetained;
  }
};

StateStoreOptions TwoStores(uint64_t seed) {
  StateStoreOptions options;
  options.operator_fingerprint = "join";
  options.stores = {{"left", "l1"}, {"right", "r1", KeyOrder::kBytes}};
  options.compression = static_cast<StateCompression>(seed % 3);
  options.lineage = {.snapshot_at = 3, .snapshot_at_latest = 5, .longest = 7};
  if (seed % 2 == 0) options.part_bytes = 1;  // files travel in parts
  return options;
}

std::vector<Rows> RowsOfBoth(const StateStore& state) {
  return {RowsOf(state.table(size_t{0})), RowsOf(state.table(size_t{1}))};
}

void ChangeBoth(StateStore& state, platform::Random& random) {
  for (size_t store = 0; store < 2; ++store) {
    const int64_t changes = random.Between(0, 8);
    for (int64_t change = 0; change < changes; ++change) {
      const std::string key = absl::StrCat("key", random.Below(30));
      const uint64_t value = random.Below(1000);
      if (random.OneIn(3)) {
        state.table(store).Remove(key);
      } else {
        state.table(store).Put(key, absl::StrCat(value));
      }
    }
  }
}

// From the newest known version on: changes, commits, aborts, rollbacks, and attempts that nobody
// records, as a zombie's are not.
Task<void> CommitAgainAndAgain(Node& node, StateStoreOptions options, KnownVersions& known) {
  LocalStore store(node, "root");
  platform::Random random = node.random().Fork("commits");
  const int self = ++known.owner;
  while (true) {
    const KnownVersion from = known.committed.back();
    const auto state = co_await StateStore::Open(node, store, "state/0/1", from.version, options);
    if (absl::IsUnavailable(state.status())) continue;  // a sync failed
    if (known.owner != self && !state.ok()) co_return;
    EXPECT_TRUE(state.ok()) << state.status();
    if (!state.ok()) co_return;
    EXPECT_EQ(RowsOfBoth(**state), from.rows);
    const int64_t commits = random.Between(1, 30);
    for (int64_t i = 0; i < commits; ++i) {
      ChangeBoth(**state, random);
      const bool counts = known.owner == self;
      if (random.OneIn(8)) {
        (*state)->Abort();
        if (counts) EXPECT_EQ(RowsOfBoth(**state), known.committed.back().rows);
        continue;
      }
      if (counts && random.OneIn(10)) {
        // A batch is given up, and those after it: they never were.
        const size_t oldest = known.oldest_retained();
        const size_t to = oldest + random.Below(known.committed.size() - oldest);
        known.committed.resize(to + 1);
        const KnownVersion goal = known.committed[to];
        const absl::Status back = co_await (*state)->RollBack(goal.version);
        if (known.owner != self) break;
        if (!back.ok()) {
          EXPECT_TRUE(absl::IsUnavailable(back)) << back;
          break;
        }
        EXPECT_EQ(RowsOfBoth(**state), goal.rows);
        continue;
      }
      const absl::StatusOr<StateVersion> version = co_await (*state)->Commit();
      if (!version.ok()) break;
      EXPECT_EQ((*state)->version(), *version);
      EXPECT_LE(version->files.size(), options.lineage.longest);
      // An attempt of a zombie, or of a batch that runs again: it is committed, and does not count.
      if (random.OneIn(12)) break;
      if (known.owner != self) continue;
      known.committed.push_back({*version, RowsOfBoth(**state)});
      if (random.OneIn(2)) co_await node.clock().Sleep(absl::Microseconds(300));
    }
    co_await node.clock().Sleep(absl::Microseconds(200));
  }
}

Task<absl::Status> NobodyNewer() { co_return absl::OkStatus(); }

Task<void> CleanUpAgainAndAgain(Node& node, KnownVersions& known) {
  LocalStore store(node, "root");
  while (true) {
    StateCleanup cleanup;
    cleanup.committed_version = known.committed.back().version.version;
    for (size_t i = known.oldest_retained(); i < known.committed.size(); ++i) {
      const std::vector<std::string>& files = known.committed[i].version.files;
      cleanup.referenced.insert(files.begin(), files.end());
    }
    cleanup.look = NobodyNewer;
    const absl::StatusOr<StateCleanupCounts> counts =
        co_await RemoveUnreferencedState(node, store, "state", std::move(cleanup));
    if (counts.ok()) known.removed += counts->removed;
    co_await node.clock().Sleep(absl::Milliseconds(3));
  }
}

Task<void> OpenRetained(Node& node, StateStoreOptions options, const KnownVersions& known,
                        bool& done) {
  LocalStore store(node, "root");
  for (size_t i = known.oldest_retained(); i < known.committed.size(); ++i) {
    const auto state =
        co_await StateStore::Open(node, store, "state/0/1", known.committed[i].version, options);
    EXPECT_TRUE(state.ok()) << state.status();
    if (state.ok()) EXPECT_EQ(RowsOfBoth(**state), known.committed[i].rows);
  }
  done = true;
}

TEST(StateStoreChaos, EveryRetainedVersionOpensAsItWasCommitted) {
  int64_t versions = 0;
  int64_t removed = 0;
  int64_t adopted = 0;  // snapshots that others than their own version begin with
  for (uint64_t seed = 1; seed <= 40; ++seed) {
    SimWorld world({.seed = seed});
    world.AddMachine("m");
    const StateStoreOptions options = TwoStores(seed);
    KnownVersions known;
    world.Start(
        "m", {"task",
              {{"node", [&](Node& node) { return CommitAgainAndAgain(node, options, known); }}}});
    world.Start("m", {"cleaner",
                      {{"node", [&](Node& node) { return CleanUpAgainAndAgain(node, known); }}}});
    {
      Chaos chaos(world, seed,
                  {.crash = 1'000, .pause = 1'000, .power_loss = 300, .sync_loss = 500});
      chaos.Run(absl::Milliseconds(1'000));
    }
    world.LosePower("m");
    world.RunFor(absl::Milliseconds(10));
    world.PowerOn("m");
    bool done = false;
    world.Start("m",
                {"opener",
                 {{"node", [&](Node& node) { return OpenRetained(node, options, known, done); }}}});
    EXPECT_EQ(world.RunUntil([&] { return done; }), RunEnd::kDone);
    ASSERT_FALSE(testing::Test::HasFailure()) << "seed " << seed;
    versions += known.committed.back().version.version;
    removed += known.removed;
    std::set<std::string> snapshots;
    for (const KnownVersion& version : known.committed) {
      const std::vector<std::string>& files = version.version.files;
      if (!files.empty() && absl::EndsWith(files.front(), ".snapshot") && files.size() > 1) {
        snapshots.insert(files.front());
      }
    }
    adopted += static_cast<int64_t>(snapshots.size());
  }
  std::printf("  %lld versions, %lld snapshots, %lld files removed\n",
              static_cast<long long>(versions), static_cast<long long>(adopted),
              static_cast<long long>(removed));
  EXPECT_GT(versions, 5000);
  EXPECT_GT(adopted, 200);
  EXPECT_GT(removed, 500);
}

}  // namespace
}  // namespace wavetank::checkpoint
