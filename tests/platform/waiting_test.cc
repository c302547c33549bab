// Event, Channel, Sleep and WithTimeout: what a task can wait for.
#include <optional>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "platform/channel.h"
#include "platform/event.h"
#include "platform/task_scope.h"
#include "platform/timeout.h"
#include "tests/platform/loop_host.h"
#include "tests/platform/manual_clock.h"

namespace wavetank::platform {
namespace {

using testing::ElementsAre;

class WaitingTest : public testing::Test {
 protected:
  // Declared so that tasks, which refer to all of these, die first.
  ManualClock clock_;
  LoopHost host_;
};

Task<void> CountWakes(Event& event, int& wakes) {
  co_await event.Wait();
  ++wakes;
}

TEST_F(WaitingTest, EventWakesAllWhoWaitAndLetsThroughWhoComesLater) {
  Event event;
  int wakes = 0;
  for (int i = 0; i < 3; ++i) host_.executor.Spawn("waits", CountWakes(event, wakes));
  host_.RunUntilIdle();
  EXPECT_EQ(wakes, 0);
  event.Set();
  EXPECT_EQ(wakes, 0) << "resumed on the setter's stack";
  host_.RunUntilIdle();
  EXPECT_EQ(wakes, 3);
  host_.executor.Spawn("late", CountWakes(event, wakes));
  host_.RunUntilIdle();
  EXPECT_EQ(wakes, 4);
  event.Reset();
  host_.executor.Spawn("waits again", CountWakes(event, wakes));
  host_.RunUntilIdle();
  EXPECT_EQ(wakes, 4);
  host_.executor.DestroyRoots();
}

TEST_F(WaitingTest, EventMayDieBeforeItsWaiters) {
  int wakes = 0;
  std::optional<Event> event(std::in_place);
  host_.executor.Spawn("waits", CountWakes(*event, wakes));
  host_.RunUntilIdle();
  event.reset();
  host_.executor.DestroyRoots();
  EXPECT_EQ(wakes, 0);
}

Task<void> AwaitFor(Event& event, Clock& clock, absl::Duration timeout, std::optional<bool>& out) {
  const bool set = co_await event.WaitFor(clock, timeout);
  out = set;
}

TEST_F(WaitingTest, WaitForTellsSetFromTimedOutAndLeavesNoTimer) {
  Event event;
  std::optional<bool> first;
  host_.executor.Spawn("first", AwaitFor(event, clock_, absl::Seconds(1), first));
  host_.RunUntilIdle();
  clock_.Advance(absl::Milliseconds(999));
  host_.RunUntilIdle();
  EXPECT_EQ(first, std::nullopt);
  clock_.Advance(absl::Milliseconds(1));
  host_.RunUntilIdle();
  EXPECT_EQ(first, false);

  std::optional<bool> second;
  host_.executor.Spawn("second", AwaitFor(event, clock_, absl::Seconds(1), second));
  host_.RunUntilIdle();
  event.Set();
  host_.RunUntilIdle();
  EXPECT_EQ(second, true);
  EXPECT_EQ(clock_.pending(), 0u);
}

TEST_F(WaitingTest, TimeOutAndEventInOneTurnWakeOnce) {
  Event event;
  std::optional<bool> result;
  host_.executor.Spawn("waits", AwaitFor(event, clock_, absl::Seconds(1), result));
  host_.RunUntilIdle();
  clock_.Advance(absl::Seconds(1));
  event.Set();
  EXPECT_EQ(host_.executor.ready_count(), 1u);
  host_.RunUntilIdle();
  EXPECT_EQ(result, true);
}

Task<void> SleepAndLog(Clock& clock, int seconds, std::vector<int>& log) {
  co_await clock.Sleep(absl::Seconds(seconds));
  log.push_back(seconds);
}

TEST_F(WaitingTest, DestroyedSleeperLeavesTheClock) {
  std::vector<int> log;
  for (const int seconds : {3, 1, 2}) {
    host_.executor.Spawn("sleeps", SleepAndLog(clock_, seconds, log));
  }
  host_.RunUntilIdle();
  clock_.Advance(absl::Seconds(2));
  host_.RunUntilIdle();
  EXPECT_THAT(log, ElementsAre(1, 2));
  host_.executor.DestroyRoots();
  EXPECT_EQ(clock_.pending(), 0u);
}

Task<void> SendAll(Channel<int>& channel, int from, int to, int& refused) {
  for (int i = from; i < to; ++i) {
    const bool taken = co_await channel.Send(i);
    if (!taken) ++refused;
  }
}
Task<void> ReceiveAll(Channel<int>& channel, std::vector<int>& out) {
  while (true) {
    const std::optional<int> value = co_await channel.Receive();
    if (!value.has_value()) co_return;
    out.push_back(*value);
  }
}

TEST_F(WaitingTest, ChannelHoldsItsSendersAtItsCapacity) {
  Channel<int> channel(2);
  int refused = 0;
  host_.executor.Spawn("sends", SendAll(channel, 0, 6, refused));
  host_.RunUntilIdle();
  EXPECT_EQ(channel.size(), 2u);
  EXPECT_FALSE(channel.TrySend(99));
  std::vector<int> received;
  host_.executor.Spawn("receives", ReceiveAll(channel, received));
  host_.RunUntilIdle();
  EXPECT_THAT(received, ElementsAre(0, 1, 2, 3, 4, 5));
  channel.Close();
  host_.RunUntilIdle();
  EXPECT_EQ(refused, 0);
}

TEST_F(WaitingTest, ClosedChannelDrainsThenEndsAndRefusesSenders) {
  Channel<int> channel(2);
  int refused = 0;
  host_.executor.Spawn("sends", SendAll(channel, 0, 5, refused));
  host_.RunUntilIdle();
  channel.Close();
  std::vector<int> received;
  host_.executor.Spawn("receives", ReceiveAll(channel, received));
  host_.RunUntilIdle();
  EXPECT_THAT(received, ElementsAre(0, 1));
  EXPECT_EQ(refused, 3);
}

TEST_F(WaitingTest, ReceiverThatDiesWhileReadyLosesNoWake) {
  Channel<int> channel(4);
  std::vector<int> dead;
  std::vector<int> alive;
  TaskScope doomed(host_.executor);
  doomed.Spawn("doomed", ReceiveAll(channel, dead));
  host_.RunUntilIdle();
  host_.executor.Spawn("lives", ReceiveAll(channel, alive));
  host_.RunUntilIdle();
  EXPECT_TRUE(channel.TrySend(7));
  doomed.DestroyChildren();  // the wake was its as well
  host_.RunUntilIdle();
  EXPECT_TRUE(dead.empty());
  EXPECT_THAT(alive, ElementsAre(7));
}

Task<absl::StatusOr<std::string>> AnswerWhen(Event& event, int& destroyed) {
  struct Count {
    explicit Count(int& n) : count(n) {}
    ~Count() { ++count; }
    int& count;
  } const on_destruction(destroyed);
  co_await event.Wait();
  co_return std::string("answer");
}
Task<void> AskFor(LoopHost& host, Clock& clock, Event& event, int& destroyed,
                  absl::StatusOr<std::string>& out) {
  out = co_await WithTimeout(host.executor, clock, absl::Seconds(1), "asking",
                             AnswerWhen(event, destroyed));
}

TEST_F(WaitingTest, TimeoutDestroysTheOperationAndNamesIt) {
  Event event;
  int destroyed = 0;
  absl::StatusOr<std::string> answer;
  host_.executor.Spawn("asks", AskFor(host_, clock_, event, destroyed, answer));
  host_.RunUntilIdle();
  clock_.Advance(absl::Seconds(1));
  host_.RunUntilIdle();
  EXPECT_EQ(answer.status(), absl::DeadlineExceededError("asking: no answer within 1s"));
  EXPECT_EQ(destroyed, 1);
  event.Set();
  host_.RunUntilIdle();
}

TEST_F(WaitingTest, AnswerInTimeCancelsTheTimeout) {
  Event event;
  int destroyed = 0;
  absl::StatusOr<std::string> answer;
  host_.executor.Spawn("asks", AskFor(host_, clock_, event, destroyed, answer));
  host_.RunUntilIdle();
  event.Set();
  host_.RunUntilIdle();
  ASSERT_TRUE(answer.ok()) << answer.status();
  EXPECT_EQ(*answer, "answer");
  EXPECT_EQ(clock_.pending(), 0u);
}

}  // namespace
}  // namespace wavetank::platform
