#include "platform/task_scope.h"

#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "platform/event.h"
#include "tests/platform/loop_host.h"

namespace wavetank::platform {
namespace {

using testing::ElementsAre;

using DeathLog = std::vector<std::string>;

class DeathNote {
 public:
  DeathNote(std::string name, DeathLog& log) : name_(std::move(name)), log_(log) {}
  ~DeathNote() { log_.push_back(name_); }

 private:
  const std::string name_;
  DeathLog& log_;
};

Task<void> WaitWithNote(std::string name, Event& event, DeathLog& log) {
  const DeathNote note(std::move(name), log);
  co_await event.Wait();
}

Task<void> OwnAScope(Executor& executor, Event& event, DeathLog& log) {
  const DeathNote note("parent", log);
  TaskScope scope(executor);
  scope.Spawn("a", WaitWithNote("a", event, log));
  scope.Spawn("b", WaitWithNote("b", event, log));
  co_await scope.Join();
}

TEST(TaskScope, JoinReturnsWhenTheLastChildHasEnded) {
  LoopHost host;
  Event event;
  DeathLog log;
  host.executor.Spawn("parent", OwnAScope(host.executor, event, log));
  host.RunUntilIdle();
  EXPECT_TRUE(log.empty());
  event.Set();
  host.RunUntilIdle();
  EXPECT_THAT(log, ElementsAre("a", "b", "parent"));
}

TEST(TaskScope, DestroyedOwnerTakesItsChildrenNewestFirst) {
  LoopHost host;
  Event event;
  DeathLog log;
  host.executor.Spawn("parent", OwnAScope(host.executor, event, log));
  host.RunUntilIdle();
  host.executor.DestroyRoots();
  EXPECT_THAT(log, ElementsAre("b", "a", "parent"));
  event.Set();  // nobody is left to wake
  EXPECT_EQ(host.executor.ready_count(), 0u);
}

TEST(TaskScope, RootsAreDestroyedNewestFirst) {
  LoopHost host;
  Event event;
  DeathLog log;
  for (const char* name : {"1", "2", "3"}) {
    host.executor.Spawn(name, WaitWithNote(name, event, log));
  }
  host.RunUntilIdle();
  host.executor.DestroyRoots();
  EXPECT_THAT(log, ElementsAre("3", "2", "1"));
}

TEST(TaskScope, CancelDestroysAtTheNextTurnEvenBeforeTheFirst) {
  LoopHost host;
  Event event;
  DeathLog log;
  TaskScope scope(host.executor);
  scope.Spawn("started", WaitWithNote("started", event, log));
  host.RunUntilIdle();
  scope.Spawn("new", WaitWithNote("new", event, log));
  scope.Cancel();
  EXPECT_EQ(scope.size(), 2u);
  host.RunUntilIdle();
  EXPECT_EQ(scope.size(), 0u);
  // The new one had a turn before that of its cancellation, and so a frame to destroy.
  EXPECT_THAT(log, ElementsAre("started", "new"));
}

Task<void> CancelOwnScope(TaskScope& scope, Executor& executor, bool& went_on) {
  scope.Cancel();
  co_await executor.Yield();
  co_await executor.Yield();
  went_on = true;
}

TEST(TaskScope, ChildMayCancelItsOwnScope) {
  LoopHost host;
  TaskScope scope(host.executor);
  bool went_on = false;
  scope.Spawn("suicide", CancelOwnScope(scope, host.executor, went_on));
  host.RunUntilIdle();
  EXPECT_EQ(scope.size(), 0u);
  EXPECT_FALSE(went_on);
}

Task<void> EndAtOnce() { co_return; }

TEST(TaskScope, CancelOfAChildThatHasJustEndedEndsItOnce) {
  LoopHost host;
  TaskScope scope(host.executor);
  scope.Spawn("quick", EndAtOnce());
  host.executor.RunOne();  // ran to its end; its removal is ready
  EXPECT_EQ(scope.size(), 1u);
  scope.Cancel();
  host.RunUntilIdle();
  EXPECT_EQ(scope.size(), 0u);
}

Task<void> ThrowsOut() {
  throw std::runtime_error("out of the task");
  co_return;
}

TEST(TaskScopeDeathTest, ExceptionThatLeavesAChildNamesItAndEndsTheProgram) {
  EXPECT_DEATH(
      {
        LoopHost host;
        host.executor.Spawn("the culprit", ThrowsOut());
        host.RunUntilIdle();
      },
      "the culprit.*out of the task");
}

}  // namespace
}  // namespace wavetank::platform
