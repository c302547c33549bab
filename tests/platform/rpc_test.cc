#include "platform/rpc.h"

#include <deque>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "gtest/gtest.h"

#include "platform/network.h"
#include "platform/node.h"
#include "platform/task_scope.h"
#include "platform/text.h"
#include "simulator/sim_world.h"

namespace wavetank::platform {
namespace {

using simulator::SimNetworkOptions;
using simulator::SimWorld;

struct RpcText final : Attachment {
  explicit RpcText(std::string t) : text(std::move(t)) {}
  std::string Encode() const override { return text; }
  const std::string text;
};

RpcPayload Body(std::string body) {
  RpcPayload payload;
  payload.body = std::move(body);
  return payload;
}

// What the server's handlers and its caller saw.
struct RpcSeen {
  int running = 0;
  int most_running = 0;
  int finished = 0;
  int cancelled = 0;
  std::vector<uint64_t> disconnected;
  std::vector<std::string> replies;
  bool done = false;
};

// Counts a handler in and out, also when it is destroyed on the way.
struct InHandler {
  explicit InHandler(RpcSeen& s) : seen(s) {
    ++seen.running;
    seen.most_running = std::max(seen.most_running, seen.running);
  }
  ~InHandler() {
    --seen.running;
    if (!returned) ++seen.cancelled;
  }
  RpcSeen& seen;
  bool returned = false;
};

// "echo", "refuse", "throw", and "sleep <milliseconds>".
Task<absl::StatusOr<RpcPayload>> HandleRpc(Node& node, RpcSeen* seen, std::string method,
                                           RpcPayload request) {
  InHandler here(*seen);
  if (method == "throw") throw std::runtime_error("the handler's own words");
  if (method == "refuse") {
    here.returned = true;
    co_return absl::FailedPreconditionError("not today");
  }
  if (method == "sleep") {
    co_await node.clock().Sleep(absl::Milliseconds(std::stoi(request.body)));
  }
  here.returned = true;
  ++seen->finished;
  co_return std::move(request);
}

Task<void> ServeRpc(Node& node, RpcSeen* seen, std::string address, int max_in_flight) {
  RpcHandler handler = [&node, seen](std::string method, RpcPayload request, RpcCall) {
    return HandleRpc(node, seen, std::move(method), std::move(request));
  };
  RpcServerOptions options;
  options.max_in_flight = max_in_flight;
  options.on_disconnect = [seen](uint64_t id) { seen->disconnected.push_back(id); };
  const auto server =
      co_await RpcServer::Start(node, std::move(address), std::move(handler), std::move(options));
  EXPECT_TRUE(server.ok()) << server.status();
  co_await node.clock().Sleep(absl::Hours(1));
}

using RpcCaller = std::function<Task<void>(Node&, RpcClient&, RpcSeen*)>;

Task<void> CallRpc(Node& node, RpcSeen* seen, std::string address, RpcCaller caller) {
  std::unique_ptr<RpcClient> client;
  while (client == nullptr) {
    auto connected = co_await RpcClient::Connect(node, address);
    if (connected.ok()) client = *std::move(connected);
    if (client == nullptr) co_await node.clock().Sleep(absl::Milliseconds(10));
  }
  co_await caller(node, *client, seen);
  seen->done = true;
}

// A server and a caller, each on a machine of its own or both in one process.
class RpcPair {
 public:
  explicit RpcPair(uint64_t seed, int max_in_flight = 64)
      : world_({.seed = seed}), max_in_flight_(max_in_flight) {}

  void Run(RpcCaller caller) {
    world_.AddMachine("server");
    world_.AddMachine("caller");
    world_.Start("server", {"server", {Server("server:1")}});
    world_.Start("caller", {"caller", {Caller("server:1", std::move(caller))}});
    RunUntilDone();
  }
  void RunInOneProcess(RpcCaller caller) {
    world_.AddMachine("both");
    world_.Start("both", {"both", {Server("inproc:s"), Caller("inproc:s", std::move(caller))}});
    RunUntilDone();
  }
  SimWorld& world() { return world_; }
  RpcSeen seen;

 private:
  NodeSpec Server(std::string address) {
    return {"server",
            [this, address](Node& node) { return ServeRpc(node, &seen, address, max_in_flight_); }};
  }
  NodeSpec Caller(std::string address, RpcCaller caller) {
    return {"caller",
            [this, address, caller](Node& node) { return CallRpc(node, &seen, address, caller); }};
  }
  void RunUntilDone() {
    EXPECT_EQ(world_.RunUntil([this] { return seen.done; }), simulator::RunEnd::kDone);
  }

  SimWorld world_;
  const int max_in_flight_;
};

Task<void> EchoOne(Node&, RpcClient& client, RpcSeen* seen) {
  RpcPayload request = Body("hello");
  request.attachment = std::make_shared<RpcText>("attached");
  const auto reply = co_await client.Call("echo", std::move(request), absl::Seconds(5));
  EXPECT_TRUE(reply.ok()) << reply.status();
  if (!reply.ok()) co_return;
  seen->replies.push_back(reply->body);
  seen->replies.push_back(reply->attachment ? reply->attachment->Encode()
                                            : reply->attachment_bytes);
}

TEST(Rpc, CarriesBodyAndAttachmentBothWays) {
  for (uint64_t seed = 1; seed <= 8; ++seed) {
    RpcPair apart(seed);
    apart.Run(EchoOne);
    EXPECT_EQ(apart.seen.replies, (std::vector<std::string>{"hello", "attached"}));
    RpcPair together(seed);
    together.RunInOneProcess(EchoOne);
    EXPECT_EQ(together.seen.replies, (std::vector<std::string>{"hello", "attached"}));
  }
}

// More than the window holds, to a server that takes one request at a time: most wait to be sent.
Task<void> SleepOnce(RpcClient& client, RpcSeen* seen) {
  RpcPayload request = Body("600000");
  request.attachment = std::make_shared<RpcText>(std::string(100'000, 'x'));
  const auto reply = co_await client.Call("sleep", std::move(request), absl::Minutes(20));
  seen->replies.push_back(std::string(absl::StatusCodeToString(reply.status().code())));
}

Task<void> SleepManyAtOnce(Node& node, RpcClient& client, RpcSeen* seen) {
  TaskScope calls(node.executor());
  for (int call = 0; call < 500; ++call) calls.Spawn("call", SleepOnce(client, seen));
  co_await calls.Join();
}

TEST(Rpc, CallsThatWaitToBeSentFailAsTheConnectionDid) {
  for (uint64_t seed = 1; seed <= 8; ++seed) {
    RpcPair pair(seed, /*max_in_flight=*/1);
    pair.world().scheduler().FirstAt(absl::ToInt64Nanoseconds(absl::Seconds(5)),
                                     pair.world().scheduler().NewLife(),
                                     [&pair] { pair.world().Crash("server"); });
    pair.Run(SleepManyAtOnce);
    // Nobody has cancelled them: "cancelled" would be the client's own closing of what broke.
    EXPECT_EQ(pair.seen.replies, std::vector<std::string>(500, "UNAVAILABLE"));
  }
}

Task<void> CallWhatFails(Node&, RpcClient& client, RpcSeen* seen) {
  for (const char* method : {"refuse", "throw", "echo"}) {
    const auto reply = co_await client.Call(method, Body("still here"), absl::Seconds(5));
    seen->replies.push_back(reply.ok() ? reply->body : std::string(reply.status().ToString()));
  }
}

TEST(Rpc, AnErrorOrExceptionOfTheHandlerIsThatRequestsOwn) {
  RpcPair pair(1);
  pair.Run(CallWhatFails);
  EXPECT_EQ(pair.seen.replies,
            (std::vector<std::string>{"FAILED_PRECONDITION: not today",
                                      "INTERNAL: the handler threw: the handler's own words",
                                      "still here"}));
}

Task<void> CallOnce(RpcClient& client, RpcSeen* seen, int milliseconds) {
  const auto reply =
      co_await client.Call("sleep", Body(std::to_string(milliseconds)), absl::Seconds(30));
  seen->replies.push_back(reply.ok() ? reply->body : "failed");
  EXPECT_EQ(seen->replies.back(), std::to_string(milliseconds));
}

Task<void> CallManyAtOnce(Node& node, RpcClient& client, RpcSeen* seen) {
  TaskScope scope(node.executor());
  for (int i = 0; i < 20; ++i) scope.Spawn("call", CallOnce(client, seen, 1000 - 50 * i));
  co_await scope.Join();
}

TEST(Rpc, EachCallGetsItsOwnReplyInWhateverOrderTheyCome) {
  RpcPair pair(1);
  pair.Run(CallManyAtOnce);
  ASSERT_EQ(pair.seen.replies.size(), 20u);
  EXPECT_EQ(pair.seen.replies.front(), "50");
  EXPECT_EQ(pair.seen.most_running, 20);
}

TEST(Rpc, NoMoreHandlersOfAConnectionRunThanItsBound) {
  for (uint64_t seed = 1; seed <= 5; ++seed) {
    RpcPair pair(seed, /*max_in_flight=*/3);
    pair.Run(CallManyAtOnce);
    EXPECT_EQ(pair.seen.replies.size(), 20u);
    EXPECT_EQ(pair.seen.most_running, 3);
  }
}

Task<void> GiveUpThenCall(Node& node, RpcClient& client, RpcSeen* seen) {
  const auto late = co_await client.Call("sleep", Body("2000"), absl::Seconds(1));
  EXPECT_EQ(late.status().code(), absl::StatusCode::kDeadlineExceeded);
  EXPECT_EQ(seen->finished, 0);
  const auto next = co_await client.Call("sleep", Body("1500"), absl::Seconds(5));
  seen->replies.push_back(next.ok() ? next->body : "failed");
  co_await node.clock().Sleep(absl::Seconds(3));
}

TEST(Rpc, AHandlerWhoseCallerGaveUpIsCancelled) {
  RpcPair pair(1);
  pair.Run(GiveUpThenCall);
  EXPECT_EQ(pair.seen.replies, (std::vector<std::string>{"1500"}));
  EXPECT_EQ(pair.seen.finished, 1);
  EXPECT_EQ(pair.seen.cancelled, 1);
}

// Replies that come about when their callers have just given up; nobody else gets them.
Task<void> GiveUpAtTheLastMoment(Node& node, RpcClient& client, RpcSeen* seen) {
  int given_up = 0;
  for (int call = 0; call < 200; ++call) {
    const absl::Duration patience = absl::Microseconds(10'000 + 5 * call);
    const auto late = co_await client.Call("sleep", Body("10"), patience);
    if (late.ok()) EXPECT_EQ(late->body, "10");
    if (!late.ok()) ++given_up;
    const auto next = co_await client.Call("echo", Body("next"), absl::Seconds(5));
    EXPECT_EQ(next.ok() ? next->body : next.status().ToString(), "next");
  }
  EXPECT_GT(given_up, 0);
  seen->replies.push_back("all");
  co_await node.clock().Sleep(absl::Seconds(1));
}
TEST(Rpc, AReplyThatComesAfterItsCallerGaveUpIsDropped) {
  RpcPair pair(1);
  pair.Run(GiveUpAtTheLastMoment);
  EXPECT_EQ(pair.seen.replies, (std::vector<std::string>{"all"}));
  EXPECT_EQ(pair.seen.finished, 400) << "the server waits no shorter than the caller";
}

// A caller that is destroyed while it waits leaves nothing behind for its reply to find.
Task<void> AbandonACall(Node& node, RpcClient& client, RpcSeen* seen) {
  {
    TaskScope scope(node.executor());
    scope.Spawn("call", CallOnce(client, seen, 500));
    co_await node.clock().Sleep(absl::Milliseconds(100));
  }
  co_await node.clock().Sleep(absl::Seconds(2));
  EXPECT_EQ(seen->finished, 1);
  EXPECT_TRUE(seen->replies.empty());
}

TEST(Rpc, ACallCanBeDestroyedWhileItWaits) {
  RpcPair pair(1);
  pair.Run(AbandonACall);
}

Task<void> CallUntilBroken(Node&, RpcClient& client, RpcSeen* seen) {
  const auto reply = co_await client.Call("sleep", Body("60000"), absl::Minutes(2));
  EXPECT_EQ(reply.status().code(), absl::StatusCode::kUnavailable);
  EXPECT_TRUE(client.broken());
  co_await client.WaitBroken();
  EXPECT_EQ(client.why_broken(), reply.status());
  const auto again = co_await client.Call("echo", Body(""), absl::Minutes(2));
  EXPECT_EQ(again.status().code(), absl::StatusCode::kUnavailable);
  seen->replies.push_back("broken");
}

TEST(Rpc, EveryCallFailsOnceTheConnectionHasBroken) {
  for (const bool partition : {false, true}) {
    RpcPair pair(1);
    pair.world().scheduler().FirstAt(absl::ToInt64Nanoseconds(absl::Seconds(2)),
                                     simulator::LifeId(0), [&] {
                                       if (partition)
                                         pair.world().network().Partition("server", "caller");
                                       if (!partition) pair.world().Crash("server");
                                     });
    pair.Run(CallUntilBroken);
    EXPECT_EQ(pair.seen.replies, (std::vector<std::string>{"broken"}));
    EXPECT_LT(pair.world().now(), absl::Seconds(30));
  }
}

Task<void> HangUpDuringACall(Node& node, RpcClient& client, RpcSeen* seen) {
  TaskScope scope(node.executor());
  scope.Spawn("call", CallOnce(client, seen, 10'000));
  co_await node.clock().Sleep(absl::Seconds(1));
}

TEST(Rpc, HandlersOfABrokenConnectionAreCancelledAndItsEndIsToldOnce) {
  RpcPair pair(1);
  pair.Run(HangUpDuringACall);
  pair.world().RunFor(absl::Seconds(5));
  EXPECT_EQ(pair.seen.running, 0);
  EXPECT_EQ(pair.seen.finished, 0);
  EXPECT_EQ(pair.seen.cancelled, 1);
  EXPECT_EQ(pair.seen.disconnected, (std::vector<uint64_t>{1}));
}

// A network on which accepting fails first, in the given way, before it is the network underneath.
struct AcceptFailures {
  std::deque<absl::Status> errors;
  int accepts = 0;
};

class FailingListener final : public Listener {
 public:
  FailingListener(std::unique_ptr<Listener> inner, AcceptFailures* failures)
      : inner_(std::move(inner)), failures_(failures) {}
  Task<absl::StatusOr<std::unique_ptr<Connection>>> Accept() override {
    ++failures_->accepts;
    if (failures_->errors.empty()) co_return co_await inner_->Accept();
    const absl::Status error = failures_->errors.front();
    failures_->errors.pop_front();
    co_return error;
  }
  std::string address() const override { return inner_->address(); }

 private:
  const std::unique_ptr<Listener> inner_;
  AcceptFailures* const failures_;
};

class AcceptFailingNetwork final : public Network {
 public:
  AcceptFailingNetwork(Network& inner, AcceptFailures* failures)
      : inner_(inner), failures_(failures) {}
  Task<absl::StatusOr<std::unique_ptr<Listener>>> Listen(std::string address) override {
    auto listener = co_await inner_.Listen(std::move(address));
    if (!listener.ok()) co_return listener.status();
    co_return std::make_unique<FailingListener>(*std::move(listener), failures_);
  }
  Task<absl::StatusOr<std::unique_ptr<Connection>>> Connect(std::string address) override {
    return inner_.Connect(std::move(address));
  }
  Task<absl::StatusOr<std::unique_ptr<ByteStream>>> ConnectStream(std::string address) override {
    return inner_.ConnectStream(std::move(address));
  }
  Task<absl::StatusOr<std::unique_ptr<StreamListener>>> ListenStream(std::string address) override {
    return inner_.ListenStream(std::move(address));
  }

 private:
  Network& inner_;
  AcceptFailures* const failures_;
};

struct KeptLog final : Logger {
  void Log(const Node&, LogLevel, std::string text) override { lines.push_back(std::move(text)); }
  std::vector<std::string> lines;
};

struct AcceptRun {
  AcceptFailures failures;
  KeptLog log;
  RpcSeen seen;
};

Task<void> ServeWithFailures(Node& node, AcceptRun* run) {
  AcceptFailingNetwork network(node.network(), &run->failures);
  Node over("server", "server", "over", node.incarnation(), node.random(),
            {.executor = node.executor(),
             .clock = node.clock(),
             .network = network,
             .disk = node.disk(),
             .logger = run->log,
             .exit = [](int) {},
             .secret = node.secret()});
  co_await ServeRpc(over, &run->seen, "server:1", 64);
}

Task<void> EchoOneIfServed(Node&, RpcClient& client, RpcSeen* seen) {
  const auto reply = co_await client.Call("echo", Body("hello"), absl::Seconds(5));
  if (reply.ok()) seen->replies.push_back(reply->body);
}

// For ten seconds.
void RunWithFailures(AcceptRun& run) {
  SimWorld world({.seed = 1});
  world.AddMachine("server");
  world.AddMachine("caller");
  world.Start(
      "server",
      {"server", {{"server", [&run](Node& node) { return ServeWithFailures(node, &run); }}}});
  world.Start("caller", {"caller", {{"caller", [&run](Node& node) {
                                       return CallRpc(node, &run.seen, "server:1", EchoOneIfServed);
                                     }}}});
  world.RunFor(absl::Seconds(10));
}

TEST(Rpc, AServerGoesOnAfterAnErrorOfAcceptingThatMayPass) {
  AcceptRun run;
  const absl::Status no_files = absl::ResourceExhaustedError("too many open files");
  run.failures.errors = {absl::UnavailableError("reset before it was accepted"), no_files, no_files,
                         no_files};
  RunWithFailures(run);
  EXPECT_EQ(run.seen.replies, (std::vector<std::string>{"hello"}));
  // Once each, however often it is tried.
  EXPECT_EQ(run.log.lines,
            (std::vector<std::string>{"rpc server at server:1 could not accept, goes on: "
                                      "UNAVAILABLE: reset before it was accepted",
                                      "rpc server at server:1 could not accept, goes on: "
                                      "RESOURCE_EXHAUSTED: too many open files"}));
}

TEST(Rpc, AServerPausesBetweenErrorsOfAccepting) {
  AcceptRun run;
  run.failures.errors.assign(100'000, absl::ResourceExhaustedError("too many open files"));
  RunWithFailures(run);
  EXPECT_GT(run.failures.accepts, 50);
  EXPECT_LE(run.failures.accepts, absl::Seconds(10) / RpcServer::kAcceptRetryDelay);
  EXPECT_TRUE(run.seen.replies.empty());
}

TEST(Rpc, AServerWhoseListenerHasEndedStopsAccepting) {
  AcceptRun run;
  run.failures.errors = {absl::CancelledError("the listener was closed")};
  RunWithFailures(run);
  EXPECT_EQ(run.failures.accepts, 1);
  EXPECT_TRUE(run.seen.replies.empty());
  EXPECT_EQ(run.log.lines,
            (std::vector<std::string>{"rpc server at server:1 stops accepting: CANCELLED: the "
                                      "listener was closed"}));
}

}  // namespace
}  // namespace wavetank::platform
