#include "platform/rpc.h"

#include <exception>
#include <utility>

#include "absl/strings/str_cat.h"

#include "platform/channel.h"
#include "platform/check.h"
#include "platform/status_macros.h"
#include "platform/text.h"
#include "platform/timeout.h"

namespace wavetank::platform {
namespace {

// Frame: id (8 bytes, little endian), status code (1), length of the head (4), head, body. The head
// is the method of a request, or the error message of a reply.
constexpr size_t kFixedBytes = 13;

struct Frame {
  uint64_t id = 0;
  absl::StatusCode code = absl::StatusCode::kOk;
  std::string head;
  Message payload;
};

Message Pack(Frame frame) {
  std::string bytes;
  bytes.reserve(kFixedBytes + frame.head.size() + frame.payload.body.size());
  for (int shift = 0; shift < 64; shift += 8) bytes.push_back(static_cast<char>(frame.id >> shift));
  bytes.push_back(static_cast<char>(frame.code));
  const auto head_size = static_cast<uint32_t>(frame.head.size());
  for (int shift = 0; shift < 32; shift += 8)
    bytes.push_back(static_cast<char>(head_size >> shift));
  bytes += frame.head;
  bytes += frame.payload.body;
  frame.payload.body = std::move(bytes);
  return std::move(frame.payload);
}

uint64_t LittleEndian(const std::string& bytes, size_t offset, size_t count) {
  uint64_t value = 0;
  for (size_t i = 0; i < count; ++i) {
    value |= static_cast<uint64_t>(static_cast<unsigned char>(bytes[offset + i])) << (8 * i);
  }
  return value;
}

absl::StatusOr<Frame> Unpack(Message message) {
  const std::string& bytes = message.body;
  if (bytes.size() < kFixedBytes) return absl::DataLossError("rpc frame is too short");
  const uint64_t head_size = LittleEndian(bytes, 9, 4);
  if (head_size > bytes.size() - kFixedBytes) {
    return absl::DataLossError("rpc frame is shorter than its head says");
  }
  Frame frame;
  frame.id = LittleEndian(bytes, 0, 8);
  frame.code = static_cast<absl::StatusCode>(bytes[8]);
  frame.head = bytes.substr(kFixedBytes, head_size);
  std::string body = bytes.substr(kFixedBytes + head_size);
  frame.payload = std::move(message);
  frame.payload.body = std::move(body);
  return frame;
}

// A handler may throw what user code threw: an error of that request, not of the server.
Task<absl::StatusOr<RpcPayload>> Guarded(Task<absl::StatusOr<RpcPayload>> handling) {
  std::string what;
  try {
    co_return co_await handling;
  } catch (const std::exception& exception) {
    what = exception.what();
  } catch (...) {
    what = "an unknown exception";
  }
  co_return absl::InternalError(absl::StrCat("the handler threw: ", what));
}

}  // namespace

struct RpcClient::Pending {
  Event done;
  absl::StatusOr<RpcPayload> reply = absl::UnknownError("");
};

Task<absl::StatusOr<std::unique_ptr<RpcClient>>> RpcClient::Connect(Node& node,
                                                                    std::string address) {
  WT_CO_ASSIGN_OR_RETURN(std::unique_ptr<Connection> connection,
                         co_await node.network().Connect(std::move(address)));
  co_return std::make_unique<RpcClient>(node, std::move(connection));
}

RpcClient::RpcClient(Node& node, std::unique_ptr<Connection> connection)
    : node_(node), connection_(std::move(connection)), scope_(node.executor()) {
  scope_.Spawn("rpc replies", ReceiveReplies());
}

RpcClient::~RpcClient() = default;

Task<absl::StatusOr<RpcPayload>> RpcClient::Call(std::string method, RpcPayload request,
                                                 absl::Duration timeout) {
  if (broken()) co_return why_broken_;
  const MonotonicTime deadline = node_.clock().Now() + timeout;
  // Leaves pending_ even when this frame is destroyed while it waits.
  struct Registration {
    RpcClient& client;
    uint64_t id;
    Pending pending;
    Registration(RpcClient& c, uint64_t i) : client(c), id(i) { client.pending_[id] = &pending; }
    ~Registration() { client.pending_.erase(id); }
  };
  Registration registration(*this, next_id_++);
  Frame frame;
  frame.id = registration.id;
  frame.head = method;
  frame.payload = std::move(request);
  Task<absl::Status> sending = connection_->Send(Pack(std::move(frame)));
  const absl::Status sent = co_await WithTimeout(node_.executor(), node_.clock(), timeout,
                                                 "sending " + method, std::move(sending));
  // A connection that broke meanwhile is closed by this client, which is not why the call failed.
  if (!sent.ok()) co_return broken() ? why_broken_ : sent;
  Pending& pending = registration.pending;
  const bool answered =
      co_await pending.done.WaitFor(node_.clock(), deadline - node_.clock().Now());
  if (!answered) {
    co_return absl::DeadlineExceededError(absl::StrCat(
        method, " at ", connection_->peer(), ": no reply within ", absl::FormatDuration(timeout)));
  }
  co_return std::move(pending.reply);
}

Task<void> RpcClient::ReceiveReplies() {
  while (true) {
    absl::StatusOr<Message> message = co_await connection_->Receive();
    absl::StatusOr<Frame> frame =
        message.ok() ? Unpack(*std::move(message)) : absl::StatusOr<Frame>(message.status());
    if (!frame.ok()) {
      why_broken_ = frame.status();
      break;
    }
    const auto found = pending_.find(frame->id);
    if (found == pending_.end()) continue;
    Pending& pending = *found->second;
    if (frame->code == absl::StatusCode::kOk) {
      pending.reply = std::move(frame->payload);
    } else {
      pending.reply = absl::Status(frame->code, ToAbsl(frame->head));
    }
    pending.done.Set();
  }
  connection_->Close();
  broken_.Set();
  for (auto& [id, pending] : pending_) {
    pending->reply = why_broken_;
    pending->done.Set();
  }
}

Task<absl::StatusOr<std::unique_ptr<RpcServer>>> RpcServer::Start(Node& node, std::string address,
                                                                  RpcHandler handler,
                                                                  RpcServerOptions options) {
  WT_CO_ASSIGN_OR_RETURN(std::unique_ptr<Listener> listener,
                         co_await node.network().Listen(std::move(address)));
  co_return std::unique_ptr<RpcServer>(
      new RpcServer(node, std::move(listener), std::move(handler), std::move(options)));
}

RpcServer::RpcServer(Node& node, std::unique_ptr<Listener> listener, RpcHandler handler,
                     RpcServerOptions options)
    : node_(node),
      listener_(std::move(listener)),
      handler_(std::move(handler)),
      options_(std::move(options)),
      scope_(node.executor()) {
  scope_.Spawn("rpc accept", AcceptAll());
}

Task<void> RpcServer::AcceptAll() {
  absl::Status last_error;  // of those since the last connection
  for (uint64_t id = 1;;) {
    absl::StatusOr<std::unique_ptr<Connection>> connection = co_await listener_->Accept();
    if (connection.ok()) {
      last_error = absl::OkStatus();
      scope_.Spawn(absl::StrCat("rpc connection ", id), Serve(*std::move(connection), id));
      ++id;
      continue;
    }
    const bool ended = absl::IsCancelled(connection.status());
    if (ended || connection.status() != last_error) {
      node_.Log(ended ? LogLevel::kError : LogLevel::kWarning,
                absl::StrCat("rpc server at ", listener_->address(),
                             ended ? " stops accepting: " : " could not accept, goes on: ",
                             connection.status().ToString()));
    }
    if (ended) co_return;
    last_error = connection.status();
    co_await node_.clock().Sleep(kAcceptRetryDelay);
  }
}

namespace {

struct ServerConnection {
  explicit ServerConnection(Node& node, std::unique_ptr<Connection> c)
      : connection(std::move(c)), handlers(node.executor()) {}
  std::unique_ptr<Connection> connection;
  int in_flight = 0;
  Event slot_free;
  TaskScope handlers;
};

Task<void> Handle(ServerConnection& server, const RpcHandler& handler, Frame request,
                  uint64_t connection_id) {
  Frame reply;
  reply.id = request.id;
  absl::StatusOr<RpcPayload> result =
      co_await Guarded(handler(request.head, std::move(request.payload), connection_id));
  if (result.ok()) {
    reply.payload = *std::move(result);
  } else {
    reply.code = result.status().code();
    reply.head = std::string(ToStd(result.status().message()));
  }
  // A reply that cannot be sent means a broken connection, which Serve sees by itself.
  (co_await server.connection->Send(Pack(std::move(reply)))).IgnoreError();
  --server.in_flight;
  server.slot_free.Set();
}

}  // namespace

Task<void> RpcServer::Serve(std::unique_ptr<Connection> connection, uint64_t id) {
  ServerConnection server(node_, std::move(connection));
  while (true) {
    absl::StatusOr<Message> message = co_await server.connection->Receive();
    if (!message.ok()) break;
    absl::StatusOr<Frame> request = Unpack(*std::move(message));
    if (!request.ok()) {
      node_.Log(LogLevel::kError, absl::StrCat("rpc connection from ", server.connection->peer(),
                                               " closed: ", request.status().ToString()));
      break;
    }
    while (server.in_flight >= options_.max_in_flight) {
      server.slot_free.Reset();
      co_await server.slot_free.Wait();
    }
    ++server.in_flight;
    server.handlers.Spawn("rpc handler", Handle(server, handler_, *std::move(request), id));
  }
  if (options_.on_disconnect) options_.on_disconnect(id);
}

}  // namespace wavetank::platform
