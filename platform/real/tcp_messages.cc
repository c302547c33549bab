#include "platform/real/tcp_messages.h"

#include <algorithm>
#include <array>
#include <functional>
#include <optional>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "asio/write.hpp"

#include "platform/real/completion.h"
#include "platform/real/frame.h"
#include "platform/real/queue_connection.h"
#include "platform/real/tcp_listener.h"
#include "platform/real/tcp_socket.h"
#include "platform/text.h"

namespace wavetank::platform {
namespace {

constexpr size_t kBatchBytes = 64 << 10;
constexpr int64_t kMostCredit = int64_t{1} << 50;  // so that sums stay numbers

// The I/O thread's end of a connection. It lives as long as an operation of its socket or timer.
class FramedLink : public std::enable_shared_from_this<FramedLink> {
 public:
  FramedLink(IoThread& io, tcp::socket socket, const NetworkOptions& options)
      : io_(io),
        options_(options),
        peer_(PeerOf(socket)),
        socket_(std::move(socket)),
        heartbeat_(io.context()),
        undelivered_(io.HoldUpDrain()),
        decoder_(options.max_message_bytes) {}

  // Starts the link and gives the node's end of it.
  std::unique_ptr<Connection> Start(EventLoop& loop) {
    QueueConnection::Parts node;
    node.room = std::make_shared<QueueEnd>(loop);
    node.items = std::make_shared<QueueEnd>(loop);
    node.out = out_ = std::make_shared<MessageQueue>(
        options_.buffer_bytes,
        [&io = io_, weak = weak_from_this()] {
          io.Post([weak] {
            if (const auto link = weak.lock()) link->Pump();
          });
        },
        node.room->signal->Waker());
    // Never full, unless the peer exceeds what it was granted.
    node.in = in_ =
        std::make_shared<MessageQueue>(options_.buffer_bytes, node.items->signal->Waker(), [] {});
    node.attachments = QueueConnection::Parts::Attachments::kEncode;
    node.max_message_bytes = options_.max_message_bytes;
    node.on_received = Granter();
    node.peer = peer_;

    grant_due_ = options_.buffer_bytes;
    ReadSome();
    AwaitTick();
    Pump();
    return std::make_unique<QueueConnection>(std::move(node));
  }

 private:
  // Grants what the node has taken out, in portions of half the buffer.
  std::function<void(int64_t)> Granter() {
    return [&io = io_, weak = weak_from_this(),
            portion = std::max<int64_t>(options_.buffer_bytes / 2, 1),
            taken = int64_t{0}](int64_t weight) mutable {
      taken += weight;
      if (taken < portion) return;
      io.Post([weak, grant = std::exchange(taken, 0)] {
        const auto link = weak.lock();
        if (link == nullptr) return;
        link->grant_due_ += grant;
        link->Pump();
      });
    };
  }

  // Writes what is due, unless a write is under way: its end comes back here.
  void Pump() {
    if (writing_ || broken_) return;
    batch_.clear();
    if (std::exchange(hello_due_, false)) AppendFrame(FrameKind::kHello, kFrameVersion, "", batch_);
    if (std::exchange(heartbeat_due_, false)) AppendFrame(FrameKind::kHeartbeat, "", "", batch_);
    if (const int64_t grant = std::exchange(grant_due_, 0); grant > 0) {
      AppendFrame(FrameKind::kCredit, EncodeCredit(grant), "", batch_);
    }
    while (!ended_ && credit_ > 0 && batch_.size() < kBatchBytes) {
      absl::StatusOr<std::optional<MessageQueue::Weighed>> next = out_->TryPop();
      if (next.ok() && !next->has_value()) break;
      if (next.ok()) {
        held_for_ = absl::ZeroDuration();
        credit_ -= (*next)->weight;
        const Message& message = (*next)->value;
        AppendFrame(FrameKind::kMessage, message.body, message.attachment_bytes, batch_);
      } else {
        AppendFrame(FrameKind::kEnd, "", "", batch_);
        ended_ = true;
      }
    }
    if (batch_.empty()) return;
    writing_ = true;
    asio::async_write(socket_, asio::buffer(batch_),
                      [self = shared_from_this()](const asio::error_code& error, size_t) {
                        self->writing_ = false;
                        if (error) return self->BreakOff(error);
                        self->Pump();
                      });
  }

  void ReadSome() {
    socket_.async_read_some(asio::buffer(read_),
                            [self = shared_from_this()](const asio::error_code& error, size_t n) {
                              if (self->broken_) return;
                              if (error) return self->BreakOff(error);
                              self->heard_ = true;
                              self->decoder_.Feed({self->read_.data(), n});
                              self->TakeFrames();
                              if (!self->broken_) self->ReadSome();
                            });
  }

  void TakeFrames() {
    while (!broken_) {
      absl::StatusOr<std::optional<Frame>> frame = decoder_.Next();
      if (!frame.ok()) return Break(frame.status());
      if (!frame->has_value()) return;
      Take(**std::move(frame));
    }
  }

  void Take(Frame frame) {
    const bool is_hello = frame.kind == FrameKind::kHello;
    if (is_hello == greeted_) {
      return Break(absl::DataLossError("the peer does not speak this protocol"));
    }
    if (is_hello && frame.body != kFrameVersion) {
      return Break(absl::FailedPreconditionError(
          absl::StrCat("the peer speaks version \"", absl::CHexEscape(frame.body.substr(0, 16)),
                       "\" of the protocol, this program version \"", ToAbsl(kFrameVersion),
                       "\": run the same release on both")));
    }
    switch (frame.kind) {
      case FrameKind::kHello:
        greeted_ = true;
        return;
      case FrameKind::kHeartbeat:
        return;
      case FrameKind::kMessage:
        return TakeMessage(std::move(frame));
      case FrameKind::kCredit: {
        const absl::StatusOr<int64_t> grant = DecodeCredit(frame.body);
        if (!grant.ok()) return Break(grant.status());
        if (*grant <= 0 || *grant > kMostCredit - credit_) {
          return Break(absl::DataLossError(absl::StrCat("the peer granted ", *grant, " bytes")));
        }
        credit_ += *grant;
        return Pump();
      }
      case FrameKind::kEnd:
        return Break(absl::UnavailableError("closed by the peer"));
    }
  }

  void TakeMessage(Frame frame) {
    Message message{std::move(frame.body), nullptr, std::move(frame.attachment)};
    const int64_t weight = WeightOf(message);
    const absl::StatusOr<bool> taken = in_->TryPush(message, weight);
    if (!taken.ok()) return;  // this end has closed and wants no more
    if (!*taken) Break(absl::DataLossError("the peer sent more than it was granted"));
  }

  void AwaitTick() {
    heartbeat_.expires_after(ToChrono(options_.heartbeat_interval));
    heartbeat_.async_wait([self = shared_from_this()](const asio::error_code& error) {
      if (!error && !self->broken_) self->Tick();
    });
  }
  void Tick() {
    silence_ = std::exchange(heard_, false) ? absl::ZeroDuration()
                                            : silence_ + options_.heartbeat_interval;
    if (silence_ >= options_.dead_after) {
      return Break(absl::UnavailableError(
          absl::StrCat("nothing heard for ", absl::FormatDuration(silence_))));
    }
    // A peer that lives, but neither takes what is left for it nor closes, is not waited for.
    held_for_ = in_->closed() ? held_for_ + options_.heartbeat_interval : absl::ZeroDuration();
    if (held_for_ > options_.dead_after) {
      return Break(absl::UnavailableError("closed by this end, and not by the peer"));
    }
    heartbeat_due_ = true;
    Pump();
    AwaitTick();
  }

  void BreakOff(const asio::error_code& error) { Break(absl::UnavailableError(error.message())); }
  // What was received can still be taken; everything else ends with `why`.
  void Break(const absl::Status& why) {
    if (std::exchange(broken_, true)) return;
    const std::string text = absl::StrCat("connection with ", peer_, ": ", why.message());
    in_->Close(absl::Status(why.code(), text));
    out_->Abort(absl::UnavailableError(text));
    heartbeat_.cancel();
    asio::error_code ignored;
    socket_.close(ignored);
    undelivered_ = nullptr;
  }

  IoThread& io_;
  const NetworkOptions options_;
  const std::string peer_;
  tcp::socket socket_;
  asio::steady_timer heartbeat_;
  std::shared_ptr<void> undelivered_;  // until broken, which the peer's answer to kEnd is too
  std::shared_ptr<MessageQueue> out_;
  std::shared_ptr<MessageQueue> in_;
  bool broken_ = false;

  std::string batch_;  // being written, if writing_
  bool writing_ = false;
  bool hello_due_ = true;
  bool heartbeat_due_ = false;
  int64_t grant_due_ = 0;
  int64_t credit_ = 0;  // what the peer still takes
  bool ended_ = false;  // kEnd is written, or being written

  std::array<char, 64 << 10> read_;
  FrameDecoder decoder_;
  bool greeted_ = false;
  bool heard_ = false;
  absl::Duration silence_;
  absl::Duration held_for_;  // the node has closed, and the peer has taken no message since
};

std::unique_ptr<Connection> StartLink(IoThread& io, EventLoop& loop, const NetworkOptions& options,
                                      tcp::socket socket) {
  return std::make_shared<FramedLink>(io, std::move(socket), options)->Start(loop);
}

}  // namespace

Task<absl::StatusOr<std::unique_ptr<Connection>>> ConnectTcp(IoThread& io, EventLoop& loop,
                                                             NetworkOptions options,
                                                             std::string address) {
  Completion<absl::StatusOr<std::unique_ptr<Connection>>> done(loop);
  io.Post([&io, &loop, options, address = std::move(address), done] {
    const Reach reach = options.beyond_loopback ? Reach::kAnywhere : Reach::kLoopback;
    Dial(io.context(), address, options.connect_timeout, reach,
         [&io, &loop, options, done](absl::StatusOr<tcp::socket> socket) {
           if (!socket.ok()) return done.Complete(socket.status());
           done.Complete(StartLink(io, loop, options, *std::move(socket)));
         });
  });
  co_return co_await done.Wait();
}

Task<absl::StatusOr<std::unique_ptr<Listener>>> ListenTcp(IoThread& io, EventLoop& loop,
                                                          NetworkOptions options,
                                                          std::string address) {
  const Reach reach = options.beyond_loopback ? Reach::kAnywhere : Reach::kLoopback;
  return TcpListener<Connection, Listener>::Listen(
      io, loop, std::move(address), reach, [&io, &loop, options](tcp::socket socket) {
        return StartLink(io, loop, options, std::move(socket));
      });
}

}  // namespace wavetank::platform
