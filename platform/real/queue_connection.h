// QueueConnection: a node's end of a connection, whatever carries it: two queues of messages. Their
// other ends are the peer's loop (in-process) or a link on the I/O thread (TCP).
#ifndef WAVETANK_PLATFORM_REAL_QUEUE_CONNECTION_H_
#define WAVETANK_PLATFORM_REAL_QUEUE_CONNECTION_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "platform/network.h"
#include "platform/real/bounded_queue.h"
#include "platform/real/queue_end.h"

namespace wavetank::platform {

using MessageQueue = BoundedQueue<Message>;

// What a message counts for in a buffer. An attachment that is handed over has no size until it is
// encoded, so each counts the same, which bounds their number.
int64_t WeightOf(const Message& message);

class QueueConnection final : public Connection {
 public:
  struct Parts {
    std::shared_ptr<MessageQueue> out;
    std::shared_ptr<QueueEnd> room;  // of `out`
    std::shared_ptr<MessageQueue> in;
    std::shared_ptr<QueueEnd> items;  // of `in`
    enum class Attachments { kHandOver, kEncode } attachments = Attachments::kHandOver;
    int64_t max_message_bytes = 0;
    // Called with the weight of each message received, for flow control; may be null.
    std::function<void(int64_t)> on_received;
    std::string peer;
  };
  explicit QueueConnection(Parts parts) : parts_(std::make_shared<const Parts>(std::move(parts))) {}
  ~QueueConnection() override { Close(); }

  Task<absl::Status> Send(Message message) override;
  Task<absl::StatusOr<Message>> Receive() override;
  void Close() override;
  bool hands_over() const override { return parts_->attachments == Parts::Attachments::kHandOver; }
  std::string peer() const override { return parts_->peer; }

 private:
  static Task<absl::Status> SendThrough(std::shared_ptr<const Parts> parts, Message message);
  static Task<absl::StatusOr<Message>> ReceiveFrom(std::shared_ptr<const Parts> parts);

  const std::shared_ptr<const Parts> parts_;  // shared with the calls in flight
};

}  // namespace wavetank::platform

#endif  // WAVETANK_PLATFORM_REAL_QUEUE_CONNECTION_H_
