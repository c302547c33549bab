// What executor.h, task_scope.h and node.h state of a node's tasks.
#include "platform/executor.h"

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "platform/channel.h"
#include "platform/event.h"
#include "platform/task_scope.h"
#include "tests/conformance/world.h"

namespace wavetank::conformance {
namespace {

using platform::Channel;
using platform::Event;
using platform::Node;
using platform::Task;
using platform::TaskScope;

class ExecutorConformance : public Conformance {};
INSTANTIATE_TEST_SUITE_P(, ExecutorConformance, testing::ValuesIn(AllArms()), ArmName);

Task<void> CountUp(Node& node, int turns, int& count) {
  for (int i = 0; i < turns; ++i) {
    co_await node.executor().Yield();
    ++count;
  }
}

Task<void> AllChildrenRunToTheirEnd(Node& node) {
  int count = 0;
  TaskScope scope(node.executor());
  for (int child = 0; child < 20; ++child) scope.Spawn("child", CountUp(node, 50, count));
  EXPECT_EQ(count, 0) << "a child started on its parent's stack";
  co_await scope.Join();
  EXPECT_EQ(count, 20 * 50);
  EXPECT_EQ(scope.size(), 0u);
}
TEST_P(ExecutorConformance, EveryReadyTaskGetsItsTurn) {
  world().RunNode(AllChildrenRunToTheirEnd);
}

// Tells when its frame dies, as part of whatever owns it.
class Tombstone {
 public:
  Tombstone(std::string name, std::shared_ptr<std::vector<std::string>> order)
      : name_(std::move(name)), order_(std::move(order)) {}
  ~Tombstone() { order_->push_back(name_); }

 private:
  const std::string name_;
  const std::shared_ptr<std::vector<std::string>> order_;
};
using DeathOrder = std::shared_ptr<std::vector<std::string>>;

Task<void> WaitUnderTombstone(std::string name, DeathOrder order) {
  const Tombstone tombstone(std::move(name), std::move(order));
  Event never;
  co_await never.Wait();
}

Task<void> ParentOf(Node& node, std::string name, DeathOrder order) {
  const Tombstone tombstone(name, order);
  TaskScope scope(node.executor());
  scope.Spawn("child", WaitUnderTombstone(absl::StrCat(name, ".child"), order));
  co_await scope.Join();
}

// The oldest root; judges when it dies, after all others.
class LastJudge {
 public:
  explicit LastJudge(DeathOrder order) : order_(std::move(order)) {}
  ~LastJudge() {
    const std::vector<std::string> newest_first = {"third", "second.child", "second", "first"};
    EXPECT_EQ(*order_, newest_first);
  }

 private:
  const DeathOrder order_;
};

Task<void> ExitWithRootsAlive(Node& node) {
  const auto order = std::make_shared<std::vector<std::string>>();
  const LastJudge judge(order);
  node.executor().Spawn("first", WaitUnderTombstone("first", order));
  node.executor().Spawn("second", ParentOf(node, "second", order));
  node.executor().Spawn("third", WaitUnderTombstone("third", order));
  // Until all have started, in whichever order the world runs them.
  for (int i = 0; i < 100; ++i) co_await node.clock().Sleep(absl::Microseconds(10));
  node.Exit(0);
  Event never;
  co_await never.Wait();
}
TEST_P(ExecutorConformance, ExitDestroysTheRootsNewestFirst) {
  world().RunNode(ExitWithRootsAlive);
}

Task<void> Cancelled(Node& node) {
  const auto order = std::make_shared<std::vector<std::string>>();
  TaskScope scope(node.executor());
  scope.Spawn("child", WaitUnderTombstone("child", order));
  co_await node.clock().Sleep(absl::Milliseconds(1));
  scope.Cancel();
  EXPECT_TRUE(order->empty()) << "cancelled synchronously";
  co_await scope.Join();
  EXPECT_EQ(*order, std::vector<std::string>{"child"});
}
TEST_P(ExecutorConformance, CancelDestroysAChildAtItsTurnNotAtOnce) { world().RunNode(Cancelled); }

Task<void> Produce(Channel<int>& channel, int count) {
  for (int i = 0; i < count; ++i) {
    const bool taken = co_await channel.Send(i);
    EXPECT_TRUE(taken);
  }
  channel.Close();
}

Task<void> ThroughAChannel(Node& node) {
  Channel<int> channel(3);
  TaskScope scope(node.executor());
  scope.Spawn("producer", Produce(channel, 200));
  for (int expected = 0; expected < 200; ++expected) {
    EXPECT_LE(channel.size(), 3u);
    const std::optional<int> value = co_await channel.Receive();
    EXPECT_EQ(value, expected);
  }
  const std::optional<int> end = co_await channel.Receive();
  EXPECT_EQ(end, std::nullopt);
}
TEST_P(ExecutorConformance, ChannelKeepsOrderAndBound) { world().RunNode(ThroughAChannel); }

}  // namespace
}  // namespace wavetank::conformance
