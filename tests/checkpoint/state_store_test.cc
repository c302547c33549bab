#include "checkpoint/state_store.h"

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "checkpoint/local_store.h"
#include "checkpoint/paths.h"
#include "platform/event.h"
#include "simulator/sim_world.h"
#include "tests/checkpoint/plain_table.h"

namespace wavetank::checkpoint {
namespace {

using platform::Node;
using simulator::RunEnd;
using simulator::SimWorld;
using testing::ElementsAre;
using testing::HasSubstr;

using Opened = absl::StatusOr<std::unique_ptr<StateStore>>;

StateStoreOptions LeftAndRight() {
  StateStoreOptions options;
  options.operator_fingerprint = "join";
  options.stores = {{"left", "l1"}, {"right", "r1", KeyOrder::kBytes}};
  return options;
}

// Holds back the writing of snapshots, up to some version, until it is opened. Refuses to write
// anything while it is told to.
class SnapshotGate final : public Store {
 public:
  bool refuses = false;
  explicit SnapshotGate(Store& store, int64_t newest_held = INT64_MAX)
      : store_(store), newest_held_(newest_held) {}
  void Open() { open_.Set(); }

  Task<absl::Status> CreateIfAbsent(std::string path, std::string content) override {
    if (refuses) co_return absl::UnavailableError("refused");
    const bool held = absl::EndsWith(path, ".snapshot") &&
                      VersionInStateFileName(NameInPath(path)) <= newest_held_;
    if (held && !open_.is_set()) co_await open_.Wait();
    co_return co_await store_.CreateIfAbsent(std::move(path), std::move(content));
  }
  Task<absl::Status> Append(std::string path, uint64_t offset, std::string bytes) override {
    return store_.Append(std::move(path), offset, std::move(bytes));
  }
  Task<absl::StatusOr<std::string>> Read(std::string path, uint64_t offset,
                                         uint64_t length) override {
    return store_.Read(std::move(path), offset, length);
  }
  Task<absl::StatusOr<std::vector<StoredFile>>> List(std::string directory) override {
    return store_.List(std::move(directory));
  }
  Task<absl::StatusOr<std::string>> Identify(std::string directory) override {
    return store_.Identify(std::move(directory));
  }
  Task<absl::Status> Link(std::string from, std::string to) override {
    return store_.Link(std::move(from), std::move(to));
  }
  Task<absl::Status> Remove(std::string path) override { return store_.Remove(std::move(path)); }

 private:
  Store& store_;
  const int64_t newest_held_;
  platform::Event open_;
};

Task<std::unique_ptr<StateStore>> MustOpen(Node& node, Store& store, StateVersion version,
                                           StateStoreOptions options = {}) {
  Opened state =
      co_await StateStore::Open(node, store, "s", std::move(version), std::move(options));
  EXPECT_TRUE(state.ok()) << state.status();
  co_return *std::move(state);
}

Task<StateVersion> MustCommit(StateStore& state) {
  const absl::StatusOr<StateVersion> version = co_await state.Commit();
  EXPECT_TRUE(version.ok()) << version.status();
  co_return version.value_or(StateVersion());
}

Task<void> WaitForSnapshot(Node& node, const StateStore& state) {
  while (state.snapshot_running()) co_await node.clock().Sleep(absl::Milliseconds(1));
}

Task<void> TwoAttemptsAtOneVersion(Node& node) {
  LocalStore store(node, "root");
  const auto first = co_await MustOpen(node, store, {});
  const auto second = co_await MustOpen(node, store, {});
  first->Put("k", "first");
  second->Put("k", "second");
  const StateVersion one = co_await MustCommit(*first);
  const StateVersion two = co_await MustCommit(*second);
  EXPECT_EQ(one.version, 1);
  EXPECT_EQ(two.version, 1);
  EXPECT_NE(one.files, two.files);
  const auto reopened = co_await MustOpen(node, store, one);
  EXPECT_THAT(RowsOf(reopened->table()), ElementsAre(std::pair("k", "first")));
}

Task<void> NamesWhatIsWrong(Node& node) {
  LocalStore store(node, "root");
  const auto state = co_await MustOpen(node, store, {});
  state->Put("k", "1");
  const StateVersion one = co_await MustCommit(*state);
  state->Put("k", "2");
  const StateVersion two = co_await MustCommit(*state);
  const StateVersion unchanged = co_await MustCommit(*state);
  EXPECT_EQ(unchanged.version, 3);
  EXPECT_EQ(unchanged.files, two.files);

  const StateVersion swapped{2, {two.files[1], two.files[0]}};
  const Opened out_of_order = co_await StateStore::Open(node, store, "s", swapped);
  EXPECT_TRUE(absl::IsDataLoss(out_of_order.status())) << out_of_order.status();
  const StateVersion shortened{1, {two.files[1]}};
  const Opened without_base = co_await StateStore::Open(node, store, "s", shortened);
  EXPECT_TRUE(absl::IsDataLoss(without_base.status())) << without_base.status();
  const StateVersion too_new{1, two.files};
  const Opened newer = co_await StateStore::Open(node, store, "s", too_new);
  EXPECT_TRUE(absl::IsDataLoss(newer.status())) << newer.status();
  const absl::Status removed = co_await store.Remove(two.files[0]);
  EXPECT_TRUE(removed.ok());
  const Opened gone = co_await StateStore::Open(node, store, "s", two);
  EXPECT_TRUE(absl::IsDataLoss(gone.status())) << gone.status();
  EXPECT_THAT(gone.status().ToString(), HasSubstr(two.files[0] + " is gone"));
}

Task<void> CommitsNamedStoresTogether(Node& node) {
  LocalStore store(node, "root");
  StateStoreOptions options = LeftAndRight();
  const auto state = co_await MustOpen(node, store, {}, options);
  state->table("left").Put("k", "of left");
  state->table("right").Put("k", "of right");
  const StateVersion one = co_await MustCommit(*state);
  EXPECT_EQ(one.files.size(), 1u);
  state->table("left").Put("k", "not committed");
  state->table("right").Remove("k");
  state->Abort();
  EXPECT_THAT(RowsOf(state->table("right")), ElementsAre(std::pair("k", "of right")));

  std::swap(options.stores[0], options.stores[1]);
  const auto other_way_round = co_await MustOpen(node, store, one, options);
  EXPECT_THAT(RowsOf(other_way_round->table("left")), ElementsAre(std::pair("k", "of left")));
  EXPECT_THAT(RowsOf(other_way_round->table("right")), ElementsAre(std::pair("k", "of right")));
}

Task<void> ExpectRefused(Node& node, StateVersion version, StateStoreOptions options,
                         std::string why) {
  LocalStore store(node, "root");
  const Opened opened = co_await StateStore::Open(node, store, "s", version, std::move(options));
  EXPECT_TRUE(absl::IsFailedPrecondition(opened.status())) << opened.status();
  EXPECT_THAT(opened.status().ToString(), HasSubstr(version.files.front() + ": holds " + why));
}

Task<void> RefusesOtherState(Node& node) {
  LocalStore store(node, "root");
  const StateStoreOptions options = LeftAndRight();
  const auto state = co_await MustOpen(node, store, {}, options);
  state->table().Put("k", "v");
  const StateVersion version = co_await MustCommit(*state);
  StateStoreOptions other = options;
  other.operator_fingerprint = "sum";
  co_await ExpectRefused(node, version, other,
                         "the state of operator \"join\" and was to be loaded for operator "
                         "\"sum\"");
  other = options;
  other.stores[1].schema_fingerprint = "r2";
  co_await ExpectRefused(node, version, other,
                         "the state of store \"right\" of schema \"r1\" and was to be loaded for "
                         "schema \"r2\"");
  other = options;
  other.stores.pop_back();
  co_await ExpectRefused(node, version, other,
                         "the state of the stores \"left\", \"right\" and was to be loaded for "
                         "the stores \"left\"");
  other = options;
  other.stores.push_back({"more", ""});
  co_await ExpectRefused(node, version, other,
                         "the state of the stores \"left\", \"right\" and was to be loaded for "
                         "the stores \"left\", \"right\", \"more\"");
  other = options;
  other.stores[0].name = "middle";
  co_await ExpectRefused(node, version, other, "the state of the stores \"left\", \"right\"");
}

Task<void> RollsBack(Node& node) {
  LocalStore store(node, "root");
  const auto state = co_await MustOpen(node, store, {});
  state->Put("a", "1");
  const StateVersion one = co_await MustCommit(*state);
  state->Put("a", "2");
  state->Put("b", "2");
  const StateVersion two = co_await MustCommit(*state);
  state->Put("c", "not committed");
  const absl::Status in_place = co_await state->RollBack(two);
  EXPECT_TRUE(in_place.ok()) << in_place;
  EXPECT_THAT(RowsOf(state->table()), ElementsAre(std::pair("a", "2"), std::pair("b", "2")));
  const absl::Status back = co_await state->RollBack(one);
  EXPECT_TRUE(back.ok()) << back;
  EXPECT_EQ(state->version(), one);
  EXPECT_THAT(RowsOf(state->table()), ElementsAre(std::pair("a", "1")));
  state->Put("z", "3");
  const StateVersion branch = co_await MustCommit(*state);
  EXPECT_EQ(branch.version, 2);
  EXPECT_NE(branch.files, two.files);
  const absl::Status forth = co_await state->RollBack(two);
  EXPECT_TRUE(forth.ok()) << forth;
  EXPECT_THAT(RowsOf(state->table()), ElementsAre(std::pair("a", "2"), std::pair("b", "2")));

  state->Put("uncommitted", "");
  const StateVersion nowhere{7, {"s/7-x.delta"}};
  const absl::Status failed = co_await state->RollBack(nowhere);
  EXPECT_TRUE(absl::IsDataLoss(failed)) << failed;
  EXPECT_EQ(state->version(), two);
  EXPECT_EQ(state->size(), 2u);
}

StateStoreOptions ShortLineage() {
  StateStoreOptions options;
  options.lineage = {.snapshot_at = 3, .snapshot_at_latest = 3, .longest = 60};
  return options;
}

Task<void> AdoptsASnapshotOfWhatWas(Node& node) {
  LocalStore local(node, "root");
  SnapshotGate store(local);
  const auto state = co_await MustOpen(node, store, {}, ShortLineage());
  for (const char* key : {"a", "b", "c"}) {
    state->Put(key, "old");
    (void)co_await MustCommit(*state);
  }
  const StateVersion three = state->version();
  EXPECT_TRUE(state->snapshot_running());
  // It goes on while the snapshot is being taken, and while it is being written.
  state->Put("b", "new");
  state->Remove("c");
  const StateVersion four = co_await MustCommit(*state);
  EXPECT_EQ(four.files.size(), 4u);
  store.Open();
  co_await WaitForSnapshot(node, *state);
  state->Put("d", "newer");
  const StateVersion five = co_await MustCommit(*state);
  EXPECT_EQ(five.files.size(), 3u);
  EXPECT_THAT(five.files[0], HasSubstr("s/3-"));
  EXPECT_THAT(five.files[0], testing::EndsWith(".snapshot"));
  EXPECT_EQ(five.files[1], four.files[3]);

  const auto at_five = co_await MustOpen(node, store, five, ShortLineage());
  EXPECT_EQ(RowsOf(at_five->table()), RowsOf(state->table()));
  EXPECT_THAT(RowsOf(at_five->table()),
              ElementsAre(std::pair("a", "old"), std::pair("b", "new"), std::pair("d", "newer")));
  const StateVersion by_snapshot{3, {five.files[0]}};
  const auto at_three = co_await MustOpen(node, store, by_snapshot, ShortLineage());
  const auto as_it_was = co_await MustOpen(node, store, three, ShortLineage());
  EXPECT_EQ(RowsOf(at_three->table()), RowsOf(as_it_was->table()));
  // Upon the snapshot only what was upon the file that it stands for.
  const StateVersion gap{5, {five.files[0], five.files[2]}};
  const Opened gapped = co_await StateStore::Open(node, store, "s", gap, ShortLineage());
  EXPECT_TRUE(absl::IsDataLoss(gapped.status())) << gapped.status();
}

Task<void> LetsASnapshotOfAnotherLineageGo(Node& node) {
  LocalStore local(node, "root");
  SnapshotGate store(local);
  const auto state = co_await MustOpen(node, store, {}, ShortLineage());
  std::vector<StateVersion> versions;
  for (int i = 0; i < 3; ++i) {
    state->Put("k", absl::StrCat(i));
    versions.push_back(co_await MustCommit(*state));
  }
  EXPECT_TRUE(state->snapshot_running());
  const absl::Status back = co_await state->RollBack(versions[1]);
  EXPECT_TRUE(back.ok()) << back;
  store.Open();
  co_await node.clock().Sleep(absl::Seconds(1));
  state->Put("k", "another");
  const StateVersion three = co_await MustCommit(*state);
  EXPECT_EQ(three.files.size(), 3u);
  co_await WaitForSnapshot(node, *state);
  state->Put("more", "1");
  const StateVersion four = co_await MustCommit(*state);
  EXPECT_EQ(four.files.size(), 2u);
  const auto reopened = co_await MustOpen(node, store, four, ShortLineage());
  EXPECT_THAT(RowsOf(reopened->table()),
              ElementsAre(std::pair("k", "another"), std::pair("more", "1")));
}

Task<void> LetsALateSnapshotGo(Node& node) {
  LocalStore local(node, "root");
  SnapshotGate store(local);
  StateStoreOptions options = ShortLineage();
  const auto state = co_await MustOpen(node, store, {}, options);
  for (int64_t i = 0; i < 3 + StateStore::kAdoptWithin; ++i) {
    state->Put("k", absl::StrCat(i));
    (void)co_await MustCommit(*state);
  }
  store.Open();
  co_await WaitForSnapshot(node, *state);
  state->Put("k", "last");
  const StateVersion adopting = co_await MustCommit(*state);
  // Not the snapshot of version 3: a younger one, which was begun when that became too old.
  EXPECT_GT(VersionInStateFileName(NameInPath(adopting.files.front())),
            adopting.version - StateStore::kAdoptWithin - 1);
}

Task<void> WritesASnapshotItselfAtTheBound(Node& node) {
  LocalStore local(node, "root");
  StateStoreOptions options = ShortLineage();
  options.lineage.longest = 6;
  SnapshotGate gate(local, 3);
  const auto held = co_await MustOpen(node, gate, {}, options);
  for (int i = 0; i < 6; ++i) {
    held->Put(absl::StrCat("k", i), "v");
    const StateVersion version = co_await MustCommit(*held);
    EXPECT_EQ(version.files.size(), static_cast<size_t>(i) + 1);
  }
  held->Put("one more", "v");
  const StateVersion version = co_await MustCommit(*held);
  EXPECT_THAT(version.files, ElementsAre(testing::EndsWith(".snapshot")));
  const auto reopened = co_await MustOpen(node, local, version, options);
  EXPECT_EQ(RowsOf(reopened->table()), RowsOf(held->table()));
}

Task<void> KeepsChangesThatWereNotWritten(Node& node) {
  LocalStore local(node, "root");
  SnapshotGate store(local);
  const auto state = co_await MustOpen(node, store, {});
  state->Put("a", "1");
  const StateVersion one = co_await MustCommit(*state);
  state->Put("b", "2");
  store.refuses = true;
  const absl::StatusOr<StateVersion> failed = co_await state->Commit();
  EXPECT_TRUE(absl::IsUnavailable(failed.status())) << failed.status();
  EXPECT_EQ(state->version(), one);
  store.refuses = false;
  const StateVersion two = co_await MustCommit(*state);
  EXPECT_EQ(two.version, 2);
  const auto reopened = co_await MustOpen(node, store, two);
  EXPECT_EQ(reopened->size(), 2u);
}

Task<void> TellsItsLineage(Node& node) {
  LocalStore store(node, "root");
  StateTable table;
  const StateVersion base{.version = 4, .files = {"s/3", "s/4"}};
  BackgroundSnapshot snapshot(node, store, "s", base, {&table}, {.stores = {{NamedStore(), 0}}},
                              /*part_bytes=*/1);
  EXPECT_TRUE(snapshot.IsOfLineage(base));
  EXPECT_TRUE(snapshot.IsOfLineage({.version = 6, .files = {"s/3", "s/4", "s/6"}}));
  EXPECT_FALSE(snapshot.IsOfLineage({.version = 6, .files = {"s/3", "s/4b", "s/6"}}));
  EXPECT_FALSE(snapshot.IsOfLineage({.version = 3, .files = {"s/3"}}));
  EXPECT_FALSE(snapshot.IsOfLineage({.version = 3, .files = {"s/3", "s/4"}}));
  co_return;
}

void RunAlone(Task<void> (*body)(Node&)) {
  SimWorld world({.seed = 3});
  world.AddMachine("m");
  bool done = false;
  struct Main {
    static Task<void> Run(Node& node, Task<void> (*main)(Node&), bool& ended) {
      co_await main(node);
      ended = true;
    }
  };
  world.Start("m", {"test", {{"node", [&](Node& node) { return Main::Run(node, body, done); }}}});
  EXPECT_EQ(world.RunUntil([&] { return done; }), RunEnd::kDone);
}

TEST(StateStore, ASecondAttemptAtAVersionDoesNotTouchTheFirst) {
  RunAlone(TwoAttemptsAtOneVersion);
}
TEST(StateStore, NamesTheFileThatIsMissingOrDoesNotBelong) { RunAlone(NamesWhatIsWrong); }
TEST(StateStore, CommitsItsNamedStoresTogether) { RunAlone(CommitsNamedStoresTogether); }
TEST(StateStore, RefusesStateOfAnotherOperatorSchemaOrStore) { RunAlone(RefusesOtherState); }
TEST(StateStore, RollsBackToAnyVersionAndForgetsChanges) { RunAlone(RollsBack); }
TEST(StateStore, AdoptsABackgroundSnapshotOfExactlyItsVersion) {
  RunAlone(AdoptsASnapshotOfWhatWas);
}
TEST(StateStore, LetsASnapshotOfALineageThatWasRolledBackGo) {
  RunAlone(LetsASnapshotOfAnotherLineageGo);
}
TEST(StateStore, ASnapshotKnowsTheVersionsThatItMayStandFor) { RunAlone(TellsItsLineage); }
TEST(StateStore, KeepsItsChangesWhenACommitFails) { RunAlone(KeepsChangesThatWereNotWritten); }
TEST(StateStore, LetsASnapshotThatComesTooLateGo) { RunAlone(LetsALateSnapshotGo); }
TEST(StateStore, WritesASnapshotItselfWhenNoneWasReadyInTime) {
  RunAlone(WritesASnapshotItselfAtTheBound);
}

}  // namespace
}  // namespace wavetank::checkpoint
