#include "platform/real/bounded_queue.h"

#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "gtest/gtest.h"

namespace wavetank::platform {
namespace {

class BoundedQueueTest : public testing::Test {
 protected:
  using Queue = BoundedQueue<std::unique_ptr<int>>;

  bool Push(int value, int64_t weight) {
    auto item = std::make_unique<int>(value);
    const absl::StatusOr<bool> taken = queue_.TryPush(item, weight);
    EXPECT_TRUE(taken.ok()) << taken.status();
    EXPECT_EQ(item == nullptr, *taken) << "moved from a value that was refused";
    return *taken;
  }
  std::optional<int> Pop() {
    absl::StatusOr<std::optional<Queue::Weighed>> item = queue_.TryPop();
    EXPECT_TRUE(item.ok()) << item.status();
    if (!item->has_value()) return std::nullopt;
    return *(*item)->value;
  }

  int item_wakes_ = 0;
  int room_wakes_ = 0;
  Queue queue_{10, [this] { ++item_wakes_; }, [this] { ++room_wakes_; }};
};

TEST_F(BoundedQueueTest, ExceedsItsCapacityByOneValueAtMost) {
  EXPECT_TRUE(Push(1, 9));
  EXPECT_TRUE(Push(2, 1000));
  EXPECT_FALSE(Push(3, 1));
  EXPECT_EQ(Pop(), 1);
  EXPECT_FALSE(Push(3, 1)) << "1000 are still there";
  EXPECT_EQ(Pop(), 2);
  EXPECT_TRUE(Push(3, 1));
}

TEST_F(BoundedQueueTest, WakesOnlyTheSideThatWasRefusedAndOnce) {
  EXPECT_TRUE(Push(1, 10));
  EXPECT_EQ(item_wakes_, 0) << "nobody had found it empty";
  EXPECT_FALSE(Push(2, 1));
  EXPECT_EQ(Pop(), 1);
  EXPECT_EQ(room_wakes_, 1);
  EXPECT_EQ(Pop(), std::nullopt);
  EXPECT_TRUE(Push(2, 1));
  EXPECT_TRUE(Push(3, 1));
  EXPECT_EQ(item_wakes_, 1);
  EXPECT_EQ(Pop(), 2);
  EXPECT_EQ(room_wakes_, 1);
}

TEST_F(BoundedQueueTest, CloseLetsTheConsumerDrainAndWakesBothSides) {
  EXPECT_TRUE(Push(1, 10));
  EXPECT_FALSE(Push(2, 1));
  queue_.Close(absl::UnavailableError("first"));
  EXPECT_EQ(room_wakes_, 1);
  queue_.Close(absl::UnavailableError("second"));
  auto late = std::make_unique<int>(3);
  EXPECT_EQ(queue_.TryPush(late, 1).status(), absl::UnavailableError("first"));
  EXPECT_EQ(Pop(), 1);
  EXPECT_EQ(queue_.TryPop().status(), absl::UnavailableError("first"));
}

TEST_F(BoundedQueueTest, CloseWakesAConsumerThatWaits) {
  EXPECT_EQ(Pop(), std::nullopt);
  queue_.Close(absl::UnavailableError("closed"));
  EXPECT_EQ(item_wakes_, 1);
}

TEST_F(BoundedQueueTest, AbortDropsWhatIsQueued) {
  EXPECT_TRUE(Push(1, 10));
  queue_.Abort(absl::UnavailableError("aborted"));
  EXPECT_EQ(queue_.TryPop().status(), absl::UnavailableError("aborted"));
}

}  // namespace
}  // namespace wavetank::platform
