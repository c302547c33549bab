#include "platform/real/inproc.h"

#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

#include "platform/real/queue_connection.h"
#include "platform/real/queue_end.h"
#include "platform/status_macros.h"

namespace wavetank::platform {
namespace {

constexpr int64_t kUnacceptedAtMost = 128;

// A queue from a producer to a consumer, each on its loop.
struct Direction {
  Direction(EventLoop& producer, EventLoop& consumer, int64_t capacity)
      : room(std::make_shared<QueueEnd>(producer)),
        items(std::make_shared<QueueEnd>(consumer)),
        queue(std::make_shared<MessageQueue>(capacity, items->signal->Waker(),
                                             room->signal->Waker())) {}
  std::shared_ptr<QueueEnd> room;
  std::shared_ptr<QueueEnd> items;
  std::shared_ptr<MessageQueue> queue;
};

std::unique_ptr<Connection> MakeEnd(const Direction& out, const Direction& in,
                                    const NetworkOptions& options, std::string peer) {
  QueueConnection::Parts parts;
  parts.out = out.queue;
  parts.room = out.room;
  parts.in = in.queue;
  parts.items = in.items;
  parts.attachments = QueueConnection::Parts::Attachments::kHandOver;
  parts.max_message_bytes = options.max_message_bytes;
  parts.peer = std::move(peer);
  return std::make_unique<QueueConnection>(std::move(parts));
}

}  // namespace

class InprocHub::InprocListener final : public Listener {
 public:
  // REQUIRES: `name` stands in the hub for this listener, which takes it out.
  InprocListener(std::shared_ptr<InprocHub> hub, std::string name, std::shared_ptr<QueueEnd> end,
                 std::shared_ptr<AcceptQueue> accepts)
      : hub_(std::move(hub)),
        name_(std::move(name)),
        end_(std::move(end)),
        accepts_(std::move(accepts)) {}
  ~InprocListener() override {
    {
      std::lock_guard lock(hub_->mutex_);
      hub_->listeners_.erase(name_);
    }
    accepts_->Abort(absl::CancelledError("the listener was closed"));
    end_->Cancel();
  }

  Task<absl::StatusOr<std::unique_ptr<Connection>>> Accept() override {
    return AcceptFrom(accepts_, end_);
  }
  std::string address() const override { return absl::StrCat("inproc:", name_); }

 private:
  static Task<absl::StatusOr<std::unique_ptr<Connection>>> AcceptFrom(
      std::shared_ptr<AcceptQueue> accepts, std::shared_ptr<QueueEnd> end) {
    WT_CO_ASSIGN_OR_RETURN(AcceptQueue::Weighed accepted, co_await PopWhenThere(accepts, end));
    co_return std::move(accepted.value);
  }

  const std::shared_ptr<InprocHub> hub_;
  const std::string name_;
  const std::shared_ptr<QueueEnd> end_;
  const std::shared_ptr<AcceptQueue> accepts_;
};

absl::StatusOr<std::unique_ptr<Connection>> InprocHub::Connect(EventLoop& loop,
                                                               const std::string& name) {
  const std::string attempt = absl::StrCat("connect to inproc:", name);
  Entry listener;
  {
    std::lock_guard lock(mutex_);
    const auto found = listeners_.find(name);
    if (found == listeners_.end()) {
      return absl::UnavailableError(absl::StrCat(attempt, ": nobody listens there"));
    }
    listener = found->second;
  }
  const Direction there(loop, *listener.loop, options_.buffer_bytes);
  const Direction back(*listener.loop, loop, options_.buffer_bytes);
  const std::string peer = absl::StrCat("inproc:", name);
  std::unique_ptr<Connection> accepted =
      MakeEnd(back, there, options_, absl::StrCat("a client of ", peer));
  std::unique_ptr<Connection> connected = MakeEnd(there, back, options_, peer);

  const absl::StatusOr<bool> taken = listener.accepts->TryPush(accepted, 1);
  if (!taken.ok() || !*taken) {
    return absl::UnavailableError(
        absl::StrCat(attempt, taken.ok() ? ": too many connections wait there" : ": it closed"));
  }
  return connected;
}

absl::StatusOr<std::unique_ptr<Listener>> InprocHub::Listen(EventLoop& loop,
                                                            const std::string& name) {
  auto end = std::make_shared<QueueEnd>(loop);
  auto accepts = std::make_shared<AcceptQueue>(kUnacceptedAtMost, end->signal->Waker(), [] {});
  {
    std::lock_guard lock(mutex_);
    if (!listeners_.emplace(name, Entry{&loop, accepts}).second) {
      return absl::AlreadyExistsError(
          absl::StrCat("listen on inproc:", name, ": somebody listens there"));
    }
  }
  return std::make_unique<InprocListener>(shared_from_this(), name, std::move(end),
                                          std::move(accepts));
}

}  // namespace wavetank::platform
