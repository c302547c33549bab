#include <algorithm>
#include <exception>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"

#include "platform/rpc.h"
#include "platform/status_macros.h"
#include "platform/text.h"
#include "platform/timeout.h"

namespace wavetank::platform {
namespace {

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

RpcCall::RpcCall(uint64_t connection, std::shared_ptr<const Session> session,
                 MonotonicTime deadline, uint64_t trace, std::shared_ptr<Budget> memory,
                 Budget::Share request)
    : connection_(connection),
      session_(std::move(session)),
      deadline_(deadline),
      trace_(trace),
      memory_(std::move(memory)),
      held_(std::make_shared<std::vector<Budget::Share>>()) {
  held_->push_back(std::move(request));
}

Task<void> RpcCall::ReserveFor(std::shared_ptr<Budget> memory, Held held, int64_t bytes) {
  held->push_back(co_await memory->Take(std::min(bytes, memory->total() / 4)));
}

// A connection, and what it has under way. Destroying it cancels the handlers.
struct RpcServer::Served {
  Served(Node& node, std::unique_ptr<Connection> c, uint64_t i)
      : connection(std::move(c)), id(i), handlers(node.executor()) {}

  struct Incoming {
    RpcIncoming content;
    RpcCall call;
  };

  std::unique_ptr<Connection> connection;
  const uint64_t id;
  std::shared_ptr<const Session> session;
  Budget::Share memory;
  std::optional<Incoming> incoming;  // whose last part has not come
  Event part_awaited;
  Budget turn{1};
  int in_flight = 0;
  Event slot_free;
  TaskScope handlers;
};

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
      memory_(std::make_shared<Budget>(options_.memory_bytes)),
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

Task<void> RpcServer::Serve(std::unique_ptr<Connection> connection, uint64_t id) {
  Served served(node_, std::move(connection), id);
  const std::string peer = served.connection->peer();
  const absl::Status welcome = co_await Welcome(served);
  if (!welcome.ok()) {
    if (!absl::IsCancelled(welcome)) LogRefusal(peer, welcome);
    co_return;
  }
  ++connections_;
  const absl::Status ended = co_await TakeRequests(served);
  --connections_;
  // This end closes it when its process stops.
  if (!absl::IsUnavailable(ended) && !absl::IsCancelled(ended)) {
    node_.Log(LogLevel::kError, absl::StrCat("rpc connection from ", served.session->node, " at ",
                                             peer, " closed: ", ended.ToString()));
  }
  if (options_.on_disconnect) options_.on_disconnect(id);
}

Task<absl::Status> RpcServer::Welcome(Served& served) {
  // Out of the list even when this frame is destroyed.
  struct AtIt {
    AtIt(std::list<Connection*>& l, Connection& c) : list(l), connection(c) {
      list.push_back(&connection);
    }
    ~AtIt() { list.remove(&connection); }
    std::list<Connection*>& list;
    Connection& connection;
  };
  const AtIt at_it(handshakes_, *served.connection);
  if (handshakes_.size() > options_.max_handshakes) {
    handshakes_.front()->Close();
    handshakes_.pop_front();
  }
  if (const absl::Status room = RoomForOneMore(); !room.ok()) {
    co_await Refuse(*served.connection, room);
    co_return room;
  }
  Task<absl::StatusOr<Session>> greeting =
      GreetAsServer(*served.connection, Credentials::Of(node_), node_.DrawNonce(kNonceBytes));
  absl::StatusOr<Session> session =
      co_await WithTimeout(node_.executor(), node_.clock(), options_.handshake_timeout, "handshake",
                           std::move(greeting));
  WT_CO_RETURN_IF_ERROR(session.status());
  WT_CO_RETURN_IF_ERROR(RoomForOneMore());  // others may have come while this one was greeted
  served.session = std::make_shared<const Session>(*std::move(session));
  co_return absl::OkStatus();
}

absl::Status RpcServer::RoomForOneMore() const {
  if ((connections_ + 1) * options_.connection_bytes <= memory_->total() / 2) {
    return absl::OkStatus();
  }
  return absl::UnavailableError(
      absl::StrCat(listener_->address(), " has ", connections_,
                   " connections, and memory for no more: give it more memory"));
}

void RpcServer::LogRefusal(const std::string& peer, const absl::Status& why) {
  if (ToStd(why.message()) == last_refusal_) return;  // a stranger that comes again
  last_refusal_ = std::string(ToStd(why.message()));
  node_.Log(LogLevel::kWarning, absl::StrCat("rpc server at ", listener_->address(),
                                             " has not welcomed ", peer, ": ", why.ToString()));
}

Task<absl::Status> RpcServer::TakeRequests(Served& served) {
  served.memory = co_await memory_->Take(options_.connection_bytes);
  served.handlers.Spawn("rpc deadline", DropWhatIsLate(served));
  while (true) {
    WT_CO_ASSIGN_OR_RETURN(Message message, co_await served.connection->Receive());
    WT_CO_ASSIGN_OR_RETURN(RpcPart part, DecodeRpcPart(std::move(message)));
    if (part.head.kind == RpcKind::kReply) co_return absl::DataLossError("a client sent a reply");
    const bool begins = part.head.kind == RpcKind::kRequest;
    if (begins) {
      co_await Begin(served, std::move(part));
    } else if (served.incoming.has_value() && served.incoming->content.id() == part.head.id) {
      WT_CO_RETURN_IF_ERROR(served.incoming->content.Add(std::move(part)));
    }
    if (!served.incoming.has_value()) continue;
    if (!served.incoming->content.complete()) {
      if (begins) served.part_awaited.Set();
      continue;
    }
    RpcIncoming request = std::move(served.incoming->content);
    RpcCall call = std::move(served.incoming->call);
    served.incoming.reset();
    while (served.in_flight >= options_.max_in_flight) {
      served.slot_free.Reset();
      co_await served.slot_free.Wait();
    }
    if (node_.clock().Now() >= call.deadline()) continue;
    ++served.in_flight;
    std::string method = request.head().text;
    const uint64_t id = request.id();
    served.handlers.Spawn("rpc handler",
                          Handle(served, request.Take(), std::move(method), id, std::move(call)));
  }
}

// Nobody waits for the rest of a request whose deadline has passed: the parts that still come are
// let go. A Receive that is under way is never given up for it: it may have a message already.
Task<void> RpcServer::DropWhatIsLate(Served& served) {
  while (true) {
    served.part_awaited.Reset();
    if (!served.incoming.has_value()) {
      co_await served.part_awaited.Wait();
      continue;
    }
    const absl::Duration left = served.incoming->call.deadline() - node_.clock().Now();
    if (left <= absl::ZeroDuration()) {
      served.incoming.reset();
    } else {
      co_await served.part_awaited.WaitFor(node_.clock(), left);
    }
  }
}

Task<void> RpcServer::Begin(Served& served, RpcPart first) {
  served.incoming.reset();  // given up by the peer, if there is one
  const absl::Duration patience =
      first.head.patience > absl::ZeroDuration() ? first.head.patience : kMostPatience;
  const MonotonicTime deadline = node_.clock().Now() + patience;
  const auto bytes = static_cast<int64_t>(first.head.content_bytes());
  const int64_t most = memory_->total() / 4 / options_.memory_factor;
  if (bytes > most) {
    absl::Status refused = absl::InvalidArgumentError(
        absl::StrCat(first.head.text, ": a request of ", bytes, " bytes, ", listener_->address(),
                     " takes at most ", most));
    co_await Reply(served, first.head.id, std::move(refused));
    co_return;
  }
  constexpr int64_t kOverhead = 1024;
  // No more than is ever left.
  const int64_t counted =
      std::min(bytes * options_.memory_factor + kOverhead, memory_->total() / 4);
  Budget::Share memory = co_await memory_->Take(counted);
  RpcCall call(served.id, served.session, deadline, first.head.trace, memory_, std::move(memory));
  served.incoming.emplace(RpcIncoming(std::move(first)), std::move(call));
}

Task<void> RpcServer::Handle(Served& served, RpcPayload request, std::string method, uint64_t id,
                             RpcCall call) {
  const absl::Duration left = call.deadline() - node_.clock().Now();
  Task<absl::StatusOr<RpcPayload>> handling = Guarded(handler_(method, std::move(request), call));
  absl::StatusOr<RpcPayload> result =
      co_await WithTimeout(node_.executor(), node_.clock(), left, method, std::move(handling));
  if (absl::IsInternal(result.status())) {
    node_.Log(LogLevel::kError, absl::StrCat(method, ", asked for by ", served.session->node,
                                             " (trace ", absl::Hex(call.trace(), absl::kZeroPad16),
                                             "): ", result.status().ToString()));
  }
  co_await Reply(served, id, std::move(result));
  --served.in_flight;
  served.slot_free.Set();
}

Task<void> RpcServer::Reply(Served& served, uint64_t id, absl::StatusOr<RpcPayload> result) {
  RpcHead head;
  head.kind = RpcKind::kReply;
  head.id = id;
  RpcPayload payload;
  if (result.ok()) {
    payload = *std::move(result);
  } else {
    head.code = result.status().code();
    head.text = std::string(ToStd(result.status().message()));
  }
  // A reply that cannot be sent means a broken connection, which TakeRequests sees by itself.
  (co_await SayWhole(*served.connection, served.turn, std::move(head), std::move(payload)))
      .IgnoreError();
}

}  // namespace wavetank::platform
