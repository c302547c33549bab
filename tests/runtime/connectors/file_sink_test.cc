#include "runtime/connectors/file_sink.h"

#include <functional>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "checkpoint/crc32c.h"
#include "checkpoint/local_store.h"
#include "platform/status_macros.h"
#include "simulator/sim_world.h"
#include "tests/runtime/connectors/at_call.h"
#include "tests/runtime/connectors/sim_sink.h"

namespace wavetank::runtime {
namespace {

using checkpoint::LocalStore;
using platform::Node;
using platform::NodeMain;
using simulator::SimWorld;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST_F(FileSinkTest, AppendModeShowsTheRowsOfAllBatches) {
  Run("driver", [](Node& node) { return CommitThree(node, MANIFEST_MODE_APPEND); });
  const SinkTable table = Table();
  EXPECT_EQ(table.last_batch, 2);
  EXPECT_THAT(table.columns, ElementsAre("word", "count"));
  EXPECT_THAT(table.rows,
              ElementsAre(TextRow{"a", "1"}, TextRow{"b", "1"}, TextRow{"a", "2"},
                          TextRow{std::nullopt, "1"}, TextRow{"b", "3"}, TextRow{"c", "1"}));
  EXPECT_THAT(PlainNames(),
              ElementsAre("part-00000-00000.csv", "part-00001-00000.csv", "part-00002-00000.csv"));
}

TEST_F(FileSinkTest, UpdateModeShowsTheLastRowOfEachKey) {
  Run("driver", [](Node& node) { return CommitThree(node, MANIFEST_MODE_UPDATE); });
  EXPECT_THAT(Table().rows, ElementsAre(TextRow{"a", "2"}, TextRow{"b", "3"},
                                        TextRow{std::nullopt, "1"}, TextRow{"c", "1"}));
}

TEST_F(FileSinkTest, CompleteModeShowsTheNewestBatchAndRemovesAllButTheTwoNewest) {
  Run("driver", [](Node& node) { return CommitThree(node, MANIFEST_MODE_COMPLETE); });
  EXPECT_THAT(Table().rows, ElementsAre(TextRow{"b", "3"}, TextRow{"c", "1"}));
  EXPECT_THAT(PlainNames(), ElementsAre("part-00001-00000.csv", "part-00002-00000.csv"));
}

class LostParts : public FileSinkTest, public ::testing::WithParamInterface<ManifestMode> {};

TEST_P(LostParts, AreToldOfToReadersInTheEnd) {
  Run("driver", [](Node& node) { return CommitThree(node, GetParam()); });
  simulator::SimDisk& disk = world_.machine("m").disk();
  for (const std::string& file : disk.image().Files("out/")) {
    if (file.ends_with(".csv")) disk.LoseFile(file);
  }
  std::optional<absl::StatusOr<SinkTable>> table;
  world_.Start("m",
               {"reader", {{"node", [&table](Node& node) { return FileSinkRead(node, table); }}}});
  world_.RunFor(absl::Minutes(1));
  ASSERT_TRUE(table.has_value()) << "it waits for a newer table for ever";
  EXPECT_TRUE(absl::IsDataLoss(table->status())) << table->status();
  EXPECT_THAT(table->status().ToString(), HasSubstr("a committed part is gone"));
}

INSTANTIATE_TEST_SUITE_P(, LostParts,
                         ::testing::Values(MANIFEST_MODE_APPEND, MANIFEST_MODE_UPDATE,
                                           MANIFEST_MODE_COMPLETE));

// As an older build wrote it, in a directory that has been moved since; then a batch of today's.
Task<void> GoOnAfterAnOlderBuild(Node& node) {
  LocalStore store(node, "");
  FileSink sink(node, store, SinkOptions(MANIFEST_MODE_APPEND));
  EXPECT_TRUE((co_await sink.Fence({1, 1})).ok());
  const std::string text = "\\N,\na\\,b,\"c\n";
  EXPECT_TRUE((co_await store.CreateIfAbsent("out/_wavetank/staged/old.csv", text)).ok());
  ManifestEntry entry;
  entry.set_query_id("q1");
  entry.set_definition_hash(100);
  entry.set_mode(MANIFEST_MODE_APPEND);
  ManifestPart& part = *entry.add_parts();
  part.set_staged("where/it/was/_wavetank/staged/old.csv");
  part.set_name("part-00000-00000.csv");
  part.set_size_bytes(text.size());
  part.set_crc32c(checkpoint::Crc32c(text));
  part.set_rows(2);
  const absl::Status old = co_await CommitAndSettle(sink, entry.SerializeAsString());
  EXPECT_TRUE(old.ok()) << old;
  const absl::Status next =
      co_await CommitBatch(store, sink, 1, 101, "u1", ",\"\"\n\"a,b\",\"\"\"c\"\n", 2);
  EXPECT_TRUE(next.ok()) << next;
}

TEST_F(FileSinkTest, ReadsPartsOfOlderBuildsBesideThoseOfToday) {
  Run("driver", GoOnAfterAnOlderBuild);
  EXPECT_THAT(Table().rows, ElementsAre(TextRow{std::nullopt, ""}, TextRow{"a,b", "\"c"},
                                        TextRow{std::nullopt, ""}, TextRow{"a,b", "\"c"}));
  EXPECT_THAT(PlainNames(), ElementsAre("part-00000-00000.csv", "part-00001-00000.csv"));
}

Task<void> CommitWithoutKeys(Node& node, std::vector<std::string> texts, int64_t rows_each) {
  LocalStore store(node, "");
  FileSinkOptions options = SinkOptions(MANIFEST_MODE_UPDATE);
  for (ManifestColumn& column : options.columns) column.set_key(false);
  FileSink sink(node, store, std::move(options));
  EXPECT_TRUE((co_await sink.Fence({1, 1})).ok());
  for (size_t batch = 0; batch < texts.size(); ++batch) {
    std::string text = texts[batch];
    const absl::Status status =
        co_await CommitBatch(store, sink, static_cast<int64_t>(batch), 100 + batch,
                             absl::StrCat("u", batch), std::move(text), rows_each);
    EXPECT_TRUE(status.ok()) << status;
  }
}

TEST_F(FileSinkTest, UpdateModeWithoutKeysIsTheOneRowOfAGlobalAggregate) {
  Run("driver", [](Node& node) { return CommitWithoutKeys(node, {"3,1\n", "5,2\n", "9,1\n"}, 1); });
  EXPECT_THAT(Table().rows, ElementsAre(TextRow{"9", "1"}));
}

// Of an older build: a query without an aggregate, or without its keys in the output.
TEST_F(FileSinkTest, UpdateModeWithoutKeysHidesNoRowOfABatch) {
  Run("driver",
      [](Node& node) { return CommitWithoutKeys(node, {"a,1\nb,1\n", "a,2\nc,1\n"}, 2); });
  EXPECT_THAT(Table().rows, ElementsAre(TextRow{"a", "1"}, TextRow{"b", "1"}, TextRow{"a", "2"},
                                        TextRow{"c", "1"}));
}

Task<void> PrepareWhatIsNotThere(Node& node, absl::Status& prepared) {
  LocalStore store(node, "");
  LocalStore elsewhere(node, "elsewhere");
  FileSink sink(node, store, SinkOptions(MANIFEST_MODE_APPEND));
  EXPECT_TRUE((co_await sink.Fence({1, 1})).ok());
  const auto part = co_await StageFilePart(elsewhere, "out", 0, "u0", "a,1\n", 1);
  SinkBatch batch{0, 100, {}};
  batch.parts = {*part};
  prepared = (co_await sink.Prepare(std::move(batch))).status();
}

TEST_F(FileSinkTest, NamesOnlyPartsThatItHasSeen) {
  absl::Status prepared;
  Run("driver", [&prepared](Node& node) { return PrepareWhatIsNotThere(node, prepared); });
  EXPECT_TRUE(absl::IsFailedPrecondition(prepared)) << prepared;
  EXPECT_THAT(std::string(prepared.message()),
              HasSubstr("has staged batch-00000-u0.csv, and it is not in the driver's store"));
}

Task<void> TryRefused(Node& node, std::vector<absl::Status>& statuses) {
  LocalStore store(node, "");
  FileSink other(node, store, SinkOptions(MANIFEST_MODE_APPEND, "q2"));
  const auto other_fenced = co_await other.Fence({9, 1});
  statuses.push_back(other_fenced.status());
  FileSink sink(node, store, SinkOptions(MANIFEST_MODE_APPEND));
  const auto fenced = co_await sink.Fence({2, 1});
  EXPECT_EQ(*fenced, (CommittedBatch{2, 102}));
  // Batch 2 from another definition; by another attempt; an older one; one too far ahead.
  statuses.push_back(co_await CommitBatch(store, sink, 2, 999, "v0", "x,1\n", 1));
  statuses.push_back(co_await CommitBatch(store, sink, 2, 102, "v1", "x,1\n", 1));
  statuses.push_back(co_await CommitBatch(store, sink, 1, 101, "v2", "x,1\n", 1));
  statuses.push_back(co_await CommitBatch(store, sink, 4, 104, "v3", "x,1\n", 1));
}

TEST_F(FileSinkTest, RefusesByNameWhatIsNotTheNextBatchOfItsQuery) {
  Run("driver", [](Node& node) { return CommitThree(node, MANIFEST_MODE_APPEND); });
  const SinkTable before = Table();
  std::vector<absl::Status> statuses;
  Run("intruder", [&statuses](Node& node) { return TryRefused(node, statuses); });
  std::vector<std::string> messages;
  for (const absl::Status& status : statuses) {
    messages.push_back(std::string(status.message()));
  }
  EXPECT_THAT(messages,
              ElementsAre(HasSubstr("belongs to query q1, this is query q2"),
                          HasSubstr("never defined twice"), HasSubstr("by another attempt"),
                          HasSubstr("is at batch 2 already"), HasSubstr("ends before batch 3")));
  EXPECT_EQ(Table().rows, before.rows);
}

Task<void> AskThroughALife(Node& node, std::vector<CommittableState>& states) {
  LocalStore store(node, "");
  FileSink sink(node, store, SinkOptions(MANIFEST_MODE_APPEND));
  const auto fenced = co_await sink.Fence({1, 1});
  EXPECT_TRUE(fenced.ok());
  for (const std::string unique : {"kept", "lost"}) {
    SinkBatch batch{static_cast<int64_t>(states.size() / 2), 7, {}};
    const auto part = co_await StageFilePart(store, "out", batch.batch, unique, "a,1\n", 1);
    batch.parts = {*part};
    const auto committable = co_await sink.Prepare(std::move(batch));
    const auto pending = co_await sink.Ask(*committable);
    states.push_back(*pending);
    if (unique == "lost") {
      const absl::Status removed =
          co_await store.Remove("out/_wavetank/staged/batch-00001-lost.csv");
      EXPECT_TRUE(removed.ok());
    } else {
      const absl::Status committed = co_await sink.Commit(*committable);
      EXPECT_TRUE(committed.ok());
      const absl::Status again = co_await sink.Commit(*committable);
      EXPECT_TRUE(again.ok()) << again;
    }
    const auto after = co_await sink.Ask(*committable);
    states.push_back(*after);
  }
}

TEST_F(FileSinkTest, SaysWhatBecameOfACommittable) {
  std::vector<CommittableState> states;
  Run("driver", [&states](Node& node) { return AskThroughALife(node, states); });
  EXPECT_THAT(states, ElementsAre(CommittableState::kPending, CommittableState::kVisible,
                                  CommittableState::kPending, CommittableState::kGone));
  EXPECT_EQ(Table().rows.size(), 1u);
}

// --- drivers that die, and drivers that race ---

constexpr int64_t kBatches = 4;

// Fences, then commits what is missing. Each attempt writes its own rows: "batch,driver".
Task<void> CommitRest(Node& node, int64_t epoch, std::vector<absl::Status>* ends) {
  LocalStore store(node, "");
  FileSink sink(node, store, SinkOptions(MANIFEST_MODE_APPEND));
  absl::Status status;
  const auto last = co_await sink.Fence({epoch, 1});
  status = last.status();
  co_await sink.Settle(absl::Milliseconds(500));
  if (status.ok()) {
    for (int64_t batch = *last ? (*last)->batch + 1 : 0; status.ok() && batch < kBatches; ++batch) {
      std::string unique = absl::StrCat("d", epoch, "-", node.incarnation().value(), "-", batch);
      std::string text = absl::StrCat(batch, ",", epoch, "\n");
      status = co_await CommitBatch(store, sink, batch, 100 + batch, std::move(unique),
                                    std::move(text), 1);
    }
  }
  ends->push_back(status);
}

class FileSinkCrashTest : public ::testing::TestWithParam<Happens> {};

TEST_P(FileSinkCrashTest, EveryBatchIsShownOnceWhereverTheDriverDied) {
  for (uint64_t call = 1;; ++call) {
    SimWorld world({.seed = call});
    world.AddMachine("m");
    AtCall crash(world, call, GetParam());
    world.SetFaultHook(&crash);
    std::vector<absl::Status> ends;
    world.Start("m", {"driver", {{"n", [&](Node& node) { return CommitRest(node, 1, &ends); }}}});
    world.RunUntilIdle();
    if (!crash.fired()) {
      EXPECT_GT(call, 60u);  // or nothing was tested
      break;
    }
    ASSERT_TRUE(ends.empty());
    // A reader between the two drivers sees a prefix, or has no answer.
    std::optional<absl::StatusOr<SinkTable>> between;
    std::optional<absl::StatusOr<SinkTable>> after;
    std::vector<std::string> plain;
    world.PowerOn("m");
    world.Start("m", {"r1", {{"n", [&](Node& node) { return FileSinkRead(node, between); }}}});
    world.RunUntilIdle();
    world.Start("m", {"second", {{"n", [&](Node& node) { return CommitRest(node, 2, &ends); }}}});
    world.RunUntilIdle();
    ASSERT_THAT(ends, ElementsAre(absl::OkStatus())) << call;
    world.Start("m", {"r2", {{"n", [&](Node& node) { return FileSinkRead(node, after); }}}});
    world.Start("m", {"ls", {{"n", [&](Node& node) { return FileSinkList(node, plain); }}}});
    world.RunUntilIdle();
    ASSERT_TRUE(after->ok()) << after->status();
    const std::vector<TextRow>& rows = (*after)->rows;
    ASSERT_EQ(rows.size(), static_cast<size_t>(kBatches)) << call;
    for (int64_t batch = 0; batch < kBatches; ++batch) {
      EXPECT_EQ(*rows[batch][0], absl::StrCat(batch)) << call;
    }
    if (between->ok()) {
      const std::vector<TextRow>& earlier = (*between)->rows;
      ASSERT_LE(earlier.size(), rows.size());
      EXPECT_TRUE(std::equal(earlier.begin(), earlier.end(), rows.begin())) << call;
    } else {
      EXPECT_EQ((*between).status().code(), absl::StatusCode::kUnavailable);
    }
    EXPECT_EQ(plain.size(), static_cast<size_t>(kBatches)) << call;
  }
}

INSTANTIATE_TEST_SUITE_P(, FileSinkCrashTest,
                         ::testing::Values(Happens::kCrash, Happens::kPowerLoss),
                         [](const auto& info) {
                           return info.param == Happens::kPowerLoss ? "PowerLoss" : "Crash";
                         });

TEST(FileSinkRace, TheNewerTokenWinsAndBatchesAreShownOnce) {
  int older_stopped = 0;
  for (uint64_t seed = 0; seed < 60; ++seed) {
    SimWorld world({.seed = seed});
    world.AddMachine("m");
    std::vector<absl::Status> newer;
    std::vector<absl::Status> older;
    world.Start("m", {"new", {{"n", [&](Node& node) { return CommitRest(node, 2, &newer); }}}});
    world.RunFor(absl::Microseconds(300 * (seed % 40)));
    world.Start("m", {"old", {{"n", [&](Node& node) { return CommitRest(node, 1, &older); }}}});
    world.RunUntilIdle();
    // Whoever is overtaken while it commits stops with kAborted, for its caller to fence again.
    ASSERT_EQ(newer.size(), 1u);
    ASSERT_EQ(older.size(), 1u);
    older_stopped += absl::IsAborted(older[0]);
    if (absl::IsAborted(newer[0])) {
      world.Start("m", {"new2", {{"n", [&](Node& node) { return CommitRest(node, 2, &newer); }}}});
      world.RunUntilIdle();
      ASSERT_EQ(newer.size(), 2u);
    }
    ASSERT_TRUE(newer.back().ok()) << newer.back() << seed;
    std::optional<absl::StatusOr<SinkTable>> table;
    world.Start("m", {"r", {{"n", [&](Node& node) { return FileSinkRead(node, table); }}}});
    world.RunUntilIdle();
    ASSERT_TRUE(table->ok()) << table->status();
    ASSERT_EQ((*table)->rows.size(), static_cast<size_t>(kBatches));
  }
  EXPECT_GT(older_stopped, 30);
}

}  // namespace
}  // namespace wavetank::runtime
