#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"

#include "platform/rpc.h"
#include "platform/status_macros.h"
#include "platform/timeout.h"

namespace wavetank::platform {
namespace {

// What a longer reply carries could not be taken apart.
constexpr uint64_t kMostReplyBytes = uint64_t{1} << 31;

}  // namespace

struct RpcClient::Pending {
  Event done;
  absl::StatusOr<RpcPayload> reply = absl::UnknownError("");
};

Task<absl::StatusOr<std::unique_ptr<RpcClient>>> RpcClient::Connect(Node& node,
                                                                    std::string address) {
  WT_CO_ASSIGN_OR_RETURN(std::unique_ptr<Connection> connection,
                         co_await node.network().Connect(address));
  Task<absl::StatusOr<Session>> greeting =
      GreetAsClient(*connection, Credentials::Of(node), node.DrawNonce(kNonceBytes));
  absl::StatusOr<Session> session =
      co_await WithTimeout(node.executor(), node.clock(), kHandshakeTimeout,
                           absl::StrCat("handshake with ", address), std::move(greeting));
  if (!session.ok()) {
    // A peer that says nothing may be gone, as one that broke the connection.
    const absl::StatusCode code = absl::IsDeadlineExceeded(session.status())
                                      ? absl::StatusCode::kUnavailable
                                      : session.status().code();
    co_return absl::Status(code,
                           absl::StrCat("connect to ", address, ": ", session.status().message()));
  }
  co_return std::unique_ptr<RpcClient>(
      new RpcClient(node, std::move(connection), *std::move(session)));
}

RpcClient::RpcClient(Node& node, std::unique_ptr<Connection> connection, Session session)
    : node_(node),
      connection_(std::move(connection)),
      session_(std::move(session)),
      traces_(node.random().Next()),
      scope_(node.executor()) {
  scope_.Spawn("rpc replies", ReceiveReplies());
}

RpcClient::~RpcClient() = default;

Task<absl::StatusOr<RpcPayload>> RpcClient::Call(std::string method, RpcPayload request,
                                                 absl::Duration timeout, uint64_t trace) {
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
  RpcHead head;
  head.id = registration.id;
  head.patience = timeout;
  head.trace = trace != 0 ? trace : MixBits(traces_ + registration.id);
  head.text = method;
  Task<absl::Status> saying = SayWhole(*connection_, turn_, std::move(head), std::move(request));
  const absl::Status said = co_await WithTimeout(node_.executor(), node_.clock(), timeout,
                                                 "sending " + method, std::move(saying));
  // A connection that broke meanwhile is closed by this client, which is not why the call failed.
  if (!said.ok()) co_return broken() ? why_broken_ : said;
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
  std::optional<RpcIncoming> incoming;
  while (true) {
    absl::StatusOr<Message> message = co_await connection_->Receive();
    absl::StatusOr<RpcPart> part = message.ok() ? DecodeRpcPart(*std::move(message))
                                                : absl::StatusOr<RpcPart>(message.status());
    if (part.ok() && part->head.kind == RpcKind::kRequest) {
      part = absl::DataLossError("a server sent a request");
    }
    if (part.ok() && part->head.content_bytes() > kMostReplyBytes) {
      part = absl::DataLossError(absl::StrCat("a server's reply is said to have ",
                                              part->head.content_bytes(),
                                              " bytes, and none has more than ", kMostReplyBytes));
    }
    if (!part.ok()) {
      why_broken_ = part.status();
      break;
    }
    if (part->head.kind == RpcKind::kReply) {
      incoming.emplace(*std::move(part));
    } else if (incoming.has_value() && incoming->id() == part->head.id) {
      why_broken_ = incoming->Add(*std::move(part));
      if (!why_broken_.ok()) break;
    }
    if (!incoming.has_value() || !incoming->complete()) continue;
    Answer(*std::exchange(incoming, std::nullopt));
  }
  connection_->Close();
  broken_.Set();
  for (auto& [id, pending] : pending_) {
    pending->reply = why_broken_;
    pending->done.Set();
  }
}

void RpcClient::Answer(RpcIncoming reply) {
  const auto found = pending_.find(reply.id());
  if (found == pending_.end()) return;
  Pending& pending = *found->second;
  if (reply.head().code == absl::StatusCode::kOk) {
    pending.reply = reply.Take();
  } else {
    pending.reply = absl::Status(reply.head().code, reply.head().text);
  }
  pending.done.Set();
}

}  // namespace wavetank::platform
