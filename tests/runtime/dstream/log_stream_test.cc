// LogStream: what may be said of one, what of it is in the plan, and how much a batch has of it.
// What it gives through crashes, scenarios/dstream/log_stream_*.textproto show.
#include <cstdint>
#include <functional>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "runtime/dstream/log_planner.h"
#include "runtime/dstream/streaming_context.h"

namespace wavetank::runtime {
namespace {

using testing::HasSubstr;

const LogStreamOptions kVisits = {.address = "host:9092", .topic = "visits"};

absl::Status Checked(const std::function<void(LogStreamOptions&)>& change) {
  LogStreamOptions options = kVisits;
  change(options);
  StreamingContext context(absl::Seconds(1));
  context.LogTextStream(std::move(options)).Print();
  return context.graph().Validate();
}

TEST(LogStream, SaysWhichOptionCannotBe) {
  EXPECT_TRUE(Checked([](LogStreamOptions&) {}).ok());
  struct Row {
    std::function<void(LogStreamOptions&)> change;
    const char* says;
  };
  const Row rows[] = {
      {[](auto& options) { options.address = "host"; }, "address is 'host': give HOST:PORT"},
      {[](auto& options) { options.address = "host:65536"; }, "address is 'host:65536'"},
      {[](auto& options) { options.address = ":9092"; }, "address is ':9092'"},
      {[](auto& options) { options.topic = ""; }, "topic is empty"},
      {[](auto& options) { options.max_rate_per_partition = -1; },
       "max_rate_per_partition is -1: give records a second, or 0"},
      {[](auto& options) { options.offsets = {{0, 3}}; }, "start is not kGiven"},
      {[](auto& options) {
         options.start = LogStart::kGiven;
         options.offsets = {{0, -3}};
       },
       "offsets say -3 of partition 0"}};
  for (const Row& row : rows) {
    const absl::Status refused = Checked(row.change);
    EXPECT_TRUE(absl::IsInvalidArgument(refused)) << refused;
    EXPECT_THAT(std::string(refused.message()), HasSubstr(row.says));
  }
}

std::string FingerprintOf(const std::function<void(LogStreamOptions&)>& change) {
  LogStreamOptions options = kVisits;
  change(options);
  StreamingContext context(absl::Seconds(1));
  context.LogTextStream(std::move(options)).Print();
  return context.graph().Fingerprint();
}

TEST(LogStream, IsTheSameWhereverItsLogIsServedAndHoweverFastItIsRead) {
  const std::string plain = FingerprintOf([](LogStreamOptions&) {});
  EXPECT_EQ(FingerprintOf([](auto& options) { options.address = "other:1"; }), plain);
  EXPECT_EQ(FingerprintOf([](auto& options) { options.max_rate_per_partition = 5; }), plain);
  EXPECT_EQ(FingerprintOf([](auto& options) { options.start = LogStart::kEarliest; }), plain);
  EXPECT_NE(FingerprintOf([](auto& options) { options.topic = "others"; }), plain);
  EXPECT_NE(FingerprintOf([](auto& options) { options.read_committed = false; }), plain);
}

TEST(LogStream, ThatMaySkipGoesIntoNoWindowWithAnInverse) {
  StreamingContext context(absl::Seconds(1));
  context.Checkpoint("checkpoint");
  LogStreamOptions options = kVisits;
  options.lost = LostRecords::kSkip;
  context.LogTextStream(options)
      .Map([](const std::string& line) { return std::pair<std::string, int64_t>(line, 1); })
      .ReduceByKeyAndWindow(std::plus<>(), std::minus<>(), absl::Seconds(3), absl::Seconds(1))
      .Print();
  const absl::Status refused = context.graph().Validate();
  EXPECT_TRUE(absl::IsInvalidArgument(refused)) << refused;
  EXPECT_THAT(std::string(refused.message()),
              HasSubstr("reads records again when that leaves the window, and operator 0 "
                        "(LogStream) skips records that are lost: leave the inverse out, or "
                        "LogStreamOptions::lost as it is"));
}

TEST(LogPlanner, TakesOfEachPartitionWhatTheRatesAllow) {
  const LogOffsets from = {{0, 100}, {1, 50}};
  const LogOffsets to = {{0, 1'100}, {1, 55}, {2, 995}};  // 1000, 5 and 995 wait
  struct Row {
    LogRates rates;
    absl::Duration interval;
    LogOffsets reached;
  };
  // As Spark: the rate by the batch's seconds, rounded down, and 1 at least.
  const Row rows[] = {
      {{}, absl::Seconds(1), to},
      {{.of_each = 100}, absl::Seconds(1), {{0, 200}, {1, 55}, {2, 100}}},
      {{.of_each = 100}, absl::Milliseconds(250), {{0, 125}, {1, 55}, {2, 25}}},
      {{.of_each = 3}, absl::Milliseconds(500), {{0, 101}, {1, 51}, {2, 1}}},
      {{.of_each = std::numeric_limits<int64_t>::max()}, absl::Hours(24), to},
      // By what waits: 50, 0.25 and 49.75 a second.
      {{.of_all = 100}, absl::Seconds(1), {{0, 150}, {1, 51}, {2, 49}}},
      {{.of_all = 100}, absl::Seconds(4), {{0, 300}, {1, 51}, {2, 199}}},
      {{.of_each = 10, .of_all = 100}, absl::Seconds(1), {{0, 110}, {1, 51}, {2, 10}}},
      {{.of_all = 1'000'000}, absl::Seconds(1), to}};
  for (const Row& row : rows) {
    EXPECT_EQ(WithinRates(from, to, row.rates, row.interval), row.reached)
        << row.rates.of_each << " " << row.rates.of_all << " " << row.interval;
  }
  EXPECT_EQ(WithinRates(from, from, {.of_each = 1, .of_all = 1}, absl::Seconds(1)), from);
}

TEST(LogRecord, IsShownAsAllRowsAre) {
  const LogRecord record{.key = std::nullopt,
                         .value = "v",
                         .partition = 2,
                         .offset = 7,
                         .timestamp = absl::FromUnixMillis(1'500)};
  std::string shown;
  Codec<LogRecord>::Show(record, shown);
  EXPECT_THAT(shown, HasSubstr("(None,Some(v),2,7,"));
  LogRecord decoded;
  ASSERT_TRUE(DecodeFromString(EncodeToString(record), decoded).ok());
  EXPECT_EQ(decoded, record);
}

}  // namespace
}  // namespace wavetank::runtime
