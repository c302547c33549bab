#include "runtime/connectors/rate_source.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/numbers.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "runtime/connectors/connector_registry.h"
#include "runtime/types/timestamp.h"
#include "tests/runtime/structured/query_jobs.h"

namespace wavetank::runtime {
namespace {

using ::testing::HasSubstr;

QueryJob RateJob(const std::string& rows, const std::string& partitions) {
  return [=](Session& session) {
    session.ReadStream()
        .Format("rate")
        .Option("rowsPerSecond", rows)
        .Option("numPartitions", partitions)
        .Load()
        .WriteStream()
        .QueryName("rate")
        .OutputMode("append")
        .Format("file")
        .Option("path", "out")
        .Option("checkpointLocation", "checkpoint")
        .Start();
  };
}

// Values count up from 0 without gaps, in the order of their times.
void ExpectWhole(const SinkTable& table, size_t least) {
  ASSERT_GE(table.rows.size(), least);
  int64_t before = 0;
  for (size_t i = 0; i < table.rows.size(); ++i) {
    EXPECT_EQ(table.rows[i].at(1), absl::StrCat(i));
    const std::optional<int64_t> time = ParseTimestamp(*table.rows[i].at(0));
    ASSERT_TRUE(time.has_value());
    EXPECT_LT(before, *time);
    before = *time;
  }
}

TEST(RateSource, CountsUpWhateverEndsWherever) {
  for (uint64_t crash = 1; crash < 60; crash += 7) {
    QueryWorld world(crash, RateJob("3", "2"));
    world.SetFault(
        {.step = "", .process = "driver", .number = crash * 3, .power_loss = crash % 2 == 0});
    for (int lives = 0; lives < 3; ++lives) {
      world.StartDriver();
      world.world().RunFor(absl::Seconds(5));
    }
    const auto table = world.Table();
    ASSERT_TRUE(table.ok()) << table.status();
    ExpectWhole(*table, 12);
  }
}

TEST(RateSource, ReadsNothingThatIsNotDueYetWhenItIsToStop) {
  QueryWorld world(1, RateJob("5", "1"), AvailableNow());
  EXPECT_EQ(world.RunToTheEnd(), absl::OkStatus());
  world.world().RunFor(absl::Seconds(3));
}

TEST(RateSource, DividesARangeIntoRunsOfSecondsThatSayAll) {
  const SourceFormat format = RateSource();
  SourceDescription source{.format = "rate", .options = {{"numPartitions", "3"}}};
  checkpoint::SourceRange range;
  range.set_start_offset("100:40");
  range.set_end_offset("110:90");
  std::vector<std::pair<std::string, std::string>> ends;
  for (const std::string& split : format.SplitsOf(source, range)) {
    checkpoint::SourceRange part;
    ASSERT_TRUE(part.ParseFromString(split));
    ends.emplace_back(part.start_offset(), part.end_offset());
  }
  using Ends = std::pair<std::string, std::string>;
  EXPECT_THAT(ends, ::testing::ElementsAre(Ends("100:40", "103:55"), Ends("103:55", "106:70"),
                                           Ends("106:70", "110:90")));
  range.set_end_offset("100:40");
  EXPECT_TRUE(format.SplitsOf(source, range).empty());
}

TEST(RateSource, OptionsAreCheckedByName) {
  const auto refused = [](const SourceDescription& source) {
    return std::string(CheckSource(source, ConnectorRegistry::BuiltIn()).status().message());
  };
  EXPECT_THAT(refused({.format = "rate", .options = {{"rowsPerSecond", "0"}}}),
              HasSubstr("ReadStream: its option rowsPerSecond is '0': give a whole number from 1"));
  EXPECT_THAT(refused({.format = "rate", .options = {{"numPartitions", "2000"}}}),
              HasSubstr("its option numPartitions is '2000'"));
  EXPECT_THAT(refused({.format = "rate", .options = {{"rowPerSecond", "1"}}}),
              HasSubstr("nothing reads the option \"rowPerSecond\": did you mean"));
  EXPECT_THAT(refused({.format = "rate", .path = "in"}), HasSubstr("reads no path"));
  EXPECT_THAT(refused({.format = "text", .path = "", .options = {}}),
              HasSubstr("names no directory"));
  EXPECT_THAT(refused({.format = "rat", .path = "in"}),
              HasSubstr("there is no source format \"rat\": did you mean \"rate\"?"));
}

}  // namespace
}  // namespace wavetank::runtime
