// SimNodeNetwork, its listeners, connections and streams: the network as the node's coroutines see
// it. Every call of a dead node is void; destroying an object of one changes nothing.
#include <algorithm>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"

#include "simulator/fault.h"
#include "simulator/sim_network.h"

namespace wavetank::simulator {
namespace {

using platform::ByteStream;
using platform::Connection;
using platform::Listener;
using platform::Message;
using platform::StreamListener;
using platform::Task;
using platform::Waiter;

// Suspends until the list is woken; the caller looks again.
struct WaitIn {
  platform::WaitList& list;
  Waiter waiter;
  bool await_ready() const { return false; }
  template <typename Promise>
  void await_suspend(std::coroutine_handle<Promise> handle) {
    waiter.Arm(handle.promise().executor(), handle);
    list.PushBack(waiter);
  }
  void await_resume() const {}
};

// What message connections and byte streams have in common. A call in flight has a copy of its own:
// whoever began it may be destroyed meanwhile, which closes the end and cancels the call.
class Endpoint {
 public:
  Endpoint(SimNode& node, SimNetwork& network, SimConnectionPtr connection, int end)
      : node_(node), network_(network), connection_(std::move(connection)), end_(end) {}

  void Close() {
    if (!node_.dead()) network_.Close(*connection_, end_);
  }
  // Waits for room towards the peer and hands the message over.
  Task<absl::Status> Put(Message message, int64_t bytes) {
    if (node_.dead()) co_await Never{};
    const Befallen befallen = BeginCall(SeamCallKind::kSend);
    if (node_.dead()) {
      // Sent by a call in flight at the death: it shares the fate of what is on the wire.
      if (Writable().ok()) network_.Send(*connection_, end_, std::move(message), bytes);
      co_await Never{};
      co_return absl::OkStatus();
    }
    for (;;) {
      absl::Status writable = Writable();
      if (!writable.ok()) co_return writable;
      if (peer().unread_bytes < network_.options().transport.buffer_bytes) break;
      co_await WaitIn{here().senders, {}};
    }
    if (befallen.kind == FaultKind::kCorruptFrame) {
      network_.SendCorrupt(*connection_, end_, std::move(message), bytes);
    } else if (befallen.kind == FaultKind::kRepeat) {
      network_.SendLateAndBreak(*connection_, end_, std::move(message), bytes,
                                absl::Milliseconds(befallen.amount));
    } else {
      network_.Send(*connection_, end_, std::move(message), bytes);
    }
    co_return absl::OkStatus();
  }
  // Waits until something has arrived; false at the peer's orderly end.
  Task<absl::StatusOr<bool>> Readable() {
    if (!node_.dead()) BeginCall(SeamCallKind::kReceive);
    if (node_.dead()) co_await Never{};
    for (;;) {
      if (here().state == SimEnd::State::kClosed) co_return Cancelled();
      if (!here().inbox.empty()) co_return true;
      if (here().state == SimEnd::State::kBroken) co_return here().broken;
      if (here().ended) co_return false;
      co_await WaitIn{here().receivers, {}};
    }
  }
  // REQUIRES: Readable() said true.
  Message Take() {
    Parcel parcel = std::move(here().inbox.front());
    here().inbox.pop_front();
    network_.Consumed(*connection_, end_, parcel.bytes);
    return std::move(parcel.message);
  }
  // Up to so many bytes of the oldest; the rest stays. REQUIRES: Readable() said true.
  std::string TakeBytes(int64_t max_bytes) {
    std::string& front = here().inbox.front().message.body;
    if (static_cast<int64_t>(front.size()) <= max_bytes) return Take().body;
    std::string taken = front.substr(0, static_cast<size_t>(max_bytes));
    front.erase(0, taken.size());
    here().inbox.front().bytes -= max_bytes;
    network_.Consumed(*connection_, end_, max_bytes);
    return taken;
  }

  bool hands_over() const { return connection_->in_process && network_.hands_over(); }
  int64_t max_message_bytes() const { return network_.options().transport.max_message_bytes; }
  const std::string& address() const { return connection_->address; }
  uint64_t sent() const { return connection_->ends[1 - end_].parcels; }
  platform::Random random(std::string_view purpose) const {
    return node_.scheduler().random().Fork(purpose,
                                           {connection_->key, static_cast<uint64_t>(end_), sent()});
  }
  absl::Status ClosedByPeer() const {
    return absl::UnavailableError(absl::StrCat(address(), ": closed by the peer"));
  }
  std::string PeerName() const {
    const SimProcess& process = *connection_->ends[1 - end_].process;
    return absl::StrCat(process.label(), " at ", process.machine_name());
  }

 private:
  SimEnd& here() const { return connection_->ends[end_]; }
  SimEnd& peer() const { return connection_->ends[1 - end_]; }
  // What befalls the message that is sent.
  struct Befallen {
    std::optional<FaultKind> kind = {};
    int64_t amount = 0;
  };
  // Bytes without frames, and what never leaves its process, are not told apart: they break.
  Befallen BeginCall(SeamCallKind kind) {
    const Fault* fault = node_.BeginSeamCall(kind, address(), peer().process->machine_name());
    if (fault == nullptr) return {};
    const bool framed = !connection_->stream && !connection_->in_process;
    if (fault->kind == FaultKind::kHalfOpen && !connection_->in_process) {
      network_.HalfOpen(*connection_, fault->duration);
    } else if (fault->kind == FaultKind::kReset || !framed) {
      network_.BreakEither(*connection_);
    } else {
      return {fault->kind, fault->amount};
    }
    return {};
  }
  absl::Status Writable() const {
    if (here().state == SimEnd::State::kClosed) return Cancelled();
    if (here().state == SimEnd::State::kBroken) return here().broken;
    if (here().ended) return ClosedByPeer();
    return absl::OkStatus();
  }
  absl::Status Cancelled() const {
    return absl::CancelledError(absl::StrCat(address(), ": closed by this end"));
  }

  SimNode& node_;
  SimNetwork& network_;
  const SimConnectionPtr connection_;
  const int end_;
};

class SimMessageConnection final : public Connection {
 public:
  SimMessageConnection(SimNode& node, SimNetwork& network, SimConnectionPtr connection, int end)
      : endpoint_(node, network, std::move(connection), end) {}

  ~SimMessageConnection() override { endpoint_.Close(); }

  Task<absl::Status> Send(Message message) override {
    return SendThrough(endpoint_, std::move(message));
  }
  Task<absl::StatusOr<Message>> Receive() override { return ReceiveFrom(endpoint_); }
  void Close() override { endpoint_.Close(); }
  bool hands_over() const override { return endpoint_.hands_over(); }
  std::string peer() const override { return endpoint_.PeerName(); }

 private:
  static Task<absl::Status> SendThrough(Endpoint endpoint, Message message) {
    if (message.attachment != nullptr && !endpoint.hands_over()) {
      message.attachment_bytes = message.attachment->Encode();
      message.attachment = nullptr;
    }
    const auto bytes = static_cast<int64_t>(message.body.size() + message.attachment_bytes.size());
    if (bytes > endpoint.max_message_bytes()) {
      co_return absl::InvalidArgumentError(
          absl::StrCat("send to ", endpoint.address(), ": a message of ", bytes,
                       " bytes; the most is ", endpoint.max_message_bytes()));
    }
    co_return co_await endpoint.Put(std::move(message), bytes);
  }
  static Task<absl::StatusOr<Message>> ReceiveFrom(Endpoint endpoint) {
    const absl::StatusOr<bool> readable = co_await endpoint.Readable();
    if (!readable.ok()) co_return readable.status();
    if (!*readable) co_return endpoint.ClosedByPeer();
    co_return endpoint.Take();
  }

  Endpoint endpoint_;
};

// Cuts what is written at drawn places, as segments do, and reads likewise.
class SimByteStream final : public ByteStream {
 public:
  SimByteStream(SimNode& node, SimNetwork& network, SimConnectionPtr connection, int end)
      : endpoint_(node, network, std::move(connection), end) {}

  ~SimByteStream() override { endpoint_.Close(); }

  Task<absl::Status> Write(std::string bytes) override {
    return WriteThrough(endpoint_, std::move(bytes));
  }
  Task<absl::StatusOr<std::string>> Read(int64_t max_bytes) override {
    return ReadFrom(endpoint_, max_bytes);
  }
  void Close() override { endpoint_.Close(); }

 private:
  static Task<absl::Status> WriteThrough(Endpoint endpoint, std::string bytes) {
    constexpr uint64_t kSegmentBytes = 16 << 10;
    for (size_t begin = 0; begin < bytes.size();) {
      platform::Random random = endpoint.random("segment");
      const bool whole = random.Below(2) == 0;
      const uint64_t left = std::min<uint64_t>(bytes.size() - begin, kSegmentBytes);
      const uint64_t length = whole ? left : 1 + random.Below(left);
      Message segment;
      segment.body = bytes.substr(begin, length);
      begin += length;
      const absl::Status put =
          co_await endpoint.Put(std::move(segment), static_cast<int64_t>(length));
      if (!put.ok()) co_return put;
    }
    co_return absl::OkStatus();
  }
  static Task<absl::StatusOr<std::string>> ReadFrom(Endpoint endpoint, int64_t max_bytes) {
    if (max_bytes <= 0) co_return absl::InvalidArgumentError("read: asks for no byte");
    const absl::StatusOr<bool> readable = co_await endpoint.Readable();
    if (!readable.ok()) co_return readable.status();
    if (!*readable) co_return "";
    co_return endpoint.TakeBytes(max_bytes);
  }

  Endpoint endpoint_;
};

// Interface is Listener or StreamListener, Accepted what it accepts, Made our kind of that.
template <typename Interface, typename Accepted, typename Made>
class SimAcceptor final : public Interface {
 public:
  SimAcceptor(SimNode& node, SimNetwork& network, SimListenerPtr listener)
      : node_(node), network_(network), listener_(std::move(listener)) {}
  ~SimAcceptor() override {
    if (!node_.dead()) network_.CloseListener(*listener_);
  }

  Task<absl::StatusOr<std::unique_ptr<Accepted>>> Accept() override {
    return AcceptFrom(node_, network_, listener_);
  }
  std::string address() const override { return listener_->address; }

 private:
  // The acceptor may be destroyed meanwhile.
  static Task<absl::StatusOr<std::unique_ptr<Accepted>>> AcceptFrom(SimNode& node,
                                                                    SimNetwork& network,
                                                                    SimListenerPtr listener) {
    if (!node.dead()) node.BeginSeamCall(SeamCallKind::kAccept, listener->address);
    if (node.dead()) co_await Never{};
    while (listener->backlog.empty()) {
      if (!listener->open) {
        co_return absl::CancelledError(
            absl::StrCat("accept at ", listener->address, ": the listener was closed"));
      }
      co_await WaitIn{listener->acceptors, {}};
    }
    SimConnectionPtr connection = std::move(listener->backlog.front());
    listener->backlog.pop_front();
    co_return std::make_unique<Made>(node, network, std::move(connection), 1);
  }

  SimNode& node_;
  SimNetwork& network_;
  const SimListenerPtr listener_;
};

// Waits for an attempt's end. Whoever gives up closes what may have come of it.
class AwaitAttempt {
 public:
  AwaitAttempt(SimNode& node, SimNetwork& network, SimNetwork::AttemptPtr attempt)
      : node_(node), network_(network), attempt_(std::move(attempt)) {
    if (!node.dead()) {
      const std::string machine = attempt_->address.substr(0, attempt_->address.rfind(':'));
      const Fault* fault =
          node.BeginSeamCall(SeamCallKind::kConnect, attempt_->address,
                             machine == "localhost" ? node.process().machine_name() : machine);
      attempt_->fails = fault != nullptr && fault->kind == FaultKind::kConnectFailure;
    }
    attempt_->waiter = &waiter_;
  }
  AwaitAttempt(const AwaitAttempt&) = delete;
  AwaitAttempt& operator=(const AwaitAttempt&) = delete;
  ~AwaitAttempt() {
    attempt_->waiter = nullptr;
    const bool connected = attempt_->done && attempt_->status.ok();
    if (connected && !resumed_ && !node_.dead()) network_.Close(*attempt_->connection, 0);
  }
  bool await_ready() const { return false; }
  template <typename Promise>
  void await_suspend(std::coroutine_handle<Promise> handle) {
    waiter_.Arm(handle.promise().executor(), handle);
    if (!node_.dead()) network_.StartConnect(node_, attempt_);
  }
  void await_resume() { resumed_ = true; }

 private:
  SimNode& node_;
  SimNetwork& network_;
  const SimNetwork::AttemptPtr attempt_;
  bool resumed_ = false;
  Waiter waiter_;
};

template <typename Interface, typename Made>
Task<absl::StatusOr<std::unique_ptr<Interface>>> ConnectAs(SimNode& node, SimNetwork& network,
                                                           std::string address, bool stream) {
  auto attempt = std::make_shared<SimNetwork::Attempt>();
  attempt->address = std::move(address);
  attempt->stream = stream;
  co_await AwaitAttempt(node, network, attempt);
  if (!attempt->status.ok()) co_return attempt->status;
  co_return std::make_unique<Made>(node, network, attempt->connection, 0);
}

template <typename Interface, typename Made>
Task<absl::StatusOr<std::unique_ptr<Interface>>> ListenAs(SimNode& node, SimNetwork& network,
                                                          std::string address, bool stream) {
  if (!node.dead()) node.BeginSeamCall(SeamCallKind::kListen, address);
  if (node.dead()) co_await Never{};
  absl::StatusOr<SimListenerPtr> listener = network.Listen(node, std::move(address), stream);
  if (!listener.ok()) co_return listener.status();
  co_return std::make_unique<Made>(node, network, *std::move(listener));
}

}  // namespace

Task<absl::StatusOr<std::unique_ptr<Connection>>> SimNodeNetwork::Connect(std::string address) {
  return ConnectAs<Connection, SimMessageConnection>(node_, network_, std::move(address), false);
}
Task<absl::StatusOr<std::unique_ptr<ByteStream>>> SimNodeNetwork::ConnectStream(
    std::string address) {
  return ConnectAs<ByteStream, SimByteStream>(node_, network_, std::move(address), true);
}
Task<absl::StatusOr<std::unique_ptr<Listener>>> SimNodeNetwork::Listen(std::string address) {
  return ListenAs<Listener, SimAcceptor<Listener, Connection, SimMessageConnection>>(
      node_, network_, std::move(address), false);
}
Task<absl::StatusOr<std::unique_ptr<StreamListener>>> SimNodeNetwork::ListenStream(
    std::string address) {
  return ListenAs<StreamListener, SimAcceptor<StreamListener, ByteStream, SimByteStream>>(
      node_, network_, std::move(address), true);
}

}  // namespace wavetank::simulator
