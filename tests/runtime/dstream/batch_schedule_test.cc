#include "runtime/dstream/batch_schedule.h"

#include "gtest/gtest.h"

namespace wavetank::runtime {
namespace {

class SettableClock final : public platform::Clock {
 public:
  platform::MonotonicTime Now() const override { return now; }
  absl::Time WallNow() const override { return wall; }
  platform::MonotonicTime now{5'000'000'000};
  absl::Time wall = absl::FromUnixMillis(10'400);

 private:
  void Add(platform::Timer&) override {}
  void Remove(platform::Timer&) override {}
};

constexpr absl::Duration kSecond = absl::Seconds(1);

TEST(BatchSchedule, CountsFromTheLastMultipleOfTheInterval) {
  EXPECT_EQ(BatchSchedule::ZeroTime(absl::FromUnixMillis(10'400), kSecond),
            absl::FromUnixMillis(10'000));
  EXPECT_EQ(BatchSchedule::ZeroTime(absl::FromUnixMillis(10'000), kSecond),
            absl::FromUnixMillis(10'000));
}

TEST(BatchSchedule, IsDueWhenTheWallClockReachesTheBatchTime) {
  SettableClock clock;
  const BatchSchedule batches(absl::FromUnixMillis(10'000), kSecond, BatchNumber(1), clock);
  EXPECT_EQ(batches.TimeOf(BatchNumber(1)), absl::FromUnixMillis(11'000));
  EXPECT_EQ(batches.Due(BatchNumber(1)), clock.now + absl::Milliseconds(600));
  EXPECT_EQ(batches.Due(BatchNumber(3)), clock.now + absl::Milliseconds(2600));
}

TEST(BatchSchedule, MakesBatchesOfTheDowntimeDueAtOnce) {
  SettableClock clock;
  const BatchSchedule batches(absl::FromUnixMillis(5'000), kSecond, BatchNumber(3), clock);
  EXPECT_LE(batches.Due(BatchNumber(3)), clock.now);
  EXPECT_LE(batches.Due(BatchNumber(5)), clock.now);
  EXPECT_EQ(batches.Due(BatchNumber(6)), clock.now + absl::Milliseconds(600));
}

TEST(BatchSchedule, LeavesOutTheOldestOfMoreOverdueBatchesThanItMay) {
  SettableClock clock;  // 10.4 s
  const BatchSchedule batches(absl::FromUnixMillis(5'000), kSecond, BatchNumber(1), clock);
  const auto go_on = [&](int64_t next, int64_t most) {
    return batches.GoOnWith(BatchNumber(next), most, clock.now).value();
  };
  EXPECT_EQ(go_on(1, 5), 1) << "1 to 5 are overdue";
  EXPECT_EQ(go_on(1, 4), 2);
  EXPECT_EQ(go_on(1, 1), 5);
  EXPECT_EQ(go_on(5, 1), 5);
  EXPECT_EQ(go_on(6, 1), 6) << "not yet due";
  clock.now = clock.now + absl::Hours(1);
  EXPECT_EQ(go_on(6, 100), 3506) << "after a pause of an hour";
}

TEST(BatchSchedule, GoesOnAfterTheLastBatchWhenTheWallClockWentBack) {
  SettableClock clock;
  const BatchSchedule batches(absl::FromUnixMillis(10'000), kSecond, BatchNumber(100), clock);
  EXPECT_EQ(batches.TimeOf(BatchNumber(100)), absl::FromUnixMillis(110'000));
  EXPECT_EQ(batches.Due(BatchNumber(100)), clock.now + kSecond);
  EXPECT_EQ(batches.Due(BatchNumber(101)), clock.now + 2 * kSecond);
}

TEST(BatchSchedule, IsNotMovedByAWallClockThatJumpsLater) {
  SettableClock clock;
  const platform::MonotonicTime start = clock.now;
  const BatchSchedule batches(absl::FromUnixMillis(10'000), kSecond, BatchNumber(1), clock);
  clock.wall += absl::Hours(1);
  clock.now = clock.now + kSecond;
  EXPECT_EQ(batches.Due(BatchNumber(2)), start + absl::Milliseconds(1600));
}

}  // namespace
}  // namespace wavetank::runtime
