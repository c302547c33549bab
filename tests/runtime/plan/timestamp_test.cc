#include "runtime/types/timestamp.h"

#include "absl/time/civil_time.h"
#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "rapidcheck/gtest.h"

#include "platform/random.h"

namespace wavetank::runtime {
namespace {

TEST(ParseTimestamp, TakesDatesTimesZonesAndSeconds) {
  constexpr int64_t kDay = 1'769'817'600'000'000;   // 2026-01-31
  constexpr int64_t kTime = kDay + 36'672'000'000;  // 10:11:12
  EXPECT_EQ(ParseTimestamp("2026-01-31"), kDay);
  EXPECT_EQ(ParseTimestamp("2026-01-31T10:11:12"), kTime);
  EXPECT_EQ(ParseTimestamp("2026-01-31 10:11:12Z"), kTime);
  EXPECT_EQ(ParseTimestamp(" 2026-01-31T10:11 "), kTime - 12'000'000);
  EXPECT_EQ(ParseTimestamp("2026-01-31T10:11:12.5"), kTime + 500'000);
  EXPECT_EQ(ParseTimestamp("2026-01-31T10:11:12.1234567Z"), kTime + 123'456);
  EXPECT_EQ(ParseTimestamp("2026-01-31T12:11:12+02:00"), kTime);
  EXPECT_EQ(ParseTimestamp("2026-01-31T08:41:12-01:30"), kTime);
  EXPECT_EQ(ParseTimestamp("2026-01-31T12:11:12+0200"), kTime);
  EXPECT_EQ(ParseTimestamp("2026-01-31T12:11:12+02"), kTime);
  EXPECT_EQ(ParseTimestamp("-12"), -12'000'000);
  EXPECT_EQ(ParseTimestamp("0000-03-01"), -62'162'035'200'000'000);
}

TEST(ParseTimestamp, TellsSecondsFromMillisecondsAndMicroseconds) {
  constexpr int64_t kTime = 1'795'844'823'000'000;
  EXPECT_EQ(ParseTimestamp("1795844823"), kTime);
  EXPECT_EQ(ParseTimestamp("+1795844823"), kTime);
  EXPECT_EQ(ParseTimestamp("1795844823000"), kTime);
  EXPECT_EQ(ParseTimestamp("1795844823000000"), kTime);
  EXPECT_EQ(ParseTimestamp("-1795844823"), -kTime);
  EXPECT_EQ(ParseTimestamp("-1795844823000"), -kTime);
  EXPECT_EQ(ParseTimestamp("-1795844823000000"), -kTime);
  EXPECT_EQ(ParseTimestamp("0000010"), 10'000'000);
  EXPECT_EQ(ParseTimestamp("99999999999"), 99'999'999'999'000'000);
  EXPECT_EQ(ParseTimestamp("100000000000"), 100'000'000'000'000);
  EXPECT_EQ(ParseTimestamp("99999999999999"), 99'999'999'999'999'000);
  EXPECT_EQ(ParseTimestamp("100000000000000"), 100'000'000'000'000);
  EXPECT_EQ(ParseTimestamp("253402300799999999"), 253'402'300'799'999'999);
  EXPECT_EQ(ParseTimestamp("-253402300799999999"), -253'402'300'799'999'999);
  EXPECT_EQ(ParseTimestamp("9999-12-31T23:59:59.999999"), 253'402'300'799'999'999);
}

TEST(ParseTimestamp, RefusesWhatIsNoTime) {
  for (const char* text : {"",
                           " ",
                           "x",
                           "12x",
                           "2026-13-01",
                           "2026-02-29",
                           "1900-02-29",
                           "2026-01-31T",
                           "2026-01-31T24:00",
                           "2026-01-31T10",
                           "2026-01-31T10:11:60",
                           "2026-01-31T10:11:12.",
                           "2026-01-31T10:11:12.5x",
                           "2026-01-31Z",
                           "2026-01-31T10:11:12+02:",
                           "2026-01-31T10:11:12+020",
                           "+-1",
                           "++1",
                           "1.5",
                           "253402300800000000",
                           "-253402300800000000",
                           "1795844823000000000",  // nanoseconds
                           "-1795844823000000000",
                           "9223372036854775807",
                           "9223372036854775808"}) {
    EXPECT_EQ(ParseTimestamp(text), std::nullopt) << text;
  }
}

RC_GTEST_PROP(ParseTimestamp, AgreesWithAbseil, (uint64_t seed)) {
  platform::Random random(seed);
  const absl::Time first = absl::FromCivil(absl::CivilYear(1), absl::UTCTimeZone());
  const int64_t seconds = random.Between(0, int64_t{9998} * 365 * 86'400);
  const absl::Time time = first + absl::Seconds(seconds);
  const std::string text = absl::FormatTime("%E4Y-%m-%dT%H:%M:%SZ", time, absl::UTCTimeZone());
  RC_ASSERT(ParseTimestamp(text) == std::optional<int64_t>(absl::ToUnixMicros(time)));
}

}  // namespace
}  // namespace wavetank::runtime
