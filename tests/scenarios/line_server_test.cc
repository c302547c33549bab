// What befalls the line server's process and its connections. Its behaviour in both worlds:
// tests/conformance/line_server_test.cc.
#include "scenarios/fakes/line_server.h"

#include <memory>
#include <string>
#include <utility>

#include "gtest/gtest.h"

#include "simulator/sim_world.h"

namespace wavetank::scenarios::fakes {
namespace {

using platform::Node;
using platform::Task;

// Reads for ever, connecting again whenever a connection is over.
Task<void> ReadAll(Node& node, std::string* read, int* connections) {
  while (true) {
    auto stream = co_await node.network().ConnectStream("outside:9999");
    if (stream.ok()) {
      ++*connections;
      for (auto bytes = co_await (*stream)->Read(1000); bytes.ok() && !bytes->empty();
           bytes = co_await (*stream)->Read(1000)) {
        *read += *bytes;
      }
    }
    co_await node.clock().Sleep(absl::Milliseconds(100));
  }
}

class LineServerTest : public testing::Test {
 protected:
  LineServerTest() : world_({.seed = 1}) {
    world_.AddMachine("outside");
    world_.AddMachine("reader");
    world_.Start("outside", {"outside", {{"line-server", LineServerMain("outside:9999", feed_)}}});
  }
  void StartReader() {
    world_.Start("reader", {"reader", {{"reader", [this](Node& node) {
                                          return ReadAll(node, &read_, &connections_);
                                        }}}});
    world_.RunFor(absl::Seconds(1));
  }

  const std::shared_ptr<LineFeed> feed_ = std::make_shared<LineFeed>();
  std::string read_;
  int connections_ = 0;
  simulator::SimWorld world_;
};

TEST_F(LineServerTest, LinesThatItHasNotWrittenOutliveItsProcess) {
  feed_->Add({"before"});
  world_.RunFor(absl::Seconds(1));
  world_.Crash("outside");
  feed_->Add({"meanwhile"});
  world_.RunFor(absl::Seconds(1));
  world_.Restart("outside");
  StartReader();
  EXPECT_EQ(read_, "before\nmeanwhile\n");
}

TEST_F(LineServerTest, LinesThatItHasWrittenDieWithTheConnection) {
  StartReader();
  world_.network().Partition("outside", "reader");
  feed_->Add({"gone"});
  world_.RunFor(absl::Seconds(1));
  EXPECT_EQ(feed_->taken(), 1);
  world_.Crash("reader");
  world_.network().ReleasePartition("outside", "reader");
  feed_->Add({"kept"});
  world_.RunFor(absl::Seconds(1));
  feed_->Add({"new"});
  world_.RunFor(absl::Seconds(1));
  world_.Restart("reader");
  world_.RunFor(absl::Seconds(1));
  // "kept" may have been written into the connection whose reader was dead; "gone" never comes.
  EXPECT_TRUE(read_ == "new\n" || read_ == "kept\nnew\n") << read_;
  EXPECT_EQ(connections_, 2);
}

TEST_F(LineServerTest, AnIdleConnectionThatBreaksMakesRoomForTheNext) {
  StartReader();
  for (int reset = 0; reset < 5; ++reset) {
    world_.network().Reset("outside", "reader");
    world_.RunFor(absl::Seconds(1));
  }
  feed_->Add({"at last"});
  world_.RunFor(absl::Seconds(1));
  EXPECT_EQ(read_, "at last\n");
  EXPECT_EQ(connections_, 6);
}

TEST_F(LineServerTest, AReplacementBesideAPausedServerServesOnceTheAddressIsFree) {
  world_.Pause("outside");
  simulator::SimProcess& paused = world_.process("outside");
  world_.Start("outside", {"outside", {{"line-server", LineServerMain("outside:9999", feed_)}}});
  world_.RunFor(absl::Seconds(1));
  world_.Crash(paused);
  StartReader();
  feed_->Add({"served"});
  world_.RunFor(absl::Seconds(1));
  EXPECT_EQ(read_, "served\n");
}

}  // namespace
}  // namespace wavetank::scenarios::fakes
