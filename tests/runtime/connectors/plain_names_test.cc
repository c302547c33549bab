// The plain names of a file sink's parts, and files that are not where they should be, or are there
// and are not the sink's.
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "platform/status_macros.h"
#include "tests/runtime/connectors/sim_sink.h"

namespace wavetank::runtime {
namespace {

using checkpoint::LocalStore;
using platform::Node;
using ::testing::ElementsAre;

Task<void> CommitOne(Node& node, absl::Status& committed) {
  LocalStore store(node, "");
  FileSink sink(node, store, SinkOptions(MANIFEST_MODE_APPEND));
  EXPECT_TRUE((co_await sink.Fence({1, 1})).ok());
  committed = co_await CommitBatch(store, sink, 0, 100, "u0", "a,1\n", 1);
}

TEST_F(FileSinkTest, RefusesADirectoryThatShowsPartsOfAnother) {
  world_.machine("m").disk().Put("out/part-00003-00000.csv", "foreign,1\n");
  absl::Status committed;
  Run("driver", [&committed](Node& node) { return CommitOne(node, committed); });
  EXPECT_TRUE(absl::IsFailedPrecondition(committed)) << committed;
  EXPECT_THAT(std::string(committed.message()),
              testing::AllOf(testing::HasSubstr("part-00003-00000.csv is there"),
                             testing::HasSubstr("give the query an empty directory")));
}

Task<void> PutForeignPart(Node& node) {
  LocalStore store(node, "");
  EXPECT_TRUE((co_await store.Remove("out/part-00001-00000.csv")).ok());
  const absl::Status put =
      co_await store.CreateIfAbsent("out/part-00001-00000.csv", "foreign,1\nfile,2\n");
  EXPECT_TRUE(put.ok()) << put;
}

Task<void> FenceAgain(Node& node) {
  LocalStore store(node, "");
  FileSink sink(node, store, SinkOptions(MANIFEST_MODE_APPEND));
  EXPECT_TRUE((co_await sink.Fence({2, 1})).ok());
  const absl::Status committed = co_await CommitBatch(store, sink, 3, 103, "u3", "d,1\n", 1);
  EXPECT_TRUE(committed.ok()) << committed;
}

// Somebody puts a file where a part belongs: it is not taken for the part, and holds up no other.
TEST_F(FileSinkTest, AForeignPlainPartHoldsUpNoOther) {
  Run("driver", [](Node& node) { return CommitThree(node, MANIFEST_MODE_APPEND); });
  Run("other", PutForeignPart);
  Run("driver2", FenceAgain);
  EXPECT_THAT(Table().rows, ::testing::SizeIs(7));
  EXPECT_THAT(PlainNames(), ElementsAre("part-00000-00000.csv", "part-00001-00000.csv",
                                        "part-00002-00000.csv", "part-00003-00000.csv"));
  EXPECT_EQ(world_.machine("m").disk().Get("out/part-00001-00000.csv").value(),
            "foreign,1\nfile,2\n");
}

// One batch of two parts, "a,<batch>" and "b,<batch>".
Task<absl::Status> CommitTwoParts(LocalStore& store, FileSink& sink, int64_t batch) {
  SinkBatch prepared{batch, static_cast<uint64_t>(100 + batch), {}};
  for (const std::string word : {"a", "b"}) {
    std::string unique = absl::StrCat("u", batch, word);
    std::string text = absl::StrCat(word, ",", batch, "\n");
    WT_CO_ASSIGN_OR_RETURN(
        std::string part,
        co_await StageFilePart(store, "out", batch, std::move(unique), std::move(text), 1));
    prepared.parts.push_back(std::move(part));
  }
  WT_CO_ASSIGN_OR_RETURN(std::string committable, co_await sink.Prepare(std::move(prepared)));
  co_return co_await CommitAndSettle(sink, std::move(committable));
}

Task<void> CommitAroundAForeignFile(Node& node, std::vector<std::string>& staged) {
  LocalStore store(node, "");
  FileSink sink(node, store, SinkOptions(MANIFEST_MODE_COMPLETE));
  EXPECT_TRUE((co_await sink.Fence({1, 1})).ok());
  for (int64_t batch = 0; batch < 6; ++batch) {
    if (batch == 1) {
      const absl::Status put =
          co_await store.CreateIfAbsent("out/part-00001-00000.csv", "foreign,1\n");
      EXPECT_TRUE(put.ok()) << put;
    }
    const absl::Status committed = co_await CommitTwoParts(store, sink, batch);
    EXPECT_TRUE(committed.ok()) << committed;
  }
  const auto left = co_await store.List("out/_wavetank/staged");
  for (const checkpoint::StoredFile& file : *left) staged.push_back(file.name);
}

// Beside it everything is shown, and removed when it is replaced.
TEST_F(FileSinkTest, AForeignPlainPartInCompleteModeIsLetBeAndHoldsUpNoOther) {
  std::vector<std::string> staged;
  Run("driver", [&staged](Node& node) { return CommitAroundAForeignFile(node, staged); });
  EXPECT_THAT(Table().rows, ElementsAre(TextRow{"a", "5"}, TextRow{"b", "5"}));
  EXPECT_THAT(PlainNames(),
              ElementsAre("part-00001-00000.csv", "part-00004-00000.csv", "part-00004-00001.csv",
                          "part-00005-00000.csv", "part-00005-00001.csv"));
  EXPECT_EQ(world_.machine("m").disk().Get("out/part-00001-00000.csv").value(), "foreign,1\n");
  EXPECT_THAT(staged, ElementsAre("batch-00004-u4a.csv", "batch-00004-u4b.csv",
                                  "batch-00005-u5a.csv", "batch-00005-u5b.csv"));
}

Task<void> CommitBeforeAndAfterAFence(Node& node, ManifestMode mode) {
  LocalStore store(node, "");
  FileSink sink(node, store, SinkOptions(mode));
  EXPECT_TRUE((co_await sink.Fence({1, 1})).ok());
  for (int64_t batch = 0; batch < 6; ++batch) {
    if (batch == 2) {
      // As long as the part whose name it takes.
      EXPECT_TRUE((co_await store.Remove("out/part-00001-00000.csv")).ok());
      EXPECT_TRUE((co_await store.CreateIfAbsent("out/part-00001-00000.csv", "x,9\n")).ok());
      EXPECT_TRUE((co_await sink.Fence({1, 2})).ok());
    }
    const absl::Status committed = co_await CommitTwoParts(store, sink, batch);
    EXPECT_TRUE(committed.ok()) << committed;
  }
}

TEST_F(FileSinkTest, AForeignPlainPartOfEqualSizeIsNotTakenForWhatIsToBeRemoved) {
  Run("driver",
      [](Node& node) { return CommitBeforeAndAfterAFence(node, MANIFEST_MODE_COMPLETE); });
  EXPECT_THAT(PlainNames(),
              ElementsAre("part-00001-00000.csv", "part-00004-00000.csv", "part-00004-00001.csv",
                          "part-00005-00000.csv", "part-00005-00001.csv"));
  EXPECT_EQ(world_.machine("m").disk().Get("out/part-00001-00000.csv").value(), "x,9\n");
}

Task<void> CommitAroundALostPart(Node& node) {
  LocalStore store(node, "");
  FileSink sink(node, store, SinkOptions(MANIFEST_MODE_APPEND));
  EXPECT_TRUE((co_await sink.Fence({1, 1})).ok());
  EXPECT_TRUE((co_await CommitTwoParts(store, sink, 0)).ok());
  EXPECT_TRUE((co_await store.Remove("out/part-00000-00000.csv")).ok());
  EXPECT_TRUE((co_await store.Remove("out/_wavetank/staged/batch-00000-u0a.csv")).ok());
  EXPECT_TRUE((co_await sink.Fence({1, 2})).ok());
  EXPECT_TRUE((co_await CommitTwoParts(store, sink, 1)).ok());
}

TEST_F(FileSinkTest, APartThatIsGoneHoldsUpNoOther) {
  Run("driver", CommitAroundALostPart);
  EXPECT_THAT(PlainNames(),
              ElementsAre("part-00000-00001.csv", "part-00001-00000.csv", "part-00001-00001.csv"));
}

}  // namespace
}  // namespace wavetank::runtime
