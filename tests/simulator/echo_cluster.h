// A cluster of two for the simulator's own tests: a client that sends lines until each is answered,
// and a server that stores a line durably before it answers.
#ifndef WAVETANK_TESTS_SIMULATOR_ECHO_CLUSTER_H_
#define WAVETANK_TESTS_SIMULATOR_ECHO_CLUSTER_H_

#include <memory>
#include <string>
#include <utility>

#include "platform/task_scope.h"
#include "platform/timeout.h"
#include "simulator/sim_world.h"

namespace wavetank::simulator {

inline constexpr platform::StepName kLineStored{"test.line_stored", "line",
                                                "A line is on the server's disk."};

// A server that appends every message to a synced log and answers, until it dies.
inline platform::Task<void> ServeOne(platform::Node& node,
                                     std::unique_ptr<platform::Connection> connection) {
  auto log = co_await node.disk().Open("log", platform::OpenMode::kWrite);
  if (log.status().code() == absl::StatusCode::kNotFound) {
    log = co_await node.disk().Open("log", platform::OpenMode::kCreateNew);
  }
  if (!log.ok()) co_return;
  int64_t line = 0;
  for (;;) {
    auto message = co_await connection->Receive();
    if (!message.ok()) co_return;
    const auto appended = co_await (*log)->Append(message->body + "\n");
    if (!appended.ok()) co_return;
    const auto stored = co_await (*log)->ReadAt(*appended, message->body.size());
    if (!stored.ok() || *stored != message->body) co_return;
    const absl::Status synced = co_await (*log)->Sync();
    if (!synced.ok()) co_return;
    const absl::Status named = co_await node.disk().SyncDirectory("");
    if (!named.ok()) co_return;
    const auto listed = co_await node.disk().List("");
    if (!listed.ok()) co_return;
    co_await node.Step(kLineStored, {{"line", ++line}});
    const absl::Status answered = co_await connection->Send(std::move(*message));
    if (!answered.ok()) co_return;
  }
}

inline platform::Task<void> Serve(platform::Node& node) {
  auto listener = co_await node.network().Listen(node.machine() + ":7000");
  while (!listener.ok()) {  // a zombie may still hold the address
    co_await node.clock().Sleep(absl::Milliseconds(100));
    listener = co_await node.network().Listen(node.machine() + ":7000");
  }
  platform::TaskScope connections(node.executor());
  for (;;) {
    auto connection = co_await (*listener)->Accept();
    if (!connection.ok()) co_return;
    connections.Spawn("connection", ServeOne(node, *std::move(connection)));
  }
}

// Sends `lines` lines, each again over a new connection until it is answered.
inline platform::Task<void> Ask(platform::Node& node, int lines, int* answered) {
  std::unique_ptr<platform::Connection> connection;
  for (int line = 0; line < lines;) {
    if (connection == nullptr) {
      auto connected = co_await node.network().Connect("server:7000");
      if (!connected.ok()) {
        co_await node.clock().Sleep(absl::Milliseconds(100));
        continue;
      }
      connection = *std::move(connected);
    }
    platform::Message message;
    message.body = "line " + std::to_string(line);
    const absl::Status sent = co_await connection->Send(std::move(message));
    bool done = false;
    if (sent.ok()) {
      const auto answer = co_await platform::WithTimeout(
          node.executor(), node.clock(), absl::Seconds(2), "answer", connection->Receive());
      done = answer.ok();
    }
    if (done) {
      ++line;
      ++*answered;
    } else {
      connection = nullptr;
    }
  }
}

inline platform::ProcessSpec Server() { return {"server", {{"server", Serve}}}; }
inline platform::ProcessSpec Client(int lines, int* answered) {
  return {"client", {{"client", [=](platform::Node& node) { return Ask(node, lines, answered); }}}};
}

// Machines and processes "client" and "server".
inline void StartEchoCluster(SimWorld& world, int lines, int* answered) {
  world.AddMachine("client");
  world.AddMachine("server");
  world.Start("server", Server());
  world.Start("client", Client(lines, answered));
}

}  // namespace wavetank::simulator

#endif  // WAVETANK_TESTS_SIMULATOR_ECHO_CLUSTER_H_
