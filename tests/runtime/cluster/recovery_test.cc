#include "runtime/cluster/recovery.h"

#include "gtest/gtest.h"

namespace wavetank::runtime::recovery_test {
namespace {

using enum Happened;
using enum Standing;

struct RecoveryCase {
  Happened happened;
  Standing standing;
  Decision left;
  Decision spent;
};

constexpr RecoveryCase kRecoveryCases[] = {
    {kSucceeded, kRunning, Decision::kCount, Decision::kCount},
    {kSucceeded, kTwice, Decision::kCount, Decision::kCount},
    {kSucceeded, kNeeded, Decision::kIgnore, Decision::kIgnore},
    {kSucceeded, kFinished, Decision::kIgnore, Decision::kIgnore},
    {kSucceeded, kSuperseded, Decision::kIgnore, Decision::kIgnore},
    {kFailed, kRunning, Decision::kTryAgain, Decision::kFailGraph},
    {kFailed, kTwice, Decision::kLeaveToOther, Decision::kFailGraph},
    {kFailed, kNeeded, Decision::kIgnore, Decision::kIgnore},
    {kFailed, kFinished, Decision::kIgnore, Decision::kIgnore},
    {kFailed, kSuperseded, Decision::kIgnore, Decision::kIgnore},
    {kRefused, kRunning, Decision::kFailGraph, Decision::kFailGraph},
    {kRefused, kTwice, Decision::kFailGraph, Decision::kFailGraph},
    {kRefused, kNeeded, Decision::kIgnore, Decision::kIgnore},
    {kRefused, kFinished, Decision::kIgnore, Decision::kIgnore},
    {kRefused, kSuperseded, Decision::kIgnore, Decision::kIgnore},
    {kInputMissing, kRunning, Decision::kMove, Decision::kFailGraph},
    {kInputMissing, kTwice, Decision::kLeaveToOther, Decision::kFailGraph},
    {kInputMissing, kNeeded, Decision::kIgnore, Decision::kIgnore},
    {kInputMissing, kFinished, Decision::kIgnore, Decision::kIgnore},
    {kInputMissing, kSuperseded, Decision::kIgnore, Decision::kIgnore},
    {kInputReplaced, kRunning, Decision::kMove, Decision::kFailGraph},
    {kInputReplaced, kTwice, Decision::kMove, Decision::kFailGraph},
    {kInputReplaced, kNeeded, Decision::kMakeAgain, Decision::kFailGraph},
    {kInputReplaced, kFinished, Decision::kMakeAgain, Decision::kFailGraph},
    {kInputReplaced, kSuperseded, Decision::kIgnore, Decision::kIgnore},
    {kWorkerLost, kRunning, Decision::kMove, Decision::kFailGraph},
    {kWorkerLost, kTwice, Decision::kLeaveToOther, Decision::kLeaveToOther},
    {kWorkerLost, kNeeded, Decision::kMakeAgain, Decision::kFailGraph},
    {kWorkerLost, kFinished, Decision::kLeave, Decision::kLeave},
    {kWorkerLost, kSuperseded, Decision::kIgnore, Decision::kIgnore},
    {kOutputMissing, kRunning, Decision::kLeave, Decision::kLeave},
    {kOutputMissing, kTwice, Decision::kLeave, Decision::kLeave},
    {kOutputMissing, kNeeded, Decision::kMakeAgain, Decision::kFailGraph},
    {kOutputMissing, kFinished, Decision::kLeave, Decision::kLeave},
    {kOutputMissing, kSuperseded, Decision::kIgnore, Decision::kIgnore},
};

TEST(Recovery, DecidesEachCombinationAsTheTableOfCasesSays) {
  ASSERT_EQ(std::size(kRecoveryCases), size_t{kHappenedCount * kStandingCount});
  for (const RecoveryCase& entry : kRecoveryCases) {
    SCOPED_TRACE(testing::Message() << "happened " << static_cast<int>(entry.happened)
                                    << ", standing " << static_cast<int>(entry.standing));
    EXPECT_EQ(Decide(entry.happened, entry.standing, Allowance::kLeft), entry.left);
    EXPECT_EQ(Decide(entry.happened, entry.standing, Allowance::kSpent), entry.spent);
  }
}

TEST(Recovery, OnlyAnAttemptAtWorkCanCountOrFailByItself) {
  for (int happened = 0; happened < kHappenedCount; ++happened) {
    for (const Standing standing : {kNeeded, kFinished, kSuperseded}) {
      for (const Allowance allowance : {Allowance::kLeft, Allowance::kSpent}) {
        const Decision decision = Decide(Happened{happened}, standing, allowance);
        EXPECT_NE(decision, Decision::kCount);
        EXPECT_NE(decision, Decision::kTryAgain);
      }
    }
  }
}

}  // namespace
}  // namespace wavetank::runtime::recovery_test
