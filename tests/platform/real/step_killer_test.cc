#include "platform/real/step_killer.h"

#include <csignal>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "gtest/gtest.h"

#include "platform/node.h"
#include "platform/real/real_process.h"

namespace wavetank::platform {
namespace {

constexpr StepName kWritten{"log.written", "batch, epoch", "A group is written.", "log.appended"};
constexpr StepName kOther{"log.synced", "batch", "A group is synced."};

// Reaches kWritten for batches 1, 2, 3, 4, 4, 5 in epoch 9, then exits with the last batch.
Task<void> ReachSteps(Node& node) {
  for (const int64_t batch : {1, 2, 3, 4, 4, 5}) {
    co_await node.Step(kOther, {{"batch", batch}});
    co_await node.Step(kWritten, {{"batch", batch}, {"epoch", 9}});
    std::fprintf(stderr, "passed %d\n", static_cast<int>(batch));
  }
}
void RunWith(StepFault fault) {
  RealProcessOptions options;
  options.step_faults.push_back(std::move(fault));
  std::exit(RunNode(ReachSteps, options).value());
}

class StepKillerDeathTest : public testing::Test {
 protected:
  // Each in a fresh process: forking one that has threads is not safe.
  void SetUp() override { testing::FLAGS_gtest_death_test_style = "threadsafe"; }
};

TEST_F(StepKillerDeathTest, KillsAtTheNthReachingOfAStep) {
  EXPECT_EXIT(RunWith({.step = "log.written", .occurrence = 3}), testing::KilledBySignal(SIGKILL),
              "passed 1\npassed 2\n$");
}

TEST_F(StepKillerDeathTest, CountsOnlyWhatItsAttributesMatch) {
  EXPECT_EXIT(RunWith({.step = "log.written", .attributes = {{"batch", 4}}, .occurrence = 2}),
              testing::KilledBySignal(SIGKILL), "passed 3\npassed 4\n$");
}

TEST_F(StepKillerDeathTest, KnowsAStepByItsFormerName) {
  EXPECT_EXIT(RunWith({.step = "log.appended"}), testing::KilledBySignal(SIGKILL), "^$");
}

TEST_F(StepKillerDeathTest, PassesStepsThatDoNotMatch) {
  for (const StepFault& fault :
       {StepFault{.step = "log"}, StepFault{.step = "log.written", .attributes = {{"batch", 7}}},
        StepFault{.step = "log.written", .attributes = {{"batch", 4}, {"epoch", 8}}},
        StepFault{.step = "log.written", .attributes = {{"task", 4}}},
        StepFault{.step = "log.written", .occurrence = 7}}) {
    EXPECT_EXIT(RunWith(fault), testing::ExitedWithCode(0), "passed 5");
  }
}

}  // namespace
}  // namespace wavetank::platform
