#include "platform/real/queue_connection.h"

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

#include "platform/status_macros.h"

namespace wavetank::platform {
namespace {

constexpr int64_t kMessageOverhead = 64;
constexpr int64_t kAttachmentWeight = 64 << 10;

int64_t EncodedBytes(const Message& message) {
  return static_cast<int64_t>(message.body.size() + message.attachment_bytes.size());
}

}  // namespace

int64_t WeightOf(const Message& message) {
  return kMessageOverhead + EncodedBytes(message) +
         (message.attachment != nullptr ? kAttachmentWeight : 0);
}

Task<absl::Status> QueueConnection::Send(Message message) {
  return SendThrough(parts_, std::move(message));
}

Task<absl::Status> QueueConnection::SendThrough(std::shared_ptr<const Parts> parts,
                                                Message message) {
  if (message.attachment != nullptr && parts->attachments == Parts::Attachments::kEncode) {
    message.attachment_bytes = message.attachment->Encode();
    message.attachment = nullptr;
  }
  if (EncodedBytes(message) > parts->max_message_bytes) {
    co_return absl::InvalidArgumentError(
        absl::StrCat("send to ", parts->peer, ": the message has ", EncodedBytes(message),
                     " bytes, more than max_message_bytes = ", parts->max_message_bytes));
  }
  const int64_t weight = WeightOf(message);
  co_return co_await PushWhenRoom(parts->out, parts->room, std::move(message), weight);
}

Task<absl::StatusOr<Message>> QueueConnection::Receive() { return ReceiveFrom(parts_); }

Task<absl::StatusOr<Message>> QueueConnection::ReceiveFrom(std::shared_ptr<const Parts> parts) {
  WT_CO_ASSIGN_OR_RETURN(MessageQueue::Weighed received,
                         co_await PopWhenThere(parts->in, parts->items));
  if (parts->on_received) parts->on_received(received.weight);
  co_return std::move(received.value);
}

void QueueConnection::Close() {
  const absl::Status closed = absl::UnavailableError("closed by the peer");
  parts_->out->Close(closed);
  parts_->in->Abort(closed);
  parts_->room->Cancel();
  parts_->items->Cancel();
}

}  // namespace wavetank::platform
