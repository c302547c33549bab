// Lines of a socket through a query: once each, in order, and lost only before they are in a batch.
#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "runtime/connectors/connector_registry.h"
#include "scenarios/fakes/line_server.h"
#include "tests/runtime/structured/query_jobs.h"

namespace wavetank::runtime {
namespace {

using scenarios::fakes::LineFeed;
using scenarios::fakes::LineServerMain;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsSubsetOf;

QueryJob FromSocket() {
  return [](Session& session) {
    session.ReadStream()
        .Format("socket")
        .Option("host", "outside")
        .Option("port", "9999")
        .Load()
        .WriteStream()
        .QueryName("lines")
        .OutputMode("append")
        .Format("text")
        .Option("path", "out")
        .Option("checkpointLocation", "checkpoint")
        .Start();
  };
}

class SocketWorld {
 public:
  explicit SocketWorld(uint64_t seed) : query_(seed, FromSocket()) {
    query_.world().AddMachine("outside");
    query_.world().Start("outside",
                         {"server", {{"server", LineServerMain("outside:9999", feed_)}}});
  }
  QueryWorld& query() { return query_; }
  void Send(int count) {
    std::vector<std::string> lines;
    for (int i = 0; i < count; ++i) lines.push_back(absl::StrCat("line ", sent_.size() + i));
    sent_.insert(sent_.end(), lines.begin(), lines.end());
    feed_->Add(lines);
  }
  const std::vector<std::string>& sent() const { return sent_; }
  std::vector<std::string> Shown() {
    std::vector<std::string> rows;
    const auto table = query_.Table();
    EXPECT_TRUE(table.ok()) << table.status();
    if (!table.ok()) return rows;
    for (const TextRow& row : table->rows) rows.push_back(row.at(0).value_or("null"));
    return rows;
  }
  // Starts the driver again, should it have ended.
  void RunFor(absl::Duration time) {
    const absl::Duration until = query_.world().now() + time;
    while (query_.world().now() < until) {
      if (!query_.world().HasProcess("driver") || !query_.world().process("driver").alive()) {
        query_.StartDriver();
      }
      query_.world().RunFor(absl::Milliseconds(100));
    }
  }

 private:
  std::shared_ptr<LineFeed> feed_ = std::make_shared<LineFeed>();
  QueryWorld query_;
  std::vector<std::string> sent_;
};

TEST(SocketSource, GivesEachLineOnceInOrder) {
  SocketWorld world(1);
  world.Send(3);
  world.RunFor(absl::Seconds(3));
  world.Send(2);
  world.RunFor(absl::Seconds(3));
  EXPECT_EQ(world.Shown(), world.sent());
}

// What the connection has brought when the driver dies, and is in no batch, is lost; nothing else
// is, and nothing comes twice.
TEST(SocketSource, WhatIsInABatchIsCountedOnceWhateverEndsWherever) {
  for (const char* step :
       {"batch.defined", "batch.run", "batch.prepared", "sink.committed", "batch.committed"}) {
    for (const bool power_loss : {false, true}) {
      SocketWorld world(7);
      world.Send(3);
      world.query().SetFault({.step = step, .process = "", .number = 1, .power_loss = power_loss});
      world.RunFor(absl::Seconds(5));
      EXPECT_TRUE(world.query().fired());
      world.Send(2);
      world.RunFor(absl::Seconds(5));
      EXPECT_EQ(world.Shown(), world.sent()) << step;
    }
  }
}

TEST(SocketSource, NothingComesTwiceWhicheverCallTheDriverDiesAt) {
  bool fired = true;
  for (uint64_t call = 1; fired; call += 5) {
    SocketWorld world(call);
    world.Send(3);
    world.query().SetFault({.step = "", .process = "driver", .number = call, .power_loss = false});
    world.RunFor(absl::Seconds(3));
    world.Send(2);
    world.RunFor(absl::Seconds(5));
    std::vector<std::string> shown = world.Shown();
    EXPECT_THAT(shown, IsSubsetOf(world.sent())) << call;
    EXPECT_TRUE(std::ranges::is_sorted(shown)) << call;
    ASSERT_GE(shown.size(), 2U) << call;
    fired = world.query().fired();
    ASSERT_LT(call, 400U);
    if (call > 150) break;  // it goes on for ever, and so do its calls
  }
}

Task<void> ListSource(platform::Node& node, size_t& files) {
  checkpoint::LocalStore store(node, "store");
  files = (co_await store.ListNames("checkpoint/sources/socket")).value().size();
}

TEST(SocketSource, WhatIsCommittedIsLetGo) {
  SocketWorld world(3);
  for (int i = 0; i < 5; ++i) {
    world.Send(2);
    world.RunFor(absl::Seconds(1));
  }
  EXPECT_EQ(world.Shown().size(), 10U);
  size_t files = 99;
  world.query().RunAside([&](platform::Node& node) { return ListSource(node, files); });
  EXPECT_EQ(files, 0U);
}

TEST(SocketSource, SaysWhatIsWrongWithItsOptions) {
  const auto refused = [](const OptionMap& options) {
    return std::string(
        CheckSource({.format = "socket", .options = options}, ConnectorRegistry::BuiltIn())
            .status()
            .message());
  };
  EXPECT_THAT(refused({{"host", "h"}}), HasSubstr("port"));
  EXPECT_THAT(refused({{"host", "h"}, {"port", "0"}}), HasSubstr("its option port is '0'"));
  EXPECT_THAT(refused({{"host", "h"}, {"port", "65536"}}), HasSubstr("from 1 to 65535"));
  EXPECT_THAT(refused({{"host", ""}, {"port", "1"}}), HasSubstr("host"));
  EXPECT_EQ(refused({{"host", "h"}, {"port", "1"}}), "");
  EXPECT_FALSE((*ConnectorRegistry::BuiltIn().Source("socket"))->replayable);
}

}  // namespace
}  // namespace wavetank::runtime
