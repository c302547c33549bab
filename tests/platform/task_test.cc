#include "platform/task.h"

#include <stdexcept>
#include <string>
#include <vector>

#include "gtest/gtest.h"

#include "platform/event.h"
#include "platform/executor.h"
#include "platform/task_scope.h"
#include "tests/platform/loop_host.h"

namespace wavetank::platform {
namespace {

Task<int> Deep(Executor& executor, int depth, bool yield) {
  if (depth == 0) {
    if (yield) co_await executor.Yield();
    co_return 0;
  }
  const int below = co_await Deep(executor, depth - 1, yield);
  co_return below + 1;
}

Task<void> Store(Task<int> task, int& out) { out = co_await task; }

TEST(Task, ChainOfTenThousandAwaitsCompletesAndReturnsThroughEveryFrame) {
  LoopHost host;
  for (const bool yield : {false, true}) {
    int result = -1;
    host.executor.Spawn("deep", Store(Deep(host.executor, 10'000, yield), result));
    host.RunUntilIdle();
    EXPECT_EQ(result, 10'000);
  }
}

TEST(Task, ChainOfTenThousandAwaitsIsDestroyedWhileSuspended) {
  LoopHost host;
  int result = -1;
  host.executor.Spawn("deep", Store(Deep(host.executor, 10'000, true), result));
  for (int turn = 0; turn < 100; ++turn) host.executor.RunOne();
  host.executor.DestroyRoots();
  EXPECT_EQ(result, -1);
}

Task<int> Throws() {
  throw std::runtime_error("thrown in the child");
  co_return 1;
}

Task<void> Catches(std::string& what) {
  try {
    co_await Throws();
  } catch (const std::runtime_error& error) {
    what = error.what();
  }
}

TEST(Task, ExceptionReachesTheAwaiter) {
  LoopHost host;
  std::string what;
  host.executor.Spawn("catches", Catches(what));
  host.RunUntilIdle();
  EXPECT_EQ(what, "thrown in the child");
}

}  // namespace
}  // namespace wavetank::platform
