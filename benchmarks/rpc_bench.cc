// What a request over rpc costs against the messages that carry it; and an append to a served store
// against one to the store itself. Both sides take turns in each iteration.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "benchmarks/real_scratch.h"

#include "checkpoint/local_store.h"
#include "checkpoint/served_store.h"
#include "checkpoint/store_service.h"
#include "platform/check.h"
#include "platform/event.h"
#include "platform/rpc.h"
#include "platform/task_scope.h"

namespace wavetank {
namespace {

using Clock = std::chrono::steady_clock;
using platform::Connection;
using platform::Node;
using platform::RpcPayload;
using platform::Task;

double Seconds(Clock::duration time) { return std::chrono::duration<double>(time).count(); }
double Median(std::vector<double>& times) {
  std::ranges::sort(times);
  return times[times.size() / 2];
}

// Client and server are nodes of one process: each has a thread, and TCP is between them.
void RunPair(const RealScratch& scratch, platform::NodeMain server, platform::NodeMain client) {
  platform::RealProcessOptions options;
  options.disk_root = scratch.path();
  options.log_level = platform::LogLevel::kError;
  auto process = platform::RealProcess::Create(
      {"bench", {{"server", std::move(server)}, {"client", std::move(client)}}}, options);
  WT_CHECK(process.ok());
  WT_CHECK((*process)->Run() == 0);
}

Task<absl::StatusOr<RpcPayload>> Same(RpcPayload request) { co_return std::move(request); }

constexpr const char* kEcho = "127.0.0.1:23871";
constexpr const char* kMessages = "127.0.0.1:23872";
constexpr const char* kStore = "127.0.0.1:23873";

Task<void> Answer(std::unique_ptr<Connection> connection) {
  while (true) {
    auto message = co_await connection->Receive();
    if (!message.ok()) co_return;
    (co_await connection->Send(*std::move(message))).IgnoreError();
  }
}
Task<void> ServeEcho(Node& node) {
  const auto server = co_await platform::RpcServer::Start(
      node, kEcho, [](std::string, RpcPayload request, auto) { return Same(std::move(request)); });
  WT_CHECK(server.ok());
  auto listener = co_await node.network().Listen(kMessages);
  WT_CHECK(listener.ok());
  auto connection = co_await (*listener)->Accept();
  co_await Answer(*std::move(connection));
  platform::Event never;
  co_await never.Wait();
}

Task<void> Call(platform::RpcClient& client, const std::string& body) {
  RpcPayload request;
  request.body = body;
  const auto reply = co_await client.Call("echo", std::move(request), absl::Seconds(5));
  WT_CHECK(reply.ok());
}
Task<void> Ask(Node& node, benchmark::State& state) {
  absl::StatusOr<std::unique_ptr<platform::RpcClient>> client = absl::UnknownError("");
  while (!client.ok()) {
    client = co_await platform::RpcClient::Connect(node, kEcho);
    if (!client.ok()) co_await node.clock().Sleep(absl::Milliseconds(10));
  }
  auto connection = co_await node.network().Connect(kMessages);
  WT_CHECK(connection.ok());
  const std::string body(static_cast<size_t>(state.range(0)), 'x');
  constexpr int kTogether = 64;
  std::vector<double> by_rpc, by_message;
  double together = 0;
  int64_t calls = 0;
  for (auto _ : state) {
    auto start = Clock::now();
    co_await Call(**client, body);
    by_rpc.push_back(Seconds(Clock::now() - start));
    start = Clock::now();
    platform::Message message;
    message.body = body;
    (co_await (*connection)->Send(std::move(message))).IgnoreError();
    const auto reply = co_await (*connection)->Receive();
    WT_CHECK(reply.ok());
    by_message.push_back(Seconds(Clock::now() - start));
    start = Clock::now();
    platform::TaskScope scope(node.executor());
    for (int i = 0; i < kTogether; ++i) scope.Spawn("call", Call(**client, body));
    co_await scope.Join();
    together += Seconds(Clock::now() - start);
    calls += kTogether;
  }
  state.counters["ratio"] = Median(by_rpc) / Median(by_message);
  state.counters["rpc_us"] = Median(by_rpc) * 1e6;
  state.counters["calls_per_s"] = static_cast<double>(calls) / together;
  node.Exit(0);
}

void CallAgainstMessages(benchmark::State& state) {
  const RealScratch scratch;
  RunPair(scratch, ServeEcho, [&](Node& node) { return Ask(node, state); });
}
BENCHMARK(CallAgainstMessages)->Arg(100)->Arg(64 << 10)->Unit(benchmark::kMicrosecond);

Task<void> ServeStore(Node& node) { return checkpoint::RunStoreService(node, kStore, "served"); }
Task<double> TimedAppend(checkpoint::Store& store, uint64_t at, const std::string& bytes) {
  const auto start = Clock::now();
  const absl::Status appended = co_await store.Append("log", at, bytes);
  WT_CHECK(appended.ok());
  co_return Seconds(Clock::now() - start);
}
Task<void> AppendToBoth(Node& node, benchmark::State& state) {
  checkpoint::ServedStore served(node, kStore);
  checkpoint::LocalStore local(node, "local");
  for (checkpoint::Store* store :
       {static_cast<checkpoint::Store*>(&served), static_cast<checkpoint::Store*>(&local)}) {
    const absl::Status created = co_await store->CreateIfAbsent("log", "");
    WT_CHECK(created.ok());
  }
  const std::string bytes(static_cast<size_t>(state.range(0)), 'x');
  std::vector<double> by_service, by_disk;
  uint64_t at = 0;
  for (auto _ : state) {
    by_service.push_back(co_await TimedAppend(served, at, bytes));
    by_disk.push_back(co_await TimedAppend(local, at, bytes));
    at += bytes.size();
  }
  state.counters["ratio"] = Median(by_service) / Median(by_disk);
  state.counters["served_us"] = Median(by_service) * 1e6;
  node.Exit(0);
}
void ServedAppendAgainstLocal(benchmark::State& state) {
  const RealScratch scratch;
  RunPair(scratch, ServeStore, [&](Node& node) { return AppendToBoth(node, state); });
}
BENCHMARK(ServedAppendAgainstLocal)->Arg(1 << 10)->Arg(1 << 20)->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace wavetank
