#include "checkpoint/state_cleanup.h"

#include <set>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "checkpoint/local_store.h"
#include "simulator/sim_world.h"

namespace wavetank::checkpoint {
namespace {

using platform::Node;
using simulator::RunEnd;
using simulator::SimWorld;
using testing::ElementsAre;

constexpr int64_t kCommitted = 100;
constexpr int64_t kNewestRemoved = kCommitted - kUnreferencedKept;

Task<absl::Status> StillTheOwner() { co_return absl::OkStatus(); }
Task<absl::Status> ThereIsANewerEpoch() { co_return absl::AbortedError("epoch 2 is there"); }

Task<void> CleanUp(Node& node, StateCleanup cleanup, absl::StatusOr<StateCleanupCounts>& counts,
                   bool& done) {
  LocalStore store(node, "");
  counts = co_await RemoveUnreferencedState(node, store, "q/state", std::move(cleanup));
  done = true;
}

class StateCleanupTest : public testing::Test {
 protected:
  StateCleanupTest() : world_({.seed = 1}) {
    world_.AddMachine("m");
    cleanup_.committed_version = kCommitted;
    cleanup_.look = StillTheOwner;
  }
  void Put(const std::string& path) { world_.machine("m").disk().Put(path, "content"); }
  absl::StatusOr<StateCleanupCounts> Run() {
    absl::StatusOr<StateCleanupCounts> counts = absl::UnknownError("");
    bool done = false;
    world_.Start(
        "m", {"p", {{"node", [&](Node& node) { return CleanUp(node, cleanup_, counts, done); }}}});
    EXPECT_EQ(world_.RunUntil([&] { return done; }), RunEnd::kDone);
    return counts;
  }
  std::vector<std::string> Left() { return world_.machine("m").disk().image().Files(""); }
  static std::string Old(int64_t less = 0) {
    return absl::StrCat(kNewestRemoved - less, "-a.delta");
  }

  SimWorld world_;
  StateCleanup cleanup_;
};

TEST_F(StateCleanupTest, RemovesOldFilesThatNothingRefersToFromEveryDirectory) {
  Put("q/state/" + Old());
  Put("q/state/0/3/" + Old(7));
  Put("q/state/1/0/1-b.snapshot");
  const auto counts = Run();
  ASSERT_TRUE(counts.ok()) << counts.status();
  EXPECT_EQ(counts->files, 3);
  EXPECT_EQ(counts->removed, 3);
  EXPECT_THAT(Left(), ElementsAre());
}

TEST_F(StateCleanupTest, KeepsWhatIsReferencedHoweverOld) {
  Put("q/state/0/0/1-b.snapshot");
  Put("q/state/0/0/2-b.delta");
  cleanup_.referenced = {"q/state/0/0/1-b.snapshot"};
  ASSERT_TRUE(Run().ok());
  EXPECT_THAT(Left(), ElementsAre("q/state/0/0/1-b.snapshot"));
}

TEST_F(StateCleanupTest, KeepsWhatAnAttemptOrASnapshotUnderWayMayYetName) {
  const std::string young = absl::StrCat("q/state/0/0/", kNewestRemoved + 1, "-a.delta");
  Put(young);
  Put("q/state/0/0/" + Old());
  ASSERT_TRUE(Run().ok());
  EXPECT_THAT(Left(), ElementsAre(young));
  // What the next commit may adopt is among it.
  EXPECT_GT(kCommitted + 1 - StateStore::kAdoptWithin, kNewestRemoved + 1);
}

TEST_F(StateCleanupTest, RemovesWhatAttemptsHaveLeftWhenNoneIsUnderWay) {
  const auto name = [](int64_t above, const char* rest) {
    return absl::StrCat("q/state/0/0/", kCommitted + above, "-", rest);
  };
  const std::vector<std::string> stay = {name(-1, "a.delta"), name(0, "a.delta"),
                                         name(1, "of_what_is_prepared.delta"),
                                         name(1, "to_be_adopted.snapshot")};
  for (const std::string& path : stay) Put(path);
  Put(name(1, "a.delta"));
  Put(name(2, "a.delta"));
  cleanup_.referenced = {stay[2]};
  ASSERT_TRUE(Run().ok());
  EXPECT_EQ(Left().size(), stay.size() + 2) << "one may be under way";
  cleanup_.attempts = true;
  ASSERT_TRUE(Run().ok());
  EXPECT_THAT(Left(), testing::UnorderedElementsAreArray(stay));
}

TEST_F(StateCleanupTest, LeavesOtherFilesAlone) {
  const std::vector<std::string> others = {"q/log/1-a.delta", "q/state/0-a.delta",
                                           "q/state/1-a.txt", "q/state/a-1.delta", "q/state/notes"};
  for (const std::string& path : others) Put(path);
  const auto counts = Run();
  ASSERT_TRUE(counts.ok());
  EXPECT_EQ(counts->files, 0);
  EXPECT_THAT(Left(), testing::ElementsAreArray(others));
}

TEST_F(StateCleanupTest, RemovesNothingOnceThereIsANewerOwner) {
  Put("q/state/0/0/" + Old());
  cleanup_.look = ThereIsANewerEpoch;
  EXPECT_TRUE(absl::IsAborted(Run().status()));
  EXPECT_THAT(Left(), ElementsAre("q/state/0/0/" + Old()));
}

TEST_F(StateCleanupTest, LooksAfterItHasListed) {
  // An attempt of a newer owner writes between: it is not known, so it stays.
  Put("q/state/0/0/" + Old());
  cleanup_.look = [this]() -> Task<absl::Status> {
    Put("q/state/0/0/1-newer.delta");
    return StillTheOwner();
  };
  ASSERT_TRUE(Run().ok());
  EXPECT_THAT(Left(), ElementsAre("q/state/0/0/1-newer.delta"));
}

}  // namespace
}  // namespace wavetank::checkpoint
