#include "platform/budget.h"

#include <memory>
#include <string>
#include <vector>

#include "gtest/gtest.h"

#include "platform/executor.h"
#include "platform/task_scope.h"
#include "tests/platform/loop_host.h"

namespace wavetank::platform {
namespace {

struct Taken {
  std::vector<std::string> order;
  std::vector<Budget::Share> shares;
};

Task<void> TakeAs(Budget& budget, int64_t amount, std::string name, Taken& taken) {
  Budget::Share share = co_await budget.Take(amount);
  taken.order.push_back(std::move(name));
  taken.shares.push_back(std::move(share));
}

class BudgetTest : public testing::Test {
 protected:
  void Take(int64_t amount, const std::string& name) {
    scope_.Spawn(name, TakeAs(budget_, amount, name, taken_));
    host_.RunUntilIdle();
  }
  LoopHost host_;
  Budget budget_{10};
  Taken taken_;
  TaskScope scope_{host_.executor};
};

TEST_F(BudgetTest, WhoeverAsksLaterWaitsBehindALargeShare) {
  Take(6, "first");
  Take(8, "large");
  Take(1, "small");
  EXPECT_EQ(taken_.order, std::vector<std::string>{"first"}) << "one is left, and not for it";
  taken_.shares.clear();
  host_.RunUntilIdle();
  EXPECT_EQ(taken_.order, (std::vector<std::string>{"first", "large", "small"}));
  EXPECT_EQ(budget_.left(), 1);
}

TEST_F(BudgetTest, MoreThanThereIsCountsAsAllOfIt) {
  Take(11, "all");
  EXPECT_EQ(taken_.order, std::vector<std::string>{"all"});
  EXPECT_EQ(budget_.left(), 0);
  taken_.shares.clear();
  EXPECT_EQ(budget_.left(), 10);
}

TEST_F(BudgetTest, OneWhoIsDestroyedWhileItWaitsLetsTheNextGoOn) {
  Take(6, "first");
  {
    TaskScope given_up(host_.executor);
    given_up.Spawn("large", TakeAs(budget_, 8, "large", taken_));
    host_.RunUntilIdle();
    Take(4, "small");
    EXPECT_EQ(taken_.order.size(), 1u);
  }
  host_.RunUntilIdle();
  EXPECT_EQ(taken_.order, (std::vector<std::string>{"first", "small"}));
}

TEST_F(BudgetTest, AShareThatWasGivenAndNeverTakenComesBack) {
  Take(10, "first");
  {
    TaskScope given_up(host_.executor);
    given_up.Spawn("next", TakeAs(budget_, 10, "next", taken_));
    host_.RunUntilIdle();
    taken_.shares.clear();  // gives it to the next, which is not resumed any more
    EXPECT_EQ(budget_.left(), 0);
  }
  EXPECT_EQ(budget_.left(), 10);
}

TEST_F(BudgetTest, AShareMayOutliveItsBudget) {
  auto budget = std::make_unique<Budget>(3);
  scope_.Spawn("take", TakeAs(*budget, 2, "taken", taken_));
  host_.RunUntilIdle();
  budget = nullptr;
  taken_.shares.clear();
  EXPECT_EQ(taken_.order, std::vector<std::string>{"taken"});
}

}  // namespace
}  // namespace wavetank::platform
