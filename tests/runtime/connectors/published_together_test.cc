// Batches that follow on one another soon: they wait for one another, share files, and no more.
#include <algorithm>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "checkpoint/local_store.h"
#include "runtime/connectors/file_sink.h"
#include "tests/checkpoint/watched_store.h"
#include "tests/runtime/connectors/inline_rows.h"
#include "tests/runtime/connectors/sim_sink.h"

namespace wavetank::runtime {
namespace {

using checkpoint::AnswerNow;
using checkpoint::LocalStore;
using checkpoint::WatchedStore;
using platform::Node;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class PublishedTogether : public FileSinkTest {};

struct Together {
  int64_t batches = 0;
  absl::Duration each_takes = absl::ZeroDuration();
  absl::Duration and_then =
      absl::ZeroDuration();  // what is waited after the last one; zero: for the publisher
};

Task<void> CommitTogether(Node& node, ManifestMode mode, Together how,
                          std::vector<std::string>& calls) {
  LocalStore inner(node, "");
  WatchedStore store(inner, [&](const std::string& call, const std::string& path) {
    if (Changes(call)) calls.push_back(WhatIsCalled(call, path));
    return AnswerNow(absl::OkStatus());
  });
  FileSink sink(node, store, InlineOptions(mode));
  EXPECT_TRUE((co_await sink.Fence({1, 1})).ok());
  for (int64_t batch = 0; batch < how.batches; ++batch) {
    const absl::Status committed =
        co_await CommitRows(store, sink,
                            {.batch = batch,
                             .unique = absl::StrCat("u", batch),
                             .texts = {absl::StrCat("a,", batch, "\n")}});
    EXPECT_TRUE(committed.ok()) << committed;
    co_await node.clock().Sleep(how.each_takes);
  }
  if (how.and_then > absl::ZeroDuration()) {
    co_await node.clock().Sleep(how.and_then);
  } else {
    co_await sink.Settle(absl::Seconds(1));
  }
}

TEST_F(PublishedTogether, BatchesThatFollowSoonShareAFileAndItsSyncs) {
  std::vector<std::string> calls;
  Run("driver", [&](Node& node) {
    return CommitTogether(node, MANIFEST_MODE_APPEND, {.batches = 4}, calls);
  });
  EXPECT_THAT(Table().rows, ElementsAre(TextRow{"a", "0"}, TextRow{"a", "1"}, TextRow{"a", "2"},
                                        TextRow{"a", "3"}));
  EXPECT_THAT(PlainNames(), ElementsAre("part-00000-00000.csv"));
  EXPECT_EQ(world_.machine("m").disk().Get("out/part-00000-00000.csv").value(),
            "a,0\na,1\na,2\na,3\n");
  EXPECT_EQ(std::ranges::count(calls, "CreateIfAbsent staged"), 1);
  EXPECT_EQ(std::ranges::count(calls, "Link plain"), 1);
  // The fence, four entries, and one group that files all.
  EXPECT_EQ(std::ranges::count(calls, "Append manifest"), 6);
}

TEST_F(PublishedTogether, OfTablesThatFollowSoonOnlyTheTwoNewestGetFiles) {
  std::vector<std::string> calls;
  Run("driver", [&](Node& node) {
    return CommitTogether(node, MANIFEST_MODE_COMPLETE, {.batches = 6}, calls);
  });
  EXPECT_THAT(PlainNames(), ElementsAre("part-00004-00000.csv", "part-00005-00000.csv"));
  EXPECT_EQ(std::ranges::count(calls, "CreateIfAbsent staged"), 2);
}

TEST_F(PublishedTogether, NoBatchWaitsForLong) {
  std::vector<std::string> calls;
  Run("driver", [&](Node& node) {
    return CommitTogether(node, MANIFEST_MODE_APPEND,
                          {.batches = 1, .and_then = absl::Milliseconds(200)}, calls);
  });
  EXPECT_THAT(PlainNames(), ElementsAre("part-00000-00000.csv")) << "nothing followed";
}

TEST_F(PublishedTogether, SlowBatchesAreWaitedForAsLongAsTheyTake) {
  std::vector<std::string> calls;
  Run("driver", [&](Node& node) {
    return CommitTogether(
        node, MANIFEST_MODE_APPEND,
        {.batches = 5, .each_takes = absl::Milliseconds(500), .and_then = absl::Seconds(1)}, calls);
  });
  // Of the first one nobody knew that others follow.
  EXPECT_THAT(PlainNames(), ElementsAre("part-00000-00000.csv", "part-00001-00000.csv"));
}

TEST_F(PublishedTogether, NoBatchWaitsLongerThanTheBound) {
  std::vector<std::string> calls;
  Run("driver", [&](Node& node) {
    return CommitTogether(
        node, MANIFEST_MODE_APPEND,
        {.batches = 13, .each_takes = absl::Milliseconds(500), .and_then = absl::Milliseconds(1)},
        calls);
  });
  EXPECT_EQ(std::ranges::count(calls, "Link plain"), 2);
}

TEST_F(PublishedTogether, NotForMoreThanAFewBatches) {
  std::vector<std::string> calls;
  // Before it would have been quiet.
  Run("driver", [&](Node& node) {
    return CommitTogether(
        node, MANIFEST_MODE_APPEND,
        {.batches = 40, .each_takes = absl::Milliseconds(50), .and_then = absl::Milliseconds(1)},
        calls);
  });
  EXPECT_EQ(std::ranges::count(calls, "Link plain"), 2);
  EXPECT_THAT(PlainNames(), ElementsAre("part-00000-00000.csv", "part-00016-00000.csv"));
}

Task<void> CommitAroundAFile(Node& node) {
  LocalStore store(node, "");
  FileSink sink(node, store, InlineOptions(MANIFEST_MODE_APPEND));
  EXPECT_TRUE((co_await sink.Fence({1, 1})).ok());
  for (int64_t batch = 0; batch < 5; ++batch) {
    const absl::Status committed = co_await CommitRows(store, sink,
                                                       {.batch = batch,
                                                        .unique = absl::StrCat("u", batch),
                                                        .texts = {absl::StrCat("a,", batch, "\n")},
                                                        .inline_bytes = batch == 2 ? 0 : kInline});
    EXPECT_TRUE(committed.ok()) << committed;
  }
  co_await sink.Settle(absl::Seconds(1));
}

TEST_F(PublishedTogether, WhoReadsTheNamesInOrderReadsTheBatchesInOrder) {
  Run("driver", CommitAroundAFile);
  EXPECT_THAT(PlainNames(),
              ElementsAre("part-00000-00000.csv", "part-00002-00000.csv", "part-00003-00000.csv"));
}

Task<void> FenceAgain(Node& node) {
  LocalStore store(node, "");
  FileSink sink(node, store, InlineOptions(MANIFEST_MODE_APPEND));
  EXPECT_TRUE((co_await sink.Fence({2, 1})).ok());
  co_await sink.Settle(absl::Seconds(1));
}

TEST_F(PublishedTogether, ALostNameOfSeveralBatchesIsLinkedAgain) {
  std::vector<std::string> calls;
  Run("driver", [&](Node& node) {
    return CommitTogether(node, MANIFEST_MODE_APPEND, {.batches = 3}, calls);
  });
  world_.machine("m").disk().LoseFile("out/part-00000-00000.csv");
  EXPECT_THAT(PlainNames(), IsEmpty());
  Run("again", FenceAgain);
  EXPECT_THAT(PlainNames(), ElementsAre("part-00000-00000.csv"));
  EXPECT_THAT(world_.machine("m").disk().image().Files("out/_wavetank/staged/filed-"), SizeIs(1));
}

}  // namespace
}  // namespace wavetank::runtime
