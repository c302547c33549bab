// What stands in a manifest's entries, and how it becomes files and plain names beside the batches,
// step by step.
#include "runtime/connectors/file_sink_publisher.h"

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "checkpoint/local_store.h"
#include "platform/status_macros.h"
#include "runtime/connectors/file_sink.h"
#include "tests/checkpoint/watched_store.h"
#include "tests/runtime/connectors/inline_rows.h"
#include "tests/runtime/connectors/sim_sink.h"

namespace wavetank::runtime {
namespace {

using checkpoint::AnswerNow;
using checkpoint::LocalStore;
using checkpoint::Store;
using checkpoint::WatchedStore;
using platform::Node;
using ::testing::AllOf;
using ::testing::Contains;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using ::testing::StartsWith;

Task<absl::Status> CommitRowsAndSettle(Store& store, FileSink& sink, InlineRows rows) {
  WT_CO_RETURN_IF_ERROR(co_await CommitRows(store, sink, std::move(rows)));
  co_await sink.Settle(absl::Milliseconds(500));
  co_return absl::OkStatus();
}

class FileSinkPublisherTest : public FileSinkTest {
 protected:
  std::vector<std::string> Staged() {
    std::vector<std::string> names;
    for (std::string name : world_.machine("m").disk().image().Files("out/_wavetank/staged/")) {
      names.push_back(name.substr(name.rfind('/') + 1));
    }
    return names;
  }
};

// --- the ordinary life of a batch ---

Task<void> CommitThreeInline(Node& node, ManifestMode mode) {
  LocalStore store(node, "");
  FileSink sink(node, store, InlineOptions(mode));
  EXPECT_TRUE((co_await sink.Fence({1, 1})).ok());
  for (int64_t batch = 0; batch < 3; ++batch) {
    const absl::Status committed = co_await CommitRowsAndSettle(
        store, sink,
        {.batch = batch,
         .unique = absl::StrCat("u", batch),
         .texts = {absl::StrCat("a,", batch, "\n"), "", absl::StrCat("b,", batch, "\n")}});
    EXPECT_TRUE(committed.ok()) << committed;
  }
}

TEST_F(FileSinkPublisherTest, WhatStandsInAnEntryBecomesOneFileOfTheBatch) {
  Run("driver", [](Node& node) { return CommitThreeInline(node, MANIFEST_MODE_APPEND); });
  EXPECT_THAT(Table().rows, ElementsAre(TextRow{"a", "0"}, TextRow{"b", "0"}, TextRow{"a", "1"},
                                        TextRow{"b", "1"}, TextRow{"a", "2"}, TextRow{"b", "2"}));
  EXPECT_THAT(PlainNames(),
              ElementsAre("part-00000-00000.csv", "part-00001-00000.csv", "part-00002-00000.csv"));
  EXPECT_THAT(Staged(), AllOf(SizeIs(3), Each(StartsWith("filed-"))));
  EXPECT_EQ(world_.machine("m").disk().Get("out/part-00001-00000.csv").value(), "a,1\nb,1\n");
}

TEST_F(FileSinkPublisherTest, OfCompleteTablesTheTwoNewestStay) {
  Run("driver", [](Node& node) { return CommitThreeInline(node, MANIFEST_MODE_COMPLETE); });
  EXPECT_THAT(Table().rows, ElementsAre(TextRow{"a", "2"}, TextRow{"b", "2"}));
  EXPECT_THAT(PlainNames(), ElementsAre("part-00001-00000.csv", "part-00002-00000.csv"));
  EXPECT_THAT(Staged(), SizeIs(2));
}

Task<void> CommitLarge(Node& node) {
  LocalStore store(node, "");
  FileSink sink(node, store, InlineOptions(MANIFEST_MODE_APPEND));
  EXPECT_TRUE((co_await sink.Fence({1, 1})).ok());
  // The second task has more than its share.
  const absl::Status committed =
      co_await CommitRowsAndSettle(store, sink,
                                   {.batch = 0,
                                    .unique = "u",
                                    .texts = {"a,1\n", std::string(50, 'b') + ",1\n", "c,1\n"},
                                    .inline_bytes = 40});
  EXPECT_TRUE(committed.ok()) << committed;
}

TEST_F(FileSinkPublisherTest, PartsAboveTheirShareAreStagedAtOnceAndKeepTheirPlace) {
  Run("driver", CommitLarge);
  EXPECT_THAT(Table().rows, ElementsAre(TextRow{"a", "1"}, TextRow{std::string(50, 'b'), "1"},
                                        TextRow{"c", "1"}));
  EXPECT_THAT(PlainNames(),
              ElementsAre("part-00000-00000.csv", "part-00000-00001.csv", "part-00000-00002.csv"));
  EXPECT_THAT(Staged(), Contains("batch-00000-u-1.csv"));
}

Task<void> CommitWithHeaders(Node& node) {
  LocalStore store(node, "");
  FileSink sink(node, store, InlineOptions(MANIFEST_MODE_APPEND));
  EXPECT_TRUE((co_await sink.Fence({1, 1})).ok());
  SinkBatch batch{0, 100, {}};
  for (const char* row : {"a,1\n", "b,2\n"}) {
    FilePartWriter writer(store, "out", 0, "u", PART_DIALECT_RFC4180, kInline);
    writer.text() += "word,count\n";
    writer.EndHeader();
    writer.text() += row;
    writer.AddRows(1);
    batch.parts.push_back(*co_await writer.Finish());
  }
  const auto committable = co_await sink.Prepare(std::move(batch));
  EXPECT_TRUE((co_await CommitAndSettle(sink, *committable)).ok());
}

TEST_F(FileSinkPublisherTest, AFileOfSeveralPartsHasOneHeader) {
  Run("driver", CommitWithHeaders);
  EXPECT_EQ(world_.machine("m").disk().Get("out/part-00000-00000.csv").value(),
            "word,count\na,1\nb,2\n");
  EXPECT_THAT(Table().rows, ElementsAre(TextRow{"a", "1"}, TextRow{"b", "2"}));
}

// --- what a commit waits for, and in which order the rest is done ---

Task<void> CommitWatched(Node& node, ManifestMode mode, int64_t batches,
                         std::vector<std::string>& of_last) {
  LocalStore inner(node, "");
  std::vector<std::string>* calls = nullptr;
  WatchedStore store(inner, [&](const std::string& call, const std::string& path) {
    if (calls != nullptr && Changes(call)) calls->push_back(WhatIsCalled(call, path));
    return AnswerNow(absl::OkStatus());
  });
  FileSink sink(node, store, InlineOptions(mode));
  EXPECT_TRUE((co_await sink.Fence({1, 1})).ok());
  for (int64_t batch = 0; batch < batches; ++batch) {
    if (batch + 1 == batches) calls = &of_last;
    const absl::Status committed = co_await CommitRows(
        store, sink, {.batch = batch, .unique = absl::StrCat("u", batch), .texts = {"a,1\n"}});
    EXPECT_TRUE(committed.ok()) << committed;
    // The publisher may be at work before the commit has returned.
    co_await sink.Settle(absl::Seconds(1));
  }
  calls = nullptr;
}

TEST_F(FileSinkPublisherTest, TheEntryComesFirstThenItsFileThenThatItIsFiledThenTheLink) {
  std::vector<std::string> calls;
  Run("driver", [&](Node& node) { return CommitWatched(node, MANIFEST_MODE_APPEND, 2, calls); });
  EXPECT_THAT(calls, ElementsAre("Append manifest", "CreateIfAbsent staged", "Append manifest",
                                 "Link plain"));
}

TEST_F(FileSinkPublisherTest, AReplacedTableGoesOnceTheNewerIsLinkedItsStagedNameFirst) {
  std::vector<std::string> calls;
  Run("driver", [&](Node& node) { return CommitWatched(node, MANIFEST_MODE_COMPLETE, 3, calls); });
  EXPECT_THAT(calls, ElementsAre("Append manifest", "CreateIfAbsent staged", "Append manifest",
                                 "Link plain", "Remove staged", "Remove plain"));
}

// --- while the publisher gets nowhere ---

absl::Status StoreIsAway() { return absl::UnavailableError("the store is away"); }

Task<void> CommitUnfiled(Node& node, ManifestMode mode, int64_t batches,
                         std::vector<uint64_t>* budgets, std::string text) {
  LocalStore inner(node, "");
  WatchedStore store(inner, [](const std::string& call, const std::string& path) {
    const bool files = call == "CreateIfAbsent" && absl::StrContains(path, "/staged/filed-");
    return AnswerNow(files ? StoreIsAway() : absl::OkStatus());
  });
  FileSinkOptions options = InlineOptions(mode);
  options.log_segment_bytes = 400;
  FileSink sink(node, store, std::move(options));
  EXPECT_TRUE((co_await sink.Fence({node.incarnation().value(), 1})).ok());
  for (int64_t batch = 0; batch < batches; ++batch) {
    if (budgets != nullptr) budgets->push_back(sink.InlineBytes());
    const absl::Status committed =
        co_await CommitRows(store, sink,
                            {.batch = batch,
                             .unique = absl::StrCat("u", batch),
                             .texts = {absl::StrCat(text, ",", batch, "\n")}});
    EXPECT_TRUE(committed.ok()) << committed;
    // For the log to go on in another segment.
    co_await node.clock().Sleep(absl::Milliseconds(50));
  }
}

Task<void> FenceOnly(Node& node, ManifestMode mode, FencingToken token,
                     std::optional<CommittedBatch>& last) {
  LocalStore store(node, "");
  FileSinkOptions options = InlineOptions(mode);
  options.log_segment_bytes = 400;
  FileSink sink(node, store, std::move(options));
  const auto fenced = co_await sink.Fence(token);
  EXPECT_TRUE(fenced.ok()) << fenced.status();
  last = *fenced;
  co_await sink.Settle(absl::Seconds(5));
}

Task<void> CommitMore(Node& node, ManifestMode mode, int64_t from) {
  LocalStore store(node, "");
  FileSinkOptions options = InlineOptions(mode);
  options.log_segment_bytes = 400;
  FileSink sink(node, store, std::move(options));
  EXPECT_TRUE((co_await sink.Fence({9, 1})).ok());
  for (int64_t batch = from; batch < from + 16; ++batch) {
    const absl::Status committed = co_await CommitRowsAndSettle(
        store, sink, {.batch = batch, .unique = "more", .texts = {"x,1\n"}});
    EXPECT_TRUE(committed.ok()) << committed;
  }
}

class BasesOfManifests : public FileSinkPublisherTest,
                         public ::testing::WithParamInterface<ManifestMode> {};

TEST_P(BasesOfManifests, DropNothingThatIsNotFiled) {
  Run("driver", [](Node& node) { return CommitUnfiled(node, GetParam(), 12, nullptr, "a"); });
  EXPECT_THAT(Staged(), IsEmpty());
  EXPECT_THAT(PlainNames(), IsEmpty());
  const size_t rows = GetParam() == MANIFEST_MODE_APPEND ? 12 : 1;
  EXPECT_EQ(Table().rows.size(), rows);
  EXPECT_THAT(Table().rows.back(), TextRow({"a", "11"}));
  std::optional<CommittedBatch> last;
  Run("next", [&](Node& node) { return FenceOnly(node, GetParam(), {9, 1}, last); });
  EXPECT_EQ(last, (CommittedBatch{11, 111}));
  EXPECT_EQ(Table().rows.size(), rows);
  // In one file; in complete mode those that were replaced meanwhile are never filed.
  EXPECT_THAT(PlainNames(), SizeIs(GetParam() == MANIFEST_MODE_APPEND ? 1u : 2u));
  EXPECT_THAT(Staged(), SizeIs(GetParam() == MANIFEST_MODE_APPEND ? 1u : 2u));
}

TEST_P(BasesOfManifests, HaveNoTextOfWhatIsFiled) {
  const std::string word(300, 'w');
  Run("driver", [&](Node& node) { return CommitUnfiled(node, GetParam(), 6, nullptr, word); });
  std::optional<CommittedBatch> last;
  Run("next", [&](Node& node) { return FenceOnly(node, GetParam(), {8, 1}, last); });
  // Until its log goes on in another segment.
  Run("third", [&](Node& node) { return CommitMore(node, GetParam(), 6); });
  uint64_t texts = 0;
  const simulator::SimDisk& disk = world_.machine("m").disk();
  for (const std::string& file : disk.image().Files("out/_wavetank/")) {
    if (absl::StrContains(file, "/staged/")) continue;
    texts += absl::StrContains(disk.Get(file).value(), word) ? 1 : 0;
  }
  EXPECT_EQ(texts, 0u);
  const std::vector<TextRow> rows = Table().rows;
  EXPECT_EQ(rows.back(), TextRow({"x", "1"}));
  if (GetParam() == MANIFEST_MODE_APPEND) EXPECT_EQ(rows[5], TextRow({word, "5"}));
}

INSTANTIATE_TEST_SUITE_P(, BasesOfManifests,
                         ::testing::Values(MANIFEST_MODE_APPEND, MANIFEST_MODE_COMPLETE));

TEST_F(FileSinkPublisherTest, BeyondABoundOutputIsStagedAtOnce) {
  std::vector<uint64_t> budgets;
  const std::string large(200'000, 'l');
  Run("driver",
      [&](Node& node) { return CommitUnfiled(node, MANIFEST_MODE_APPEND, 24, &budgets, large); });
  EXPECT_THAT(std::vector<uint64_t>(budgets.begin(), budgets.begin() + 19), Each(kInline));
  EXPECT_EQ(budgets.back(), 0u) << "what no file stands for is 4 MiB at most";
}

// --- what a fenced sink says of it ---

Task<void> AskOfInline(Node& node, std::vector<CommittableState>& states) {
  LocalStore store(node, "");
  FileSink sink(node, store, InlineOptions(MANIFEST_MODE_APPEND));
  EXPECT_TRUE((co_await sink.Fence({1, 1})).ok());
  const auto committable =
      co_await PrepareRows(store, sink, {.batch = 0, .unique = "u", .texts = {"a,1\n"}});
  const auto other =
      co_await PrepareRows(store, sink, {.batch = 0, .unique = "v", .texts = {"a,1\n"}});
  EXPECT_TRUE((co_await sink.Fence({1, 2})).ok());
  states.push_back(*co_await sink.Ask(*committable));
  EXPECT_TRUE((co_await sink.Commit(*committable)).ok());
  states.push_back(*co_await sink.Ask(*committable));
  co_await sink.Settle(absl::Seconds(1));
  // The entry has other bytes by now, also for who reads it anew.
  EXPECT_TRUE((co_await sink.Commit(*committable)).ok());
  EXPECT_TRUE((co_await sink.Fence({1, 3})).ok());
  states.push_back(*co_await sink.Ask(*committable));
  EXPECT_TRUE((co_await sink.Commit(*committable)).ok());
  const auto asked = co_await sink.Ask(*other);
  EXPECT_THAT(std::string(asked.status().message()), HasSubstr("by another attempt"));
}

TEST_F(FileSinkPublisherTest, WhatHoldsItsOwnOutputIsNeverGoneAndIsKnownOnceItIsFiled) {
  std::vector<CommittableState> states;
  Run("driver", [&](Node& node) { return AskOfInline(node, states); });
  EXPECT_THAT(states, ElementsAre(CommittableState::kPending, CommittableState::kVisible,
                                  CommittableState::kVisible));
}

// --- a fence between what the publisher does ---

// The publisher gets no further than to a change of that kind; then its driver fences anew.
Task<void> FenceBefore(Node& node, std::string change, std::vector<std::string>& staged) {
  LocalStore inner(node, "");
  bool stuck = false;
  WatchedStore store(inner, [&](const std::string& call, const std::string& path) {
    stuck = stuck || WhatIsCalled(call, path) == change;
    return AnswerNow(stuck ? StoreIsAway() : absl::OkStatus());
  });
  FileSink first(node, store, InlineOptions(MANIFEST_MODE_APPEND));
  EXPECT_TRUE((co_await first.Fence({1, 1})).ok());
  const absl::Status committed =
      co_await CommitRows(inner, first, {.batch = 0, .unique = "u", .texts = {"a,1\n"}});
  EXPECT_TRUE(committed.ok()) << committed;
  co_await node.clock().Sleep(absl::Milliseconds(200));
  FileSink again(node, inner, InlineOptions(MANIFEST_MODE_APPEND));
  EXPECT_TRUE((co_await again.Fence({1, 2})).ok());
  auto uncommitted = co_await again.Uncommitted();
  EXPECT_TRUE(uncommitted.ok());
  EXPECT_TRUE((co_await again.RemoveUncommitted(*std::move(uncommitted), "")).ok());
  co_await again.Settle(absl::Seconds(1));
  const auto names = co_await inner.ListNames("out/_wavetank/staged");
  staged = *names;
}

TEST_F(FileSinkPublisherTest, WhatIsFiledIsLinkedByTheNextOwnerFromItsFile) {
  std::vector<std::string> staged;
  Run("driver", [&](Node& node) { return FenceBefore(node, "Link plain", staged); });
  EXPECT_THAT(staged, ElementsAre(StartsWith("filed-00000-1-1-")));
  EXPECT_THAT(PlainNames(), SizeIs(1));
}

struct Overtaken {
  std::vector<std::string> before;  // staged names when the newer one has begun
  std::vector<std::string> after;
};

// A driver's publisher has staged a file; before it files it, another driver comes and settles.
Task<void> OvertakeBeforeFiled(Node& node, Overtaken& seen) {
  LocalStore inner(node, "");
  FileSink newer(node, inner, InlineOptions(MANIFEST_MODE_APPEND));
  int appends = 0;
  const auto overtake = [&]() -> Task<absl::Status> {
    EXPECT_TRUE((co_await newer.Fence({2, 1})).ok());
    auto uncommitted = co_await newer.Uncommitted();
    seen.before = *uncommitted;
    co_await newer.Settle(absl::Seconds(1));
    EXPECT_TRUE((co_await newer.RemoveUncommitted(*std::move(uncommitted), "")).ok());
    co_return absl::OkStatus();
  };
  WatchedStore store(inner, [&](const std::string& call, const std::string& path) {
    const bool of_manifest = WhatIsCalled(call, path) == "Append manifest";
    // The fence's, the entry's, and then that of what is filed.
    return of_manifest && ++appends == 3 ? overtake() : AnswerNow(absl::OkStatus());
  });
  FileSink older(node, store, InlineOptions(MANIFEST_MODE_APPEND));
  EXPECT_TRUE((co_await older.Fence({1, 1})).ok());
  const absl::Status committed =
      co_await CommitRows(store, older, {.batch = 0, .unique = "u", .texts = {"a,1\n"}});
  EXPECT_TRUE(committed.ok()) << committed;
  co_await older.Settle(absl::Seconds(1));
  seen.after = *co_await inner.ListNames("out/_wavetank/staged");
}

TEST_F(FileSinkPublisherTest, WhoIsRefusedLinksNothingAndHisFileGoes) {
  Overtaken seen;
  Run("driver", [&](Node& node) { return OvertakeBeforeFiled(node, seen); });
  EXPECT_THAT(seen.before, ElementsAre(HasSubstr("/filed-00000-1-1-")));
  EXPECT_THAT(seen.after, ElementsAre(StartsWith("filed-00000-2-1-")));
  EXPECT_THAT(PlainNames(), SizeIs(1));
  EXPECT_THAT(Table().rows, ElementsAre(TextRow{"a", "1"}));
}

// Between an older driver's fence and its look at what is staged a newer one comes, and stages.
Task<void> SweepTooLate(Node& node, std::vector<std::string>& swept) {
  LocalStore inner(node, "");
  FileSink newer(node, inner, InlineOptions(MANIFEST_MODE_APPEND));
  const auto come = [&]() -> Task<absl::Status> {
    EXPECT_TRUE((co_await newer.Fence({2, 1})).ok());
    // Its file is there, and neither is it filed as the older one sees it.
    co_await newer.Settle(absl::Seconds(1));
    co_return absl::OkStatus();
  };
  WatchedStore store(inner, [&](const std::string& call, const std::string& path) {
    const bool sweeps = call == "ListNames" && path == "out/_wavetank/staged";
    return sweeps ? come() : AnswerNow(absl::OkStatus());
  });
  FileSink older(node, store, InlineOptions(MANIFEST_MODE_APPEND));
  EXPECT_TRUE((co_await older.Fence({1, 9})).ok());
  swept = *co_await older.Uncommitted();
}

TEST_F(FileSinkPublisherTest, ASweepLeavesWhatANewerOwnerHasStaged) {
  Run("driver",
      [](Node& node) { return CommitUnfiled(node, MANIFEST_MODE_APPEND, 2, nullptr, "a"); });
  std::vector<std::string> swept;
  Run("older", [&](Node& node) { return SweepTooLate(node, swept); });
  EXPECT_THAT(swept, IsEmpty());
  EXPECT_THAT(Staged(), ElementsAre(HasSubstr("-2-1-")));
}

}  // namespace
}  // namespace wavetank::runtime
