// TcpListener: what message connections and byte streams share in listening. Connections are
// accepted on the I/O thread ahead of the node's Accept, up to a bound; then the kernel's own
// backlog holds them. Included by the .cc files of the TCP transports alone.
#ifndef WAVETANK_PLATFORM_REAL_TCP_LISTENER_H_
#define WAVETANK_PLATFORM_REAL_TCP_LISTENER_H_

#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

#include "platform/real/bounded_queue.h"
#include "platform/real/completion.h"
#include "platform/real/event_loop.h"
#include "platform/real/io_thread.h"
#include "platform/real/queue_end.h"
#include "platform/real/tcp_socket.h"
#include "platform/status_macros.h"
#include "platform/task.h"

namespace wavetank::platform {

inline constexpr int64_t kAcceptedAhead = 128;

// The I/O thread's side: accepts while there is room.
template <typename T>
class AcceptAhead : public std::enable_shared_from_this<AcceptAhead<T>> {
 public:
  using Make = std::function<std::unique_ptr<T>(tcp::socket)>;
  using Queue = BoundedQueue<std::unique_ptr<T>>;
  AcceptAhead(asio::io_context& context, Reach reach, Make make)
      : acceptor_(std::make_shared<Acceptor>(context, reach)), make_(std::move(make)) {}

  Acceptor& acceptor() { return *acceptor_; }
  void Start(std::shared_ptr<Queue> queue) {
    queue_ = std::move(queue);
    AcceptNext();
  }
  void OnRoom() {
    if (held_ != nullptr) Offer(std::move(held_));
  }

 private:
  void AcceptNext() {
    acceptor_->AcceptOne([self = this->shared_from_this()](tcp::socket socket) {
      self->Offer(self->make_(std::move(socket)));
    });
  }
  void Offer(std::unique_ptr<T> made) {
    const absl::StatusOr<bool> taken = queue_->TryPush(made, 1);
    if (!taken.ok()) return;  // the listener has gone, and with `made` this connection
    if (*taken) return AcceptNext();
    held_ = std::move(made);
  }

  const std::shared_ptr<Acceptor> acceptor_;
  const Make make_;
  std::shared_ptr<Queue> queue_;
  std::unique_ptr<T> held_;  // accepted, for the next room in the queue
};

// The node's side. Interface is Listener or StreamListener, T what it accepts.
template <typename T, typename Interface>
class TcpListener final : public Interface {
 public:
  using Ahead = AcceptAhead<T>;
  using Queue = typename Ahead::Queue;

  // Binds on the I/O thread and starts to accept for `loop`, turning sockets into T by `make`.
  static Task<absl::StatusOr<std::unique_ptr<Interface>>> Listen(IoThread& io, EventLoop& loop,
                                                                 std::string address, Reach reach,
                                                                 typename Ahead::Make make) {
    using Result = absl::StatusOr<std::unique_ptr<Interface>>;
    Completion<Result> done(loop);
    io.Post([&io, &loop, address = std::move(address), reach, make = std::move(make), done] {
      auto ahead = std::make_shared<Ahead>(io.context(), reach, make);
      ahead->acceptor().Bind(address, [&io, &loop, ahead, done](absl::StatusOr<std::string> bound) {
        if (!bound.ok()) return done.Complete(bound.status());
        done.Complete(Result(std::make_unique<TcpListener>(io, loop, ahead, *std::move(bound))));
      });
    });
    co_return co_await done.Wait();
  }

  TcpListener(IoThread& io, EventLoop& loop, std::shared_ptr<Ahead> ahead, std::string address)
      : io_(io),
        ahead_(std::move(ahead)),
        address_(std::move(address)),
        end_(std::make_shared<QueueEnd>(loop)) {
    const auto on_room = [&io, weak = std::weak_ptr(ahead_)] {
      io.Post([weak] {
        if (const auto accepting = weak.lock()) accepting->OnRoom();
      });
    };
    queue_ = std::make_shared<Queue>(kAcceptedAhead, end_->signal->Waker(), on_room);
    ahead_->Start(queue_);
  }
  ~TcpListener() override {
    queue_->Abort(absl::CancelledError("the listener was closed"));
    end_->Cancel();
    io_.Post([ahead = std::move(ahead_)] { ahead->acceptor().Close(); });
  }

  Task<absl::StatusOr<std::unique_ptr<T>>> Accept() override { return AcceptFrom(queue_, end_); }
  std::string address() const override { return address_; }

 private:
  static Task<absl::StatusOr<std::unique_ptr<T>>> AcceptFrom(std::shared_ptr<Queue> queue,
                                                             std::shared_ptr<QueueEnd> end) {
    WT_CO_ASSIGN_OR_RETURN(typename Queue::Weighed accepted, co_await PopWhenThere(queue, end));
    co_return std::move(accepted.value);
  }

  IoThread& io_;
  std::shared_ptr<Ahead> ahead_;
  const std::string address_;
  const std::shared_ptr<QueueEnd> end_;
  std::shared_ptr<Queue> queue_;
};

}  // namespace wavetank::platform

#endif  // WAVETANK_PLATFORM_REAL_TCP_LISTENER_H_
