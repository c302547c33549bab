#include "properties/received_blocks.h"

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace wavetank::properties {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

LoggedBlock BlockOf(const std::string& path, const std::string& bytes, int64_t records) {
  return {path, records, bytes.size(), PlainCrc32c(bytes)};
}

class ReceivedBlocksTest : public testing::Test {
 protected:
  ReceivedBlocksTest() : blocks_("k") { blocks_.Gives({"a", "b", "c", "b"}); }

  std::vector<std::string> Observe(const DurableFiles& files, const BatchLogView& log) {
    std::vector<std::string> kinds;
    for (const Violation& violation : blocks_.Observe(++now_, files, log)) {
      kinds.push_back(violation.kind);
    }
    return kinds;
  }

  const LoggedBlock first_ = BlockOf("k/1", "a\nb\n", 2);
  const LoggedBlock second_ = BlockOf("k/2", "b\n", 1);
  int64_t now_ = 0;
  ReceivedBlocks blocks_;
};

TEST_F(ReceivedBlocksTest, AcceptsWholeBlocksThatGoWhenTheirBatchIsComplete) {
  EXPECT_THAT(Observe({{"k/1", "a\nb\n"}}, {.inputs = {}, .blocks = {first_}}), IsEmpty());
  EXPECT_THAT(Observe({{"k/1", "a\nb\n"}, {"k/2", "b\n"}},
                      {.inputs = {{1000, {"k/1"}}}, .blocks = {first_, second_}}),
              IsEmpty());
  EXPECT_THAT(
      Observe({{"k/2", "b\n"}},
              {.inputs = {{1000, {"k/1"}}}, .completed_ms = {1000}, .blocks = {first_, second_}}),
      IsEmpty());
  EXPECT_THAT(blocks_.Lines("k/1"), ElementsAre("a", "b"));
  EXPECT_THAT(blocks_.logged(), ElementsAre("k/1", "k/2"));
  EXPECT_EQ(blocks_.lines_logged(), 3);
}

// Of a server that ended within a line; its rest is no line all the same.
TEST_F(ReceivedBlocksTest, TakesTheBeginningOfALineThatWasCutForOne) {
  const LoggedBlock cut = BlockOf("k/1", "a\nwhe\nre\n", 3);
  std::vector<std::string> records;
  for (const Violation& violation :
       blocks_.Observe(1, {{"k/1", "a\nwhe\nre\n"}}, {.inputs = {}, .blocks = {cut}}, {"whe"})) {
    EXPECT_EQ(violation.kind, violation_kinds::kPhantom);
    records.insert(records.end(), violation.records.begin(), violation.records.end());
  }
  EXPECT_THAT(records, ElementsAre("re"));
}

TEST_F(ReceivedBlocksTest, TakesAnyBeginningOfALineOfAnUnfinishedText) {
  const auto found_in = [](const std::string& line) {
    ReceivedBlocks blocks("k");
    blocks.Gives({"other"});
    const std::string bytes = line + "\n";
    return blocks.Observe(1, {{"k/1", bytes}}, {.inputs = {}, .blocks = {BlockOf("k/1", bytes, 1)}},
                          {"once\nwhere is it\n"});
  };
  for (const char* beginning : {"o", "once", "w", "where", "where is it"}) {
    EXPECT_THAT(found_in(beginning), IsEmpty()) << beginning;
  }
  EXPECT_EQ(found_in("here").size(), 1u);
  EXPECT_EQ(found_in("where is it not").size(), 1u);
}

TEST_F(ReceivedBlocksTest, TakesNoMoreBeginningsThanWereCut) {
  const LoggedBlock cut = BlockOf("k/1", "whe\nwhe\n", 2);
  const auto found =
      blocks_.Observe(1, {{"k/1", "whe\nwhe\n"}}, {.inputs = {}, .blocks = {cut}}, {"whe"});
  ASSERT_EQ(found.size(), 1);
  EXPECT_EQ(found.front().kind, violation_kinds::kDuplicated);
}

TEST_F(ReceivedBlocksTest, ReportsABlockThatIsLoggedBeforeItIsDurable) {
  EXPECT_THAT(Observe({}, {.inputs = {}, .blocks = {first_}}),
              ElementsAre(violation_kinds::kInputDurable));
}

TEST_F(ReceivedBlocksTest, ReportsABlockThatIsRemovedBeforeItsBatchIsComplete) {
  EXPECT_THAT(Observe({{"k/1", "a\nb\n"}}, {.inputs = {}, .blocks = {first_}}), IsEmpty());
  EXPECT_THAT(Observe({}, {.inputs = {{1000, {"k/1"}}}, .blocks = {first_}}),
              ElementsAre(violation_kinds::kInputDurable));
}

TEST_F(ReceivedBlocksTest, ReportsABlockWithOtherBytesThanItsRecordSays) {
  for (const char* bytes : {"a\nx\n", "a\nb\nc\n", "", "a\nb"}) {
    SCOPED_TRACE(bytes);
    ReceivedBlocks blocks("k");
    blocks.Gives({"a", "b", "c"});
    const auto found = blocks.Observe(1, {{"k/1", bytes}}, {.inputs = {}, .blocks = {first_}});
    ASSERT_EQ(found.size(), 1u);
    EXPECT_EQ(found[0].kind, violation_kinds::kUnreadable);
  }
  EXPECT_THAT(Observe({{"k/1", "a\nb\n"}}, {.inputs = {}, .blocks = {BlockOf("k/1", "a\nb\n", 3)}}),
              ElementsAre(violation_kinds::kUnreadable));
}

TEST_F(ReceivedBlocksTest, ReportsLinesThatNobodyGaveOrNotSoOften) {
  const std::string bytes = "b\nb\nb\nz\n";
  EXPECT_THAT(Observe({{"k/1", bytes}}, {.inputs = {}, .blocks = {BlockOf("k/1", bytes, 4)}}),
              ElementsAre(violation_kinds::kDuplicated, violation_kinds::kPhantom));
}

TEST_F(ReceivedBlocksTest, ReportsABlockThatIsLoggedTwiceOrTakenUnlogged) {
  EXPECT_THAT(Observe({{"k/1", "a\nb\n"}}, {.inputs = {}, .blocks = {first_, first_}}),
              ElementsAre(violation_kinds::kDuplicated));
  EXPECT_THAT(Observe({{"k/1", "a\nb\n"}, {"k/2", "b\n"}},
                      {.inputs = {{1000, {"k/2"}}}, .blocks = {first_, first_}}),
              ElementsAre(violation_kinds::kDefinition));
}

TEST_F(ReceivedBlocksTest, ReportsARecordOfABlockThatIsGoneFromTheLog) {
  EXPECT_THAT(Observe({{"k/1", "a\nb\n"}}, {.inputs = {}, .blocks = {first_}}), IsEmpty());
  EXPECT_THAT(Observe({{"k/1", "a\nb\n"}}, {.inputs = {}}),
              ElementsAre(violation_kinds::kDefinition));
}

TEST_F(ReceivedBlocksTest, OwesABlockThatWasStoredWhileItsReceiverWasAtWork) {
  const BatchLogView at_work{.inputs = {}, .receivers = {{1, "r1"}, {2, "q1"}}};
  const BatchLogView replaced{.inputs = {}, .receivers = {{1, "r1"}, {2, "q1"}, {1, "r2"}}};
  const DurableFiles stored{{"k/stream-1-r1-0-2-12345678", "a\nb\n"},
                            {"k/stream-1-r0-0-1-12345678", "b\n"},
                            {"k/stream-1-r1-x-0-2-12345678", "of run r1-x"},
                            {"k/.tmp-1", "a\n"}};
  EXPECT_THAT(Observe(stored, at_work), IsEmpty());
  EXPECT_THAT(blocks_.Owed(), ElementsAre("k/stream-1-r1-0-2-12345678"));
  DurableFiles later = stored;
  later["k/stream-1-r1-1-1-12345678"] = "c\n";
  EXPECT_THAT(Observe(later, replaced), IsEmpty());
  EXPECT_THAT(blocks_.Owed(), ElementsAre("k/stream-1-r1-0-2-12345678"));
}

TEST_F(ReceivedBlocksTest, ReportsAStoredBlockThatGoesWithoutHavingBeenLogged) {
  const BatchLogView log{.inputs = {}, .receivers = {{1, "r1"}}};
  const std::string path = "k/stream-1-r1-0-2-12345678";
  EXPECT_THAT(Observe({{path, "a\nb\n"}}, log), IsEmpty());
  EXPECT_THAT(Observe({}, log), ElementsAre(violation_kinds::kLost));
}

}  // namespace
}  // namespace wavetank::properties
