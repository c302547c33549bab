// Without a secret a process stays on its machine.
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "platform/network.h"
#include "platform/real/loopback.h"
#include "platform/real/real_process.h"

namespace wavetank::platform {
namespace {

using testing::HasSubstr;

// An address of nobody (RFC 5737): a connection would be tried until its time is up.
constexpr const char* kElsewhere = "192.0.2.1:9";

Task<void> StayHere(Node& node) {
  const auto listener = co_await node.network().Listen("0.0.0.0:0");
  const auto connection = co_await node.network().Connect(kElsewhere);
  for (const absl::Status& status : {listener.status(), connection.status()}) {
    EXPECT_TRUE(absl::IsPermissionDenied(status)) << status;
    EXPECT_THAT(status.ToString(), HasSubstr("needs a secret"));
  }
  const auto here = co_await node.network().Listen("127.0.0.1:0");
  EXPECT_TRUE(here.ok()) << here.status();
  const auto streams = co_await node.network().ListenStream("0.0.0.0:0");
  EXPECT_TRUE(streams.ok()) << "what is foreign knows no secret: " << streams.status();
}

Task<void> GoAnywhere(Node& node) {
  const auto listener = co_await node.network().Listen("0.0.0.0:0");
  EXPECT_TRUE(listener.ok()) << listener.status();
  const auto connection = co_await node.network().Connect(kElsewhere);
  EXPECT_TRUE(absl::IsUnavailable(connection.status())) << connection.status();
}

TEST(Reach, WithoutASecretNeitherListensBeyondTheLoopbackNorConnectsThere) {
  EXPECT_EQ(RunNode(StayHere).value(), 0);
}

TEST(Reach, WithASecretDoesBoth) {
  RealProcessOptions options;
  options.secret = "sixteen bytes or more";
  options.network.connect_timeout = absl::Milliseconds(100);
  EXPECT_EQ(RunNode(GoAnywhere, options).value(), 0);
}

TEST(StaysOnThisMachine, IsSoOfTheLoopbackAlone) {
  for (const char* here : {"127.0.0.1:7", "localhost:7", "[::1]:7", "inproc:driver"}) {
    EXPECT_EQ(StaysOnThisMachine(here).value(), true) << here;
  }
  for (const char* beyond : {"0.0.0.0:7", "192.0.2.1:7", "[::]:7"}) {
    EXPECT_EQ(StaysOnThisMachine(beyond).value(), false) << beyond;
  }
  EXPECT_TRUE(absl::IsInvalidArgument(StaysOnThisMachine("nothing").status()));
}

// Each process draws its nonces from the system: equal seeds give other nonces.
Task<void> DrawNonceInto(Node& node, std::string& nonce) {
  nonce = node.DrawNonce(32);
  co_return;
}
TEST(Nonces, AreOfTheSystemsEntropyAndNotOfTheSeed) {
  std::string nonces[2];
  for (std::string& nonce : nonces) {
    EXPECT_EQ(RunNode([&](Node& node) { return DrawNonceInto(node, nonce); }, {.seed = 1}).value(),
              0);
    EXPECT_EQ(nonce.size(), 32u);
  }
  EXPECT_NE(nonces[0], nonces[1]);
}

}  // namespace
}  // namespace wavetank::platform
