#include "platform/waiter.h"

#include <memory>
#include <optional>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "tests/platform/loop_host.h"

namespace wavetank::platform {
namespace {

using testing::ElementsAre;

// A waiter whose turn appends its number.
struct NumberedWaiter {
  NumberedWaiter(Executor& executor, int n, std::vector<int>& log) : number(n), turns(log) {
    waiter.Arm(executor, &NumberedWaiter::Turn, this);
  }
  static void Turn(void* self) {
    auto& numbered = *static_cast<NumberedWaiter*>(self);
    numbered.turns.push_back(numbered.number);
  }
  int number;
  std::vector<int>& turns;
  Waiter waiter;
};

class WaiterTest : public testing::Test {
 protected:
  LoopHost host_;
  std::vector<int> turns_;
  WaitList list_;
  std::vector<std::unique_ptr<NumberedWaiter>> waiters_;

  void Queue(int count) {
    for (int n = 0; n < count; ++n) {
      waiters_.push_back(std::make_unique<NumberedWaiter>(host_.executor, n, turns_));
      list_.PushBack(waiters_.back()->waiter);
    }
  }
};

TEST_F(WaiterTest, WakeAllMakesReadyInTheOrderOfWaiting) {
  Queue(4);
  list_.WakeAll();
  EXPECT_TRUE(list_.empty());
  host_.RunUntilIdle();
  EXPECT_THAT(turns_, ElementsAre(0, 1, 2, 3));
}

TEST_F(WaiterTest, WaiterThatDiesFirstLeavesItsListAnywhereInIt) {
  Queue(5);
  for (const int dies : {0, 2, 4}) waiters_[dies].reset();
  EXPECT_EQ(list_.size(), 2u);
  list_.WakeAll();
  host_.RunUntilIdle();
  EXPECT_THAT(turns_, ElementsAre(1, 3));
}

TEST_F(WaiterTest, WaiterThatDiesWhileReadyIsNotRun) {
  Queue(3);
  list_.WakeAll();
  waiters_[1].reset();
  EXPECT_EQ(host_.executor.ready_count(), 2u);
  host_.RunUntilIdle();
  EXPECT_THAT(turns_, ElementsAre(0, 2));
}

TEST_F(WaiterTest, ListThatDiesFirstLeavesItsWaitersUnlinked) {
  std::optional<WaitList> short_lived(std::in_place);
  NumberedWaiter a(host_.executor, 1, turns_);
  NumberedWaiter b(host_.executor, 2, turns_);
  short_lived->PushBack(a.waiter);
  short_lived->PushBack(b.waiter);
  short_lived.reset();
  EXPECT_FALSE(a.waiter.linked());
  EXPECT_FALSE(b.waiter.linked());
  a.waiter.MakeReady();
  host_.RunUntilIdle();
  EXPECT_THAT(turns_, ElementsAre(1));
}

TEST_F(WaiterTest, MakeReadyTwiceGivesOneTurnAtTheLaterPlace) {
  Queue(3);
  list_.WakeAll();
  waiters_[0]->waiter.MakeReady();
  host_.RunUntilIdle();
  EXPECT_THAT(turns_, ElementsAre(1, 2, 0));
}

TEST_F(WaiterTest, TakeGivesTheWaiterAtAnyIndex) {
  Queue(4);
  EXPECT_EQ(&list_.Take(2), &waiters_[2]->waiter);
  EXPECT_EQ(&list_.Take(0), &waiters_[0]->waiter);
  EXPECT_EQ(&list_.Take(1), &waiters_[3]->waiter);
  EXPECT_EQ(list_.size(), 1u);
}

TEST_F(WaiterTest, HostMayRunAnyReadyWaiterNext) {
  Queue(3);
  list_.WakeAll();
  host_.executor.RunOne(2);
  host_.executor.RunOne(0);
  host_.executor.RunOne(0);
  EXPECT_THAT(turns_, ElementsAre(2, 0, 1));
}

}  // namespace
}  // namespace wavetank::platform
