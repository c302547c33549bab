// Destruction at any suspension point: a program that uses everything a task can wait for is run
// for k turns and destroyed, for every k, in several orders of its ready queue. What it owns is
// counted; the address sanitiser watches the rest.
#include <cstdint>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "gtest/gtest.h"

#include "platform/channel.h"
#include "platform/event.h"
#include "platform/random.h"
#include "platform/task_scope.h"
#include "platform/timeout.h"
#include "tests/platform/loop_host.h"
#include "tests/platform/manual_clock.h"

namespace wavetank::platform {
namespace {

// Something a frame owns, on the heap.
class Owned {
 public:
  explicit Owned(int& alive) : alive_(&alive), heap_(std::make_unique<std::string>(64, 'o')) {
    ++*alive_;
  }
  Owned(Owned&& other) noexcept : alive_(other.alive_), heap_(std::move(other.heap_)) { ++*alive_; }
  ~Owned() { --*alive_; }

 private:
  int* alive_;
  std::unique_ptr<std::string> heap_;
};

struct World {
  int alive = 0;
  ManualClock clock;
  LoopHost host;
  bool finished = false;
};

Task<Owned> PassDown(World& world, Owned owned, int depth) {
  if (depth == 0) {
    co_await world.host.executor.Yield();
    co_return std::move(owned);
  }
  co_return co_await PassDown(world, std::move(owned), depth - 1);
}

Task<void> Produce(World& world, Channel<Owned>& channel) {
  for (int i = 0; i < 4; ++i) {
    const bool taken = co_await channel.Send(Owned(world.alive));
    EXPECT_TRUE(taken);
  }
  channel.Close();
}

Task<int> Consume(Channel<Owned>& channel) {
  int count = 0;
  while (true) {
    const std::optional<Owned> owned = co_await channel.Receive();
    if (!owned.has_value()) co_return count;
    ++count;
  }
}

Task<absl::Status> SleepFor(World& world, absl::Duration length, Owned) {
  co_await world.clock.Sleep(length);
  co_return absl::OkStatus();
}

Task<int> ThrowAfterAYield(World& world, Owned) {
  co_await world.host.executor.Yield();
  throw std::runtime_error("thrown");
}

Task<void> NestScopes(World& world, Event& event, int depth) {
  const Owned owned(world.alive);
  TaskScope scope(world.host.executor);
  if (depth > 0) {
    scope.Spawn("left", NestScopes(world, event, depth - 1));
    scope.Spawn("right", NestScopes(world, event, depth - 1));
  } else {
    co_await event.Wait();
  }
  co_await scope.Join();
}

Task<void> Everything(World& world) {
  const Owned mine(world.alive);
  {
    const Owned passed = co_await PassDown(world, Owned(world.alive), 5);
  }
  {
    Channel<Owned> channel(2);
    TaskScope scope(world.host.executor);
    scope.Spawn("produce", Produce(world, channel));
    const int count = co_await Consume(channel);
    EXPECT_EQ(count, 4);
    co_await scope.Join();
  }
  const absl::Status late =
      co_await WithTimeout(world.host.executor, world.clock, absl::Seconds(1), "late",
                           SleepFor(world, absl::Seconds(5), Owned(world.alive)));
  EXPECT_EQ(late.code(), absl::StatusCode::kDeadlineExceeded);
  try {
    const int never = co_await ThrowAfterAYield(world, Owned(world.alive));
    ADD_FAILURE() << never;
  } catch (const std::runtime_error&) {
  }
  {
    Event event;
    TaskScope scope(world.host.executor);
    scope.Spawn("tree", NestScopes(world, event, 3));
    co_await world.clock.Sleep(absl::Seconds(1));
    event.Set();
    co_await scope.Join();
  }
  {
    Event never;
    TaskScope scope(world.host.executor);
    scope.Spawn("cancelled", NestScopes(world, never, 2));
    co_await world.host.executor.Yield();
    co_await world.host.executor.Yield();
    scope.Cancel();
    co_await scope.Join();
  }
  world.finished = true;
}

// One turn: a ready waiter, or, if there is none, a second of time. False once nothing is left.
bool TakeTurn(World& world, Random* order) {
  const size_t ready = world.host.executor.ready_count();
  if (ready > 0) {
    world.host.executor.RunOne(order == nullptr ? 0 : order->Below(ready));
    return true;
  }
  if (world.clock.pending() == 0) return false;
  world.clock.Advance(absl::Seconds(1));
  return true;
}

// Runs the program for `turns` turns, then destroys it. True if it finished by itself.
bool RunThenDestroy(int turns, std::optional<uint64_t> seed) {
  World world;
  std::optional<Random> order;
  if (seed.has_value()) order.emplace(*seed);
  world.host.executor.Spawn("everything", Everything(world));
  for (int turn = 0; turn < turns; ++turn) {
    if (!TakeTurn(world, order.has_value() ? &*order : nullptr)) break;
  }
  world.host.executor.DestroyRoots();
  EXPECT_EQ(world.alive, 0) << "after " << turns << " turns something is still alive";
  EXPECT_EQ(world.clock.pending(), 0u);
  return world.finished;
}

TEST(Destruction, LeavesNothingAtAnySuspensionPointInAnyOrder) {
  for (const std::optional<uint64_t> seed :
       {std::optional<uint64_t>(), std::optional<uint64_t>(1), std::optional<uint64_t>(2),
        std::optional<uint64_t>(3), std::optional<uint64_t>(4)}) {
    int turns = 0;
    while (!RunThenDestroy(turns, seed)) ++turns;
    EXPECT_GT(turns, 50) << "the program is smaller than this test is meant for";
  }
}

}  // namespace
}  // namespace wavetank::platform
