// What scenarios/fakes/line_server.h states of its lines, in both worlds: whoever tries a job out
// for real may serve it with the same fake.
#include "scenarios/fakes/line_server.h"

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "platform/network.h"
#include "platform/task_scope.h"
#include "tests/conformance/expect.h"
#include "tests/conformance/world.h"

namespace wavetank::conformance {
namespace {

using platform::ByteStream;
using platform::Node;
using platform::Task;
using platform::TaskScope;
using scenarios::fakes::LineFeed;
using scenarios::fakes::LineServerMain;

// The server is a child of the body, whose feed it shares.
struct Served {
  Served(Node& node, std::string at) : address(std::move(at)), scope(node.executor()) {
    scope.Spawn("line server", LineServerMain(address, feed)(node));
  }
  const std::string address;
  const std::shared_ptr<LineFeed> feed = std::make_shared<LineFeed>();
  TaskScope scope;
};

class LineServerConformance : public Conformance {
 protected:
  using Body = Task<void> (*)(Node&, Served&);
  void RunServed(Body body) {
    const std::string address = world().FreshAddress("alpha");
    world().RunNode([body, address](Node& node) { return Run(node, body, address); });
  }

 private:
  static Task<void> Run(Node& node, Body body, std::string address) {
    Served served(node, std::move(address));
    co_await body(node, served);
  }
};
INSTANTIATE_TEST_SUITE_P(, LineServerConformance, testing::ValuesIn(AllArms()), ArmName);

Task<std::unique_ptr<ByteStream>> ConnectTo(Node& node, std::string address) {
  while (true) {
    auto stream = co_await node.network().ConnectStream(address);
    if (stream.ok()) co_return *std::move(stream);
    co_await node.clock().Sleep(absl::Milliseconds(5));  // it is not listening yet
  }
}

// Until the server has seen that the connections before the n-th are over.
Task<void> UntilServed(Node& node, Served& served, int64_t connections) {
  while (served.feed->connections() < connections) {
    co_await node.clock().Sleep(absl::Milliseconds(5));
  }
}

// Exactly what is expected: the next bytes, as many as there should be.
Task<void> ExpectBytes(ByteStream& stream, std::string expected) {
  std::string read;
  while (read.size() < expected.size()) {
    const auto missing = static_cast<int64_t>(expected.size() - read.size());
    WT_CO_GET(const std::string bytes, co_await stream.Read(missing));
    if (bytes.empty()) break;
    read += bytes;
  }
  EXPECT_EQ(read, expected);
}

Task<void> ConnectLate(Node& node, Served& served) {
  served.feed->Add({"one", "two"});
  served.feed->Add({"three"});
  const auto stream = co_await ConnectTo(node, served.address);
  co_await ExpectBytes(*stream, "one\ntwo\nthree\n");
  EXPECT_EQ(served.feed->taken(), 3);
  served.feed->Add({"four"});
  co_await ExpectBytes(*stream, "four\n");
}
TEST_P(LineServerConformance, WritesWhatWaitsAndWhatComes) { RunServed(ConnectLate); }

Task<void> ConnectTwice(Node& node, Served& served) {
  served.feed->Add({"first"});
  {
    const auto stream = co_await ConnectTo(node, served.address);
    WT_CO_OK(co_await stream->Write("nobody reads this\n"));
    co_await ExpectBytes(*stream, "first\n");
  }
  const auto stream = co_await ConnectTo(node, served.address);
  co_await UntilServed(node, served, 2);
  served.feed->Add({"second"});
  co_await ExpectBytes(*stream, "second\n");
}
TEST_P(LineServerConformance, WritesNothingAgain) { RunServed(ConnectTwice); }

Task<void> ConnectBesideAnother(Node& node, Served& served) {
  auto first = co_await ConnectTo(node, served.address);
  served.feed->Add({"a"});
  co_await ExpectBytes(*first, "a\n");
  const auto second = co_await ConnectTo(node, served.address);
  served.feed->Add({"b"});
  co_await ExpectBytes(*first, "b\n");
  first = nullptr;
  co_await UntilServed(node, served, 2);
  served.feed->Add({"c"});
  co_await ExpectBytes(*second, "c\n");
}
TEST_P(LineServerConformance, ServesOneAfterTheOther) { RunServed(ConnectBesideAnother); }

}  // namespace
}  // namespace wavetank::conformance
