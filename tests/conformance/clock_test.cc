// What clock.h states.
#include "platform/clock.h"

#include <optional>

#include "platform/event.h"
#include "platform/task_scope.h"
#include "platform/timeout.h"
#include "tests/conformance/world.h"

namespace wavetank::conformance {
namespace {

using platform::Event;
using platform::MonotonicTime;
using platform::Node;
using platform::Task;
using platform::TaskScope;
using platform::Timer;

class ClockConformance : public Conformance {};
INSTANTIATE_TEST_SUITE_P(, ClockConformance, testing::ValuesIn(AllArms()), ArmName);

Task<void> MonotonicTimeIsOrdered(Node& node) {
  MonotonicTime last = node.clock().Now();
  for (int i = 0; i < 1000; ++i) {
    co_await node.executor().Yield();
    const MonotonicTime now = node.clock().Now();
    EXPECT_GE(now, last);
    last = now;
  }
}
TEST_P(ClockConformance, MonotonicTimeNeverGoesBack) { world().RunNode(MonotonicTimeIsOrdered); }

Task<void> SleepsLastTheirTime(Node& node) {
  for (const int64_t us : {0, 1, 50, 999, 5'000}) {
    const absl::Duration length = absl::Microseconds(us);
    const MonotonicTime begin = node.clock().Now();
    co_await node.clock().Sleep(length);
    EXPECT_GE(node.clock().Now() - begin, length);
  }
  const MonotonicTime deadline = node.clock().Now() + absl::Milliseconds(2);
  co_await node.clock().SleepUntil(deadline);
  EXPECT_GE(node.clock().Now(), deadline);
}
TEST_P(ClockConformance, TimerNeverFiresBeforeItsDeadline) { world().RunNode(SleepsLastTheirTime); }

Task<void> SetEvent(Event& event) {
  event.Set();
  co_return;
}

Task<void> ShortSleepsLetOthersRun(Node& node) {
  for (const absl::Duration length : {absl::ZeroDuration(), absl::Seconds(-1)}) {
    Event others_ran;
    TaskScope scope(node.executor());
    scope.Spawn("other", SetEvent(others_ran));
    for (int turns = 0; turns < 1000 && !others_ran.is_set(); ++turns) {
      co_await node.clock().Sleep(length);
    }
    EXPECT_TRUE(others_ran.is_set());
  }
}
TEST_P(ClockConformance, SleepOfNoLengthYields) { world().RunNode(ShortSleepsLetOthersRun); }

Task<void> SetAfter(Node& node, absl::Duration length, bool& done) {
  co_await node.clock().Sleep(length);
  done = true;
}

Task<void> DestroyedSleepersStaySilent(Node& node) {
  bool woken = false;
  {
    TaskScope scope(node.executor());
    for (int us = 0; us < 50; ++us) {
      scope.Spawn("sleeper", SetAfter(node, absl::Milliseconds(2), woken));
    }
    co_await node.clock().Sleep(absl::Milliseconds(1));
  }
  woken = false;
  co_await node.clock().Sleep(absl::Milliseconds(5));
  EXPECT_FALSE(woken);
}
TEST_P(ClockConformance, TimerLeavesItsClockWhenItsOwnerIsDestroyed) {
  world().RunNode(DestroyedSleepersStaySilent);
}

Task<void> WaitsAreBounded(Node& node) {
  Event never;
  const MonotonicTime begin = node.clock().Now();
  const bool set = co_await never.WaitFor(node.clock(), absl::Milliseconds(3));
  EXPECT_FALSE(set);
  EXPECT_GE(node.clock().Now() - begin, absl::Milliseconds(3));
}
TEST_P(ClockConformance, WaitForGivesUpNoEarlierThanItsTimeout) {
  world().RunNode(WaitsAreBounded);
}

Task<absl::Status> SleepThenOk(Node& node, absl::Duration length) {
  co_await node.clock().Sleep(length);
  co_return absl::OkStatus();
}

Task<void> TimeoutsDecide(Node& node) {
  const absl::Status late =
      co_await WithTimeout(node.executor(), node.clock(), absl::Milliseconds(1), "the late one",
                           SleepThenOk(node, absl::Hours(1)));
  EXPECT_EQ(late.code(), absl::StatusCode::kDeadlineExceeded);
  EXPECT_NE(late.message().find("the late one"), absl::string_view::npos) << late;
  const absl::Status in_time =
      co_await WithTimeout(node.executor(), node.clock(), absl::Hours(1), "the quick one",
                           SleepThenOk(node, absl::Milliseconds(1)));
  EXPECT_TRUE(in_time.ok()) << in_time;
}
TEST_P(ClockConformance, TimeoutEndsTheOperationThatIsLateAndNamesIt) {
  world().RunNode(TimeoutsDecide);
}

}  // namespace
}  // namespace wavetank::conformance
