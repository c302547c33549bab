// Rpc: requests and replies over a Connection, many at a time, between nodes that know each other.
//
// Contract: a request that fails with kUnavailable or kDeadlineExceeded may have been done, may be
// done later, or never. Nothing is retried here: the caller knows what may be repeated. Requests on
// one client may be answered in any order. A reply that comes after its caller gave up is dropped.
// Handlers run concurrently, at most RpcServerOptions::max_in_flight a connection; when a
// connection breaks, or when nobody waits for the reply any more, its handler is cancelled
// (destroyed at a suspension point).
//
// Every connection begins with a handshake (handshake.h): a handler runs for peers alone that have
// shown that they know the node's secret, and is told who they say they are.
//
// Memory. A server counts what its requests hold, on their way in, in the handlers' hands and until
// their replies are said, against one budget of all its connections,
// RpcServerOptions::memory_bytes. Where that is used up it takes nothing more from the connections:
// callers wait, and none is refused. A request that could never fit is answered with
// kInvalidArgument.
#ifndef WAVETANK_PLATFORM_RPC_H_
#define WAVETANK_PLATFORM_RPC_H_

#include <cstdint>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"

#include "platform/budget.h"
#include "platform/event.h"
#include "platform/handshake.h"
#include "platform/network.h"
#include "platform/node.h"
#include "platform/rpc_wire.h"
#include "platform/task.h"
#include "platform/task_scope.h"

namespace wavetank::platform {

// One connection to a server. Once it has broken every call gives kUnavailable: connect anew.
class RpcClient {
 public:
  // How long a server may take to answer the handshake.
  static constexpr absl::Duration kHandshakeTimeout = absl::Seconds(5);

  // Connects and shakes hands. Errors: what Connect gives; kUnavailable if the peer does not
  // answer; kPermissionDenied and kFailedPrecondition if one refuses the other (handshake.h).
  static Task<absl::StatusOr<std::unique_ptr<RpcClient>>> Connect(Node& node, std::string address);
  ~RpcClient();

  // The handler's answer, or its error status with the message it gave. `trace` goes with the
  // request to whoever logs what became of it; 0: one of its own.
  Task<absl::StatusOr<RpcPayload>> Call(std::string method, RpcPayload request,
                                        absl::Duration timeout, uint64_t trace = 0);
  bool broken() const { return broken_.is_set(); }
  // Returns when the connection has broken.
  Event::Awaiter WaitBroken() { return broken_.Wait(); }
  const absl::Status& why_broken() const { return why_broken_; }
  const Session& session() const { return session_; }

 private:
  struct Pending;
  RpcClient(Node& node, std::unique_ptr<Connection> connection, Session session);
  Task<void> ReceiveReplies();
  void Answer(RpcIncoming reply);

  Node& node_;
  std::unique_ptr<Connection> connection_;
  const Session session_;
  const uint64_t traces_;
  Budget turn_{1};
  uint64_t next_id_ = 1;
  std::map<uint64_t, Pending*> pending_;
  Event broken_;
  absl::Status why_broken_;
  TaskScope scope_;
};

// What a handler knows of a request besides its content. Copies refer to the same request.
class RpcCall {
 public:
  RpcCall(uint64_t connection, std::shared_ptr<const Session> session, MonotonicTime deadline,
          uint64_t trace, std::shared_ptr<Budget> memory, Budget::Share request);

  // Tells one client's connections apart from another's: fresh for each connection.
  uint64_t connection() const { return connection_; }
  // Who the peer is, as it says under the secret.
  const Session& session() const { return *session_; }
  // Nobody waits for a reply that comes later.
  MonotonicTime deadline() const { return deadline_; }
  uint64_t trace() const { return trace_; }
  // Waits until the server has memory for so many more bytes, which count for this request for as
  // long as any copy of this lives; a quarter of it is the most that is counted. REQUIRES: the
  // request was small, and the handler holds nothing that another request's end waits for.
  Task<void> Reserve(int64_t bytes) const { return ReserveFor(memory_, held_, bytes); }

 private:
  using Held = std::shared_ptr<std::vector<Budget::Share>>;
  static Task<void> ReserveFor(std::shared_ptr<Budget> memory, Held held, int64_t bytes);

  uint64_t connection_;
  std::shared_ptr<const Session> session_;
  MonotonicTime deadline_;
  uint64_t trace_;
  std::shared_ptr<Budget> memory_;
  Held held_;
};

using RpcHandler = std::function<Task<absl::StatusOr<RpcPayload>>(
    std::string method, RpcPayload request, RpcCall call)>;

struct RpcServerOptions {
  int max_in_flight = 64;
  // Of all requests together. Half of it at most goes to the connections themselves, and a quarter
  // to any one request, so that nobody waits for what never comes.
  int64_t memory_bytes = int64_t{1} << 30;
  // What a request of so many bytes takes of it: handlers take requests apart, into copies.
  int64_t memory_factor = 2;
  // What a connection takes of it: its buffers, when they are full.
  int64_t connection_bytes = int64_t{1} << 20;
  // A peer that has not finished its handshake by then is cut off, and the oldest of more than so
  // many who are at it.
  absl::Duration handshake_timeout = absl::Seconds(5);
  size_t max_handshakes = 64;
  // Told once for each connection that was welcome and has ended.
  std::function<void(uint64_t connection)> on_disconnect;
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
  struct Served;
  RpcServer(Node& node, std::unique_ptr<Listener> listener, RpcHandler handler,
            RpcServerOptions options);
  Task<void> AcceptAll();
  Task<void> Serve(std::unique_ptr<Connection> connection, uint64_t id);
  // The handshake, and the memory of a connection.
  Task<absl::Status> Welcome(Served& served);
  // Takes requests until the connection ends, which is why it returns.
  Task<absl::Status> TakeRequests(Served& served);
  Task<void> DropWhatIsLate(Served& served);
  // A request's first message: takes the memory for it, or refuses it.
  Task<void> Begin(Served& served, RpcPart first);
  Task<void> Handle(Served& served, RpcPayload request, std::string method, uint64_t id,
                    RpcCall call);
  static Task<void> Reply(Served& served, uint64_t id, absl::StatusOr<RpcPayload> result);
  absl::Status RoomForOneMore() const;
  void LogRefusal(const std::string& peer, const absl::Status& why);

  Node& node_;
  std::unique_ptr<Listener> listener_;
  const RpcHandler handler_;
  const RpcServerOptions options_;
  const std::shared_ptr<Budget> memory_;
  int64_t connections_ = 0;            // that are welcome
  std::list<Connection*> handshakes_;  // the oldest first
  std::string last_refusal_;
  TaskScope scope_;
};

}  // namespace wavetank::platform

#endif  // WAVETANK_PLATFORM_RPC_H_
