// Simulated dispatch with trace hashing, as a ratio to a bare heap-and-callback loop.
//
// Both keep so many actors asleep, each waking, drawing its next delay and sleeping again. The bare
// loop is a binary heap of (time, sequence, callback). The simulated one goes the whole way: timer,
// event, trace hash, waiter, turn, coroutine. An item is one event dispatched; a simulated wake-up
// is two of them, the timer's and the turn's.
#include <benchmark/benchmark.h>

#include <cstdint>
#include <functional>
#include <queue>
#include <string>
#include <vector>

#include "platform/task_scope.h"
#include "simulator/sim_world.h"

namespace wavetank::simulator {
namespace {

using platform::Node;
using platform::Task;

int64_t DelayNs(uint64_t actor, uint64_t wake) {
  return 1000 + static_cast<int64_t>(platform::MixBits(actor * 1'000'003 + wake) % 100'000);
}

void BareHeapAndCallback(benchmark::State& state) {
  struct Entry {
    int64_t time_ns;
    uint64_t sequence;
    std::function<void()> callback;
    bool operator<(const Entry& other) const {
      return time_ns != other.time_ns ? time_ns > other.time_ns : sequence > other.sequence;
    }
  };
  std::priority_queue<Entry> heap;
  int64_t now_ns = 0;
  uint64_t sequence = 0;
  struct Actor {
    uint64_t wakes = 0;
    std::function<void()> wake;
  };
  std::vector<Actor> actors(static_cast<size_t>(state.range(0)));
  for (uint64_t number = 0; number < actors.size(); ++number) {
    Actor& actor = actors[number];
    actor.wake = [&heap, &now_ns, &sequence, &actor, number] {
      heap.push({now_ns + DelayNs(number, ++actor.wakes), ++sequence, actor.wake});
    };
    actor.wake();
  }
  for (auto _ : state) {
    // The only way to move out of a std::priority_queue.
    Entry next = std::move(const_cast<Entry&>(heap.top()));
    heap.pop();
    now_ns = next.time_ns;
    next.callback();
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(BareHeapAndCallback)->Arg(10)->Arg(1000)->Arg(10'000);

Task<void> SleepForEver(Node& node, uint64_t actor) {
  for (uint64_t wake = 1;; ++wake) {
    co_await node.clock().Sleep(absl::Nanoseconds(DelayNs(actor, wake)));
  }
}

Task<void> RunActors(Node& node, uint64_t first, uint64_t count) {
  platform::TaskScope scope(node.executor());
  for (uint64_t actor = 0; actor < count; ++actor) {
    scope.Spawn("actor", SleepForEver(node, first + actor));
  }
  co_await scope.Join();
}

void SimulatedDispatch(benchmark::State& state) {
  constexpr uint64_t kNodes = 10;
  const uint64_t per_node = static_cast<uint64_t>(state.range(0)) / kNodes;
  SimWorld world({.seed = 1,
                  .cpu = {.turn_cost = absl::ZeroDuration()},
                  .clock = {.timer_jitter_max = absl::ZeroDuration()}});
  world.AddMachine("m");
  platform::ProcessSpec spec{"p", {}};
  for (uint64_t node = 0; node < kNodes; ++node) {
    spec.nodes.push_back({std::to_string(node), [node, per_node](Node& on) {
                            return RunActors(on, node * per_node, per_node);
                          }});
  }
  world.Start("m", std::move(spec));
  for (auto _ : state) world.RunOne();
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(SimulatedDispatch)->Arg(10)->Arg(1000)->Arg(10'000);

}  // namespace
}  // namespace wavetank::simulator

BENCHMARK_MAIN();
