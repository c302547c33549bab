#include "simulator/event_queue.h"

#include <map>
#include <memory>
#include <tuple>
#include <vector>

#include "gtest/gtest.h"

#include "platform/random.h"

namespace wavetank::simulator {
namespace {

TEST(EventQueue, PopsInTheOrderOfTimeTieAndSequence) {
  platform::Random random(1);
  EventQueue queue;
  std::map<std::tuple<int64_t, uint64_t, uint64_t>, int> model;
  std::vector<int> popped;
  int next = 0;
  for (int round = 0; round < 20'000; ++round) {
    if (model.empty() || random.Below(5) < 3) {
      Event event;
      event.time_ns = static_cast<int64_t>(random.Below(50));
      event.tie = random.Below(3);
      event.sequence = static_cast<uint64_t>(next);
      model[{event.time_ns, event.tie, event.sequence}] = next;
      queue.Push(event, [&popped, next] { popped.push_back(next); });
      ++next;
      continue;
    }
    ASSERT_TRUE(queue.Pop([](const Event&, auto run) { run(); }));
    ASSERT_EQ(popped.back(), model.begin()->second);
    model.erase(model.begin());
  }
  EXPECT_EQ(queue.size(), model.size());
}

TEST(EventQueue, RevokedEventIsDroppedAndLetsItsActionGoAtOnce) {
  EventQueue queue;
  auto held = std::make_shared<int>(0);
  const uint32_t event = queue.Push({.time_ns = 1}, [held] { ++*held; });
  queue.Push({.time_ns = 2, .sequence = 1}, [held] { ++*held; });
  EXPECT_EQ(held.use_count(), 3);
  queue.Revoke(event);
  EXPECT_EQ(held.use_count(), 2);
  EXPECT_FALSE(queue.Pop([](const Event&, auto run) { run(); }));
  EXPECT_TRUE(queue.Pop([](const Event&, auto run) { run(); }));
  EXPECT_EQ(*held, 1);
  EXPECT_EQ(held.use_count(), 1);
}

TEST(EventQueue, ActionMayPushWhileItRuns) {
  EventQueue queue;
  int runs = 0;
  queue.Push({}, [&] {
    for (int more = 0; more < 1000; ++more) queue.Push({.time_ns = 1 + more}, [&] { ++runs; });
    ++runs;
  });
  while (!queue.empty()) queue.Pop([](const Event&, auto run) { run(); });
  EXPECT_EQ(runs, 1001);
}

}  // namespace
}  // namespace wavetank::simulator
