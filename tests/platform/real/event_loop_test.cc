#include "platform/real/event_loop.h"

#include <atomic>
#include <memory>
#include <thread>
#include <utility>

#include "gtest/gtest.h"

#include "platform/event.h"
#include "platform/real/completion.h"
#include "platform/real/disk_pool.h"
#include "platform/task_scope.h"

namespace wavetank::platform {
namespace {

Task<void> SpinUntil(EventLoop& loop, const int& done, int wanted) {
  while (done < wanted) co_await loop.executor().Yield();
  loop.Stop();
}
Task<void> SleepThenCount(EventLoop& loop, int& done) {
  co_await loop.clock().Sleep(absl::Milliseconds(1));
  ++done;
}
Task<void> AskThenCount(EventLoop& loop, DiskPool& pool, int& done) {
  const int answer = co_await pool.Run(loop, [] { return 42; });
  EXPECT_EQ(answer, 42);
  ++done;
}

TEST(EventLoop, TaskThatIsAlwaysReadyStarvesNeitherTimersNorAnswers) {
  DiskPool pool(1);
  EventLoop loop;
  int done = 0;
  loop.executor().Spawn("spins", SpinUntil(loop, done, 2));
  loop.executor().Spawn("sleeps", SleepThenCount(loop, done));
  loop.executor().Spawn("asks", AskThenCount(loop, pool, done));
  loop.Run();
  EXPECT_EQ(done, 2);
  pool.Stop();
}

TEST(EventLoop, RunsWhatOtherThreadsPostEachOnceOnItsOwnThread) {
  constexpr int kThreads = 4;
  constexpr int kPosts = 5000;
  EventLoop loop;
  int count = 0;  // the loop's thread alone
  std::vector<std::thread> posters;
  for (int t = 0; t < kThreads; ++t) {
    posters.emplace_back([&] {
      for (int i = 0; i < kPosts; ++i) {
        loop.Post([&] {
          if (++count == kThreads * kPosts) loop.Stop();
        });
      }
    });
  }
  loop.Run();
  for (std::thread& poster : posters) poster.join();
  EXPECT_EQ(count, kThreads * kPosts);
}

TEST(EventLoop, DropsWhatIsPostedAfterItsEnd) {
  EventLoop loop;
  loop.Stop();
  loop.Run();
  auto owned = std::make_shared<int>(1);
  loop.Post([owned] { ADD_FAILURE() << "ran after the end"; });
  EXPECT_EQ(owned.use_count(), 1);
}

Task<void> Await(Completion<std::shared_ptr<int>> completion) {
  const std::shared_ptr<int> value = co_await completion.Wait();
  ADD_FAILURE() << "answered " << *value;
}
Task<void> StopAfterAYield(EventLoop& loop) {
  co_await loop.executor().Yield();
  loop.Stop();
}

TEST(Completion, AnswerToATaskThatIsGoneIsDestroyed) {
  EventLoop loop;
  Completion<std::shared_ptr<int>> completion(loop);
  loop.executor().Spawn("waits", Await(completion));
  loop.executor().Spawn("stops", StopAfterAYield(loop));
  loop.Run();
  const auto value = std::make_shared<int>(7);
  {
    const Completion<std::shared_ptr<int>> last = std::move(completion);
    last.Complete(value);
  }
  EXPECT_EQ(value.use_count(), 1);
}

TEST(DiskPool, StopWaitsForTheCallUnderWayAndDropsTheRest) {
  DiskPool pool(1);
  std::atomic<bool> begun = false;
  std::atomic<int> ended = 0;
  std::atomic<bool> go_on = false;
  pool.Submit([&] {
    begun = true;
    begun.notify_one();
    go_on.wait(false);
    ++ended;
  });
  pool.Submit([&] { ended += 100; });
  begun.wait(false);
  std::thread stopper([&] { pool.Stop(); });
  // Stop has taken the queue once a submission is refused, that is, destroyed at once.
  while (true) {
    const auto probe = std::make_shared<int>(0);
    pool.Submit([probe] {});
    if (probe.use_count() == 1) break;
  }
  go_on = true;
  go_on.notify_one();
  stopper.join();
  EXPECT_EQ(ended, 1);
}

}  // namespace
}  // namespace wavetank::platform
