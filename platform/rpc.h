// Rpc: requests and replies over a Connection, many at a time.
//
// Contract: a request that fails with kUnavailable or kDeadlineExceeded may have been done, may be
// done later, or never. Nothing is retried here: the caller knows what may be repeated. Requests on
// one client may be answered in any order. A reply that comes after its caller gave up is dropped.
// Handlers run concurrently, at most RpcServerOptions::max_in_flight a connection; when a
// connection breaks, its handlers are cancelled (destroyed at a suspension point).
#ifndef WAVETANK_PLATFORM_RPC_H_
#define WAVETANK_PLATFORM_RPC_H_

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"

#include "platform/event.h"
#include "platform/network.h"
#include "platform/node.h"
#include "platform/task.h"
#include "platform/task_scope.h"

namespace wavetank::platform {

// What a request or a reply carries: bytes and, optionally, an attachment (network.h).
using RpcPayload = Message;

// One connection to a server. Once it has broken every call gives kUnavailable: connect anew.
class RpcClient {
 public:
  static Task<absl::StatusOr<std::unique_ptr<RpcClient>>> Connect(Node& node, std::string address);
  // Takes over a connection that is already there.
  RpcClient(Node& node, std::unique_ptr<Connection> connection);
  ~RpcClient();

  // The handler's answer, or its error status with the message it gave.
  Task<absl::StatusOr<RpcPayload>> Call(std::string method, RpcPayload request,
                                        absl::Duration timeout);
  bool broken() const { return broken_.is_set(); }
  // Returns when the connection has broken.
  Event::Awaiter WaitBroken() { return broken_.Wait(); }
  const absl::Status& why_broken() const { return why_broken_; }

 private:
  struct Pending;
  Task<void> ReceiveReplies();

  Node& node_;
  std::unique_ptr<Connection> connection_;
  uint64_t next_id_ = 1;
  std::map<uint64_t, Pending*> pending_;
  Event broken_;
  absl::Status why_broken_;
  TaskScope scope_;
};

// `connection_id` tells one client's connections apart from another's: fresh for each connection.
using RpcHandler = std::function<Task<absl::StatusOr<RpcPayload>>(
    std::string method, RpcPayload request, uint64_t connection_id)>;

struct RpcServerOptions {
  int max_in_flight = 64;
  // Told once for each connection that has ended.
  std::function<void(uint64_t connection_id)> on_disconnect;
};

class RpcServer {
 public:
  static constexpr absl::Duration kAcceptRetryDelay = absl::Milliseconds(100);

  // Listens on `address` and serves until destroyed. `node` must outlive the server. An error of
  // accepting is logged and accepting goes on, kAcceptRetryDelay later, unless the listener itself
  // has ended (kCancelled): a service must not fall silent for ever because files ran out for once.
  static Task<absl::StatusOr<std::unique_ptr<RpcServer>>> Start(Node& node, std::string address,
                                                                RpcHandler handler,
                                                                RpcServerOptions options = {});
  // The address with the port that was picked.
  std::string address() const { return listener_->address(); }

 private:
  RpcServer(Node& node, std::unique_ptr<Listener> listener, RpcHandler handler,
            RpcServerOptions options);
  Task<void> AcceptAll();
  Task<void> Serve(std::unique_ptr<Connection> connection, uint64_t id);

  Node& node_;
  std::unique_ptr<Listener> listener_;
  const RpcHandler handler_;
  const RpcServerOptions options_;
  TaskScope scope_;
};

}  // namespace wavetank::platform

#endif  // WAVETANK_PLATFORM_RPC_H_
