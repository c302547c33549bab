#include "runtime/structured/trigger.h"

#include "gtest/gtest.h"

namespace wavetank::runtime {
namespace {

using platform::MonotonicTime;

// Seconds after `start` at which the next batch is due.
double DueAfter(absl::Time wall, absl::Duration interval) {
  const MonotonicTime start{777};
  return absl::ToDoubleSeconds(NextTrigger(start, wall, interval) - start);
}

TEST(NextTrigger, IsTheNextMultipleOfTheIntervalSinceTheEpoch) {
  EXPECT_EQ(DueAfter(absl::FromUnixSeconds(100), absl::Seconds(10)), 10);
  EXPECT_EQ(DueAfter(absl::FromUnixSeconds(101), absl::Seconds(10)), 9);
  EXPECT_EQ(DueAfter(absl::FromUnixMillis(109'500), absl::Seconds(10)), 0.5);
}

TEST(NextTrigger, KnowsClocksBeforeTheEpoch) {
  EXPECT_EQ(DueAfter(absl::FromUnixSeconds(-1), absl::Seconds(10)), 1);
  EXPECT_EQ(DueAfter(absl::FromUnixSeconds(-20), absl::Seconds(10)), 10);
}

TEST(NextTrigger, IsDueAtOnceWithoutAnInterval) {
  EXPECT_EQ(DueAfter(absl::FromUnixSeconds(101), absl::ZeroDuration()), 0);
}

}  // namespace
}  // namespace wavetank::runtime
