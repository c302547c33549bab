#include "platform/real/tcp_stream.h"

#include <algorithm>
#include <array>
#include <functional>
#include <optional>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "asio/write.hpp"

#include "platform/check.h"
#include "platform/real/completion.h"
#include "platform/real/queue_end.h"
#include "platform/real/tcp_listener.h"
#include "platform/real/tcp_socket.h"

namespace wavetank::platform {
namespace {

using ByteQueue = BoundedQueue<std::string>;

// How a queue of incoming bytes is closed at the peer's orderly end: no error, Read gives "".
absl::Status OrderlyEnd() { return absl::OutOfRangeError("end of stream"); }

// The node's end.
class TcpStream final : public ByteStream {
 public:
  struct Parts {
    std::shared_ptr<ByteQueue> out;
    std::shared_ptr<QueueEnd> room;  // of `out`
    std::shared_ptr<ByteQueue> in;
    std::shared_ptr<QueueEnd> chunks;  // of `in`
    std::shared_ptr<void> link;        // kept alive, also while it waits for this end
    std::function<void()> on_close;    // tells the link
    std::string rest;                  // of the chunk that a Read did not take whole
  };
  explicit TcpStream(std::shared_ptr<Parts> parts) : parts_(std::move(parts)) {}
  ~TcpStream() override { Close(); }

  Task<absl::Status> Write(std::string bytes) override {
    const auto weight = static_cast<int64_t>(bytes.size());
    return PushWhenRoom(parts_->out, parts_->room, std::move(bytes), weight);
  }
  Task<absl::StatusOr<std::string>> Read(int64_t max_bytes) override {
    WT_CHECK(max_bytes > 0);
    return ReadFrom(parts_, static_cast<size_t>(max_bytes));
  }
  void Close() override {
    const absl::Status closed = absl::CancelledError("closed by this end");
    parts_->out->Close(closed);
    parts_->in->Abort(closed);
    parts_->room->Cancel();
    parts_->chunks->Cancel();
    parts_->on_close();
  }

 private:
  static Task<absl::StatusOr<std::string>> ReadFrom(std::shared_ptr<Parts> parts,
                                                    size_t max_bytes) {
    if (parts->chunks->cancelled) co_return parts->chunks->CancelledStatus();
    if (parts->rest.empty()) {
      absl::StatusOr<ByteQueue::Weighed> chunk = co_await PopWhenThere(parts->in, parts->chunks);
      if (chunk.status() == OrderlyEnd()) co_return std::string();
      if (!chunk.ok()) co_return chunk.status();
      parts->rest += chunk->value;
    }
    std::string bytes = parts->rest.substr(0, max_bytes);
    parts->rest.erase(0, bytes.size());
    co_return bytes;
  }

  const std::shared_ptr<Parts> parts_;  // shared with the calls in flight
};

// The I/O thread's end. It lives as long as the node's, or an operation of its socket or timer.
class StreamLink : public std::enable_shared_from_this<StreamLink> {
 public:
  StreamLink(IoThread& io, tcp::socket socket, const NetworkOptions& options)
      : io_(io),
        options_(options),
        peer_(PeerOf(socket)),
        socket_(std::move(socket)),
        linger_(io.context()),
        undelivered_(io.HoldUpDrain()) {}

  std::unique_ptr<ByteStream> Start(EventLoop& loop) {
    auto node = std::make_shared<TcpStream::Parts>();
    node->room = std::make_shared<QueueEnd>(loop);
    node->chunks = std::make_shared<QueueEnd>(loop);
    node->link = shared_from_this();
    // A wake comes while the node's end lives; what it posts keeps the link until it has run.
    const auto on_io = [&io = io_, weak = weak_from_this()](void (StreamLink::*call)()) {
      return [&io, weak, call] {
        if (const auto link = weak.lock()) io.Post([link, call] { ((*link).*call)(); });
      };
    };
    node->out = std::make_shared<ByteQueue>(options_.buffer_bytes, on_io(&StreamLink::Pump),
                                            node->room->signal->Waker());
    node->in = std::make_shared<ByteQueue>(options_.buffer_bytes, node->chunks->signal->Waker(),
                                           on_io(&StreamLink::OnRoom));
    node->on_close = on_io(&StreamLink::OnClose);
    out_ = node->out;
    in_ = node->in;
    ReadSome();
    Pump();
    return std::make_unique<TcpStream>(std::move(node));
  }

 private:
  void Pump() {
    if (writing_ || broken_ || ended_) return;
    absl::StatusOr<std::optional<ByteQueue::Weighed>> next = out_->TryPop();
    if (!next.ok()) return End();
    if (!next->has_value()) return;
    wrote_ = true;
    chunk_ = std::move((*next)->value);
    writing_ = true;
    asio::async_write(socket_, asio::buffer(chunk_),
                      [self = shared_from_this()](const asio::error_code& error, size_t) {
                        self->writing_ = false;
                        if (error) return self->BreakOff(error);
                        if (self->closing_) self->HoldOn();
                        self->Pump();
                      });
  }
  void OnClose() {
    if (!std::exchange(closing_, true) && !broken_) HoldOn();
  }
  // Until the peer has taken what is on its way, or has closed as well; for as long as it may be
  // silent, from here on.
  void HoldOn() {
    linger_.expires_after(ToChrono(options_.dead_after));
    linger_.async_wait([self = shared_from_this()](const asio::error_code& error) {
      if (!error) self->Break(OrderlyEnd());
    });
  }
  // The node has closed, and all that it wrote is written.
  void End() {
    ended_ = true;
    asio::error_code ignored;
    socket_.shutdown(tcp::socket::shutdown_send, ignored);
    if (peer_ended_) return Break(OrderlyEnd());
    if (!wrote_) undelivered_ = nullptr;
    HoldOn();
  }

  void ReadSome() {
    socket_.async_read_some(asio::buffer(read_),
                            [self = shared_from_this()](const asio::error_code& error, size_t n) {
                              if (self->broken_) return;
                              if (error == asio::error::eof) return self->PeerEnded();
                              if (error) return self->BreakOff(error);
                              self->held_.assign(self->read_.data(), n);
                              self->OnRoom();
                            });
  }
  void PeerEnded() {
    peer_ended_ = true;
    in_->Close(OrderlyEnd());
    if (ended_) Break(OrderlyEnd());
  }
  // Hands on the chunk that was read, and reads the next.
  void OnRoom() {
    if (held_.empty() || broken_) return;
    const auto weight = static_cast<int64_t>(held_.size());
    const absl::StatusOr<bool> taken = in_->TryPush(held_, weight);
    if (taken.ok() && !*taken) return;  // on_room comes back here
    held_.clear();
    ReadSome();
  }

  void BreakOff(const asio::error_code& error) {
    Break(absl::UnavailableError(absl::StrCat("stream with ", peer_, ": ", error.message())));
  }
  void Break(const absl::Status& why) {
    if (std::exchange(broken_, true)) return;
    in_->Close(why);
    out_->Abort(why);
    linger_.cancel();
    asio::error_code ignored;
    socket_.close(ignored);
    undelivered_ = nullptr;
  }

  IoThread& io_;
  const NetworkOptions options_;
  const std::string peer_;
  tcp::socket socket_;
  asio::steady_timer linger_;
  std::shared_ptr<void> undelivered_;  // while the peer may not have all that was written
  std::shared_ptr<ByteQueue> out_;
  std::shared_ptr<ByteQueue> in_;
  std::string chunk_;  // being written, if writing_
  std::string held_;   // was read, not yet handed on
  std::array<char, 64 << 10> read_;
  bool writing_ = false;
  bool wrote_ = false;
  bool closing_ = false;     // the node has closed
  bool ended_ = false;       // this end is shut down
  bool peer_ended_ = false;  // the peer's end is
  bool broken_ = false;
};

std::unique_ptr<ByteStream> StartStream(IoThread& io, EventLoop& loop,
                                        const NetworkOptions& options, tcp::socket socket) {
  return std::make_shared<StreamLink>(io, std::move(socket), options)->Start(loop);
}

}  // namespace

Task<absl::StatusOr<std::unique_ptr<ByteStream>>> ConnectTcpStream(IoThread& io, EventLoop& loop,
                                                                   NetworkOptions options,
                                                                   std::string address) {
  Completion<absl::StatusOr<std::unique_ptr<ByteStream>>> done(loop);
  io.Post([&io, &loop, options, address = std::move(address), done] {
    Dial(io.context(), address, options.connect_timeout, Reach::kAnywhere,
         [&io, &loop, options, done](absl::StatusOr<tcp::socket> socket) {
           if (!socket.ok()) return done.Complete(socket.status());
           done.Complete(StartStream(io, loop, options, *std::move(socket)));
         });
  });
  co_return co_await done.Wait();
}

Task<absl::StatusOr<std::unique_ptr<StreamListener>>> ListenTcpStream(IoThread& io, EventLoop& loop,
                                                                      NetworkOptions options,
                                                                      std::string address) {
  return TcpListener<ByteStream, StreamListener>::Listen(
      io, loop, std::move(address), Reach::kAnywhere, [&io, &loop, options](tcp::socket socket) {
        return StartStream(io, loop, options, std::move(socket));
      });
}

}  // namespace wavetank::platform
