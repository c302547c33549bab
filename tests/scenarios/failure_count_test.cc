#include "scenarios/failure_count.h"

#include "gtest/gtest.h"

namespace wavetank::scenarios {
namespace {

using simulator::FaultKind;

class FailureCountTest : public testing::Test {
 protected:
  FailureCountTest() { failures_.OnTakeOver("driver"); }
  // Since the driver first started.
  int64_t Count() const { return failures_.count() - 1; }

  FailureCount failures_;
};

TEST_F(FailureCountTest, CountsADriversCrashOnceThoughAnotherTakesOver) {
  failures_.OnFault({.kind = FaultKind::kCrash, .target = "driver"});
  failures_.OnDied("driver");
  failures_.OnTakeOver("driver");
  EXPECT_EQ(Count(), 1);
}

TEST_F(FailureCountTest, CountsEachProcessThatAMachineTakesAlong) {
  failures_.OnFault({.kind = FaultKind::kPowerLoss, .target = "m1"});
  failures_.OnDied("driver");
  failures_.OnDied("worker1");
  failures_.OnTakeOver("driver");
  EXPECT_EQ(Count(), 2);
}

TEST_F(FailureCountTest, CountsWhatEndsNoProcessAsAFailureOfItsOwn) {
  for (const FaultKind kind : {FaultKind::kPause, FaultKind::kReset, FaultKind::kReadError}) {
    failures_.OnFault({.kind = kind, .target = "m1"});
  }
  EXPECT_EQ(Count(), 3);
}

TEST_F(FailureCountTest, CountsEachTakingOverOfADriverThatLives) {
  failures_.OnTakeOver("standby");
  failures_.OnTakeOver("driver");
  EXPECT_EQ(Count(), 2);
}

TEST_F(FailureCountTest, AnEndInGoodOrderIsNone) {
  failures_.OnEndedAsAsked("driver");
  failures_.OnTakeOver("driver");
  EXPECT_EQ(Count(), 0);
}

TEST_F(FailureCountTest, AnEndInGoodOrderExcusesNoCrashBeforeIt) {
  failures_.OnDied("driver");
  failures_.OnEndedAsAsked("driver");  // before it had taken over again
  failures_.OnTakeOver("driver");
  EXPECT_EQ(Count(), 1);
}

TEST_F(FailureCountTest, AnEndInGoodOrderExcusesNoDriverThatHasWorkedSince) {
  failures_.OnEndedAsAsked("driver");
  failures_.OnTakeOver("standby");
  failures_.OnTakeOver("driver");
  EXPECT_EQ(Count(), 2);
}

}  // namespace
}  // namespace wavetank::scenarios
