#include "platform/rpc_wire.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "absl/strings/str_cat.h"

#include "platform/check.h"
#include "platform/little_endian.h"
#include "platform/status_macros.h"

namespace wavetank::platform {
namespace {

constexpr uint8_t kUnused = 0;

std::string EncodePart(uint64_t id) {
  std::string bytes;
  AppendNumber(static_cast<uint8_t>(RpcKind::kPart), bytes);
  AppendNumber(kUnused, bytes);
  AppendNumber(kUnused, bytes);
  AppendNumber(kUnused, bytes);
  AppendNumber(id, bytes);
  return bytes;
}

uint32_t Milliseconds(absl::Duration patience) {
  return static_cast<uint32_t>(absl::ToInt64Milliseconds(
      absl::Ceil(std::min(patience, kMostPatience), absl::Milliseconds(1))));
}

}  // namespace

std::string EncodeRpcHead(const RpcHead& head) {
  std::string bytes;
  bytes.reserve(kRpcHeadBytes + head.text.size());
  AppendNumber(static_cast<uint8_t>(head.kind), bytes);
  AppendNumber(head.flags, bytes);
  AppendNumber(static_cast<uint8_t>(head.code), bytes);
  AppendNumber(kUnused, bytes);
  AppendNumber(head.id, bytes);
  AppendNumber(Milliseconds(head.patience), bytes);
  AppendNumber(head.trace, bytes);
  AppendNumber(head.body_bytes, bytes);
  AppendNumber(head.attachment_bytes, bytes);
  AppendNumber(static_cast<uint32_t>(head.text.size()), bytes);
  bytes += head.text;
  return bytes;
}

absl::StatusOr<RpcPart> DecodeRpcPart(Message message) {
  RpcPart part;
  ByteReader reader(message.body);
  part.head.kind = static_cast<RpcKind>(reader.Take<uint8_t>());
  part.head.flags = reader.Take<uint8_t>();
  part.head.code = static_cast<absl::StatusCode>(reader.Take<uint8_t>());
  reader.Take<uint8_t>();
  part.head.id = reader.Take<uint64_t>();
  if (part.head.kind != RpcKind::kPart) {
    part.head.patience = absl::Milliseconds(reader.Take<uint32_t>());
    part.head.trace = reader.Take<uint64_t>();
    part.head.body_bytes = reader.Take<uint64_t>();
    part.head.attachment_bytes = reader.Take<uint64_t>();
    part.head.text = reader.TakeBytes(reader.Take<uint32_t>());
  }
  const bool known = part.head.kind == RpcKind::kRequest || part.head.kind == RpcKind::kReply ||
                     part.head.kind == RpcKind::kPart;
  constexpr uint64_t kMost = uint64_t{1} << 40;  // so that sums stay numbers
  if (!reader.ok() || !known || part.head.body_bytes > kMost ||
      part.head.attachment_bytes > kMost) {
    return absl::DataLossError("the peer's message is no request, reply or part of one");
  }
  if (part.head.flags >= kFirstFlagToUnderstand) {
    return absl::DataLossError(
        absl::StrCat("the peer's message has flags that must be understood and are not known: ",
                     absl::Hex(part.head.flags)));
  }
  const size_t content_at = message.body.size() - reader.rest().size();
  if (part.head.kind != RpcKind::kPart && reader.rest().size() > part.head.content_bytes()) {
    return absl::DataLossError("the peer's message has more content than its head says");
  }
  if (!message.attachment_bytes.empty()) {
    return absl::DataLossError("the peer's message has bytes where none belong");
  }
  part.content = std::move(message);
  part.content.body.erase(0, content_at);
  return part;
}

RpcIncoming::RpcIncoming(RpcPart first)
    : head_(std::move(first.head)), content_(std::move(first.content)) {
  // What a head says is not yet there: beyond this, memory follows what comes.
  constexpr uint64_t kMostReserved = uint64_t{32} << 20;
  content_.body.reserve(std::min(head_.content_bytes(), kMostReserved));
}

absl::Status RpcIncoming::Add(RpcPart part) {
  if (content_.body.size() + part.content.body.size() > head_.content_bytes()) {
    return absl::DataLossError("the peer's message has more content than its head says");
  }
  content_.body += part.content.body;
  return absl::OkStatus();
}

RpcPayload RpcIncoming::Take() {
  WT_CHECK(complete());
  if (head_.body_bytes == 0) {
    content_.attachment_bytes = std::exchange(content_.body, {});
  } else if (head_.attachment_bytes > 0) {
    content_.attachment_bytes = content_.body.substr(head_.body_bytes);
    content_.body.resize(head_.body_bytes);
  }
  return std::move(content_);
}

Task<absl::Status> SayWhole(Connection& connection, Budget& turn, RpcHead head,
                            RpcPayload payload) {
  // What is handed over is no content; all else is, and travels in parts.
  if (payload.attachment != nullptr && !connection.hands_over()) {
    payload.attachment_bytes = payload.attachment->Encode();
    payload.attachment = nullptr;
  }
  head.body_bytes = payload.body.size();
  head.attachment_bytes = payload.attachment_bytes.size();
  std::string content = std::move(payload.body);
  if (content.empty()) {
    content = std::exchange(payload.attachment_bytes, {});
  } else {
    content += std::exchange(payload.attachment_bytes, {});
  }
  if (head.text.size() > kMostRpcTextBytes) head.text.resize(kMostRpcTextBytes);

  const Budget::Share mine = co_await turn.Take(1);
  Message message;
  message.attachment = std::move(payload.attachment);
  message.body = EncodeRpcHead(head);
  message.body.append(content, 0, kRpcPartBytes);
  WT_CO_RETURN_IF_ERROR(co_await connection.Send(std::move(message)));
  for (size_t said = kRpcPartBytes; said < content.size(); said += kRpcPartBytes) {
    Message part;
    part.body = EncodePart(head.id);
    part.body.append(content, said, kRpcPartBytes);
    WT_CO_RETURN_IF_ERROR(co_await connection.Send(std::move(part)));
  }
  co_return absl::OkStatus();
}

}  // namespace wavetank::platform
