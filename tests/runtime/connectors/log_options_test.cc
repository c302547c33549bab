// The options of the source and the sink of format log, and the offsets of the source.
#include "runtime/connectors/log/log_options.h"

#include <string>

#include "gtest/gtest.h"

#include "runtime/connectors/log/log_offsets.h"

namespace wavetank::runtime {
namespace {

std::string SourceError(const OptionMap& more) {
  OptionMap options = {{"address", "host:9092"}, {"topic", "t"}};
  for (const auto& [name, value] : more) options[name] = value;
  return std::string(LogSourceOptionsOf(options).status().message());
}

TEST(LogOptions, OfTheSourceHaveDefaults) {
  const auto options = LogSourceOptionsOf({{"address", "host:9092"}, {"topic", "t"}});
  ASSERT_TRUE(options.ok()) << options.status();
  EXPECT_EQ(options->start, LogSourceOptions::Start::kEarliest);
  EXPECT_TRUE(options->read_committed);
  EXPECT_TRUE(options->fail_on_data_loss);
}

TEST(LogOptions, SayWhatIsWrongWithWhich) {
  EXPECT_EQ(SourceError({{"address", "host"}}), "its option address is 'host': give HOST:PORT");
  EXPECT_EQ(SourceError({{"startingOffsets", "first"}}),
            "its option startingOffsets is 'first': give earliest, latest, or an offset of each "
            "partition (0:12,1:7)");
  EXPECT_EQ(SourceError({{"startingOffsets", "ealrieset"}}),
            "its option startingOffsets is 'ealrieset': give earliest, latest, or an offset of "
            "each partition (0:12,1:7): did you mean \"earliest\"?");
  EXPECT_EQ(SourceError({{"startingOffsets", "0:1,0:2"}}),
            "its option startingOffsets is '0:1,0:2': give earliest, latest, or an offset of each "
            "partition (0:12,1:7)");
  EXPECT_EQ(SourceError({{"maxOffsetsPerTrigger", "0"}}),
            "its option maxOffsetsPerTrigger is '0': give a whole number from 1 on");
  EXPECT_EQ(SourceError({{"maxBytesPerTrigger", "0"}}),
            "its option maxBytesPerTrigger is '0': give a whole number of bytes above 0");
  EXPECT_EQ(SourceError({{"isolation", "serializable"}}),
            "its option isolation is 'serializable': give read_committed or read_uncommitted");
  EXPECT_EQ(SourceError({{"failOnDataLoss", "no"}}),
            "its option failOnDataLoss is 'no': give true or false");
  const auto sink = [](const char* name, const char* value) {
    return std::string(
        LogSinkOptionsOf({{"address", "host:9092"}, {name, value}}).status().message());
  };
  EXPECT_EQ(sink("delivery", "twice"),
            "its option delivery is 'twice': give transactional, idempotent or plain");
  EXPECT_EQ(sink("transactionTimeout", "10ms"),
            "its option transactionTimeout is '10ms': give a duration from 1s on");
}

TEST(LogOffsets, AreTextByPartition) {
  const LogOffsets offsets = {{0, 12}, {3, 7}};
  EXPECT_EQ(ToText(offsets), "0:12,3:7");
  const auto parsed = ParseLogOffsets("0:12,3:7");
  ASSERT_TRUE(parsed.ok());
  EXPECT_EQ(*parsed, offsets);
  EXPECT_EQ(OffsetOf(offsets, 3), 7);
  EXPECT_EQ(OffsetOf(offsets, 1), 0);
  for (const char* text : {"0", "0:", ":1", "0:-1", "-1:0", "0:1,0:1", "a:b"}) {
    EXPECT_TRUE(absl::IsDataLoss(ParseLogOffsets(text).status())) << text;
  }
}

TEST(LogPositions, SayOfWhichTopic) {
  const LogPosition position{.log_id = "5e0c", .offsets = {{0, 12}}, .topic = "a/b,log:c"};
  EXPECT_EQ(ToText(position), "0:12,log:5e0c/a/b,log:c");
  const auto parsed = ParseLogPosition(ToText(position));
  ASSERT_TRUE(parsed.ok()) << parsed.status();
  EXPECT_EQ(parsed->log_id, "5e0c");
  EXPECT_EQ(parsed->offsets, position.offsets);
  EXPECT_EQ(parsed->topic, position.topic);
}

TEST(LogPositions, SayOfWhichLogAndWithoutThatOfAny) {
  const LogPosition position{
      .log_id = "5e0c9f1b22a4d718", .offsets = {{0, 12}, {3, 7}}, .topic = {}};
  EXPECT_EQ(ToText(position), "0:12,3:7,log:5e0c9f1b22a4d718");
  const auto parsed = ParseLogPosition(ToText(position));
  ASSERT_TRUE(parsed.ok()) << parsed.status();
  EXPECT_EQ(parsed->log_id, position.log_id);
  EXPECT_EQ(parsed->offsets, position.offsets);
  const auto older = ParseLogPosition("0:12,3:7");
  ASSERT_TRUE(older.ok()) << older.status();
  EXPECT_EQ(older->log_id, "");
  EXPECT_EQ(older->offsets, position.offsets);
  EXPECT_EQ(ToText(*older), "0:12,3:7");
  const auto empty =
      ParseLogPosition(ToText(LogPosition{.log_id = "a", .offsets = {}, .topic = {}}));
  ASSERT_TRUE(empty.ok()) << empty.status();
  EXPECT_EQ(empty->log_id, "a");
  EXPECT_TRUE(absl::IsDataLoss(ParseLogPosition("0:x,log:a").status()));
  EXPECT_TRUE(absl::IsDataLoss(ParseLogOffsets("0:1,log:a").status())) << "no option says it";
}

TEST(LogOffsets, AdvanceByAsManyAsABatchMayHaveEachPartitionByItsPart) {
  const LogOffsets from = {{0, 10}, {1, 0}};
  const LogOffsets to = {{0, 40}, {1, 10}, {2, 20}};
  EXPECT_EQ(Advance(from, to, 60), to);
  EXPECT_EQ(Advance(from, to, 6), (LogOffsets{{0, 13}, {1, 1}, {2, 2}}));
  // One at least is read, however little each may have.
  LogOffsets at = from;
  int batches = 0;
  for (; at != to; ++batches) {
    const LogOffsets next = Advance(at, to, 1);
    ASSERT_NE(next, at);
    at = next;
  }
  EXPECT_EQ(batches, 60);
}

}  // namespace
}  // namespace wavetank::runtime
