// A log server in a simulated world, and clients of it.
#ifndef WAVETANK_TESTS_SCENARIOS_LOG_SERVER_FIXTURE_H_
#define WAVETANK_TESTS_SCENARIOS_LOG_SERVER_FIXTURE_H_

#include <functional>
#include <memory>
#include <string>

#include "absl/time/time.h"
#include "gtest/gtest.h"

#include "platform/node.h"
#include "platform/task.h"
#include "runtime/connectors/log/log_client.h"
#include "scenarios/fakes/log_feed.h"
#include "scenarios/fakes/log_server.h"
#include "simulator/sim_world.h"

namespace wavetank::scenarios::fakes {

class LogServerTest : public testing::Test {
 public:
  static constexpr char kAddress[] = "outside:9092";

 protected:
  using Body = std::function<platform::Task<void>(runtime::LogClient&, platform::Node&)>;

  void Serve(bool epoch_per_transaction = false) {
    world_.AddMachine("outside");
    world_.AddMachine("client");
    world_.Start("outside",
                 {"log",
                  {{"log", LogServerMain(kAddress, feed_,
                                         {.epoch_per_transaction = epoch_per_transaction})}}});
    world_.RunFor(absl::Seconds(1));
  }
  static platform::Task<void> RunBody(platform::Node& node, Body body, bool* ended) {
    runtime::LogClient client(node, kAddress);
    co_await body(client, node);
    *ended = true;
  }
  void Run(const std::string& name, Body body) {
    bool ended = false;
    world_.Start("client", {name, {{name, [body, &ended](platform::Node& node) {
                                      return RunBody(node, body, &ended);
                                    }}}});
    world_.RunFor(absl::Minutes(3));
    EXPECT_TRUE(ended) << name;
  }

  const std::shared_ptr<LogFeed> feed_ = std::make_shared<LogFeed>();
  simulator::SimWorld world_{{.seed = 1}};
};

}  // namespace wavetank::scenarios::fakes

#endif  // WAVETANK_TESTS_SCENARIOS_LOG_SERVER_FIXTURE_H_
