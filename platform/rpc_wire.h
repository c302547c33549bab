// What requests and replies look like on a connection: a head, and behind it the content in parts,
// so that nobody has to take a long one whole, nor before it wants it. Bytes: WIRE.md.
//
// The parts of one request or reply come one after the other, not mixed with others of their
// direction. A head that comes before the last part of the one before it takes its place: whoever
// sent that gave it up.
#ifndef WAVETANK_PLATFORM_RPC_WIRE_H_
#define WAVETANK_PLATFORM_RPC_WIRE_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"

#include "platform/budget.h"
#include "platform/network.h"
#include "platform/task.h"

namespace wavetank::platform {

// What a request or a reply carries: bytes and, optionally, an attachment (network.h).
using RpcPayload = Message;

enum class RpcKind : uint8_t { kRequest = 1, kReply = 2, kPart = 3 };

struct RpcHead {
  RpcKind kind = RpcKind::kRequest;
  uint8_t flags = 0;                              // none is known yet
  absl::StatusCode code = absl::StatusCode::kOk;  // of a reply
  uint64_t id = 0;
  absl::Duration patience = absl::ZeroDuration();  // of a request: how long somebody waits
  uint64_t trace = 0;
  std::string text;  // the method of a request, the error's message of a reply
  uint64_t body_bytes = 0;
  uint64_t attachment_bytes = 0;
  uint64_t content_bytes() const { return body_bytes + attachment_bytes; }
};

// Flags from here on must be understood: a head with an unknown one ends the connection.
inline constexpr uint8_t kFirstFlagToUnderstand = 1 << 4;
inline constexpr size_t kRpcHeadBytes = 44;
inline constexpr size_t kRpcPartBytes = 64 << 10;
inline constexpr size_t kMostRpcTextBytes = 16 << 10;
inline constexpr absl::Duration kMostPatience = absl::Hours(24);

// Says one request or reply whole before the next: `turn` has one place, and is the direction's.
// When the call is destroyed on the way, what the peer has of it counts for nothing.
Task<absl::Status> SayWhole(Connection& connection, Budget& turn, RpcHead head, RpcPayload payload);

// One message of a connection.
struct RpcPart {
  RpcHead head;  // of a kPart: kind and id alone
  RpcPayload content;
};
absl::StatusOr<RpcPart> DecodeRpcPart(Message message);

// A request or reply on its way in. REQUIRES: Add is given what its connection gave, in order.
class RpcIncoming {
 public:
  // Takes the memory for all of it. `first` is the head and what came with it.
  explicit RpcIncoming(RpcPart first);
  uint64_t id() const { return head_.id; }
  const RpcHead& head() const { return head_; }
  bool complete() const { return content_.body.size() == head_.content_bytes(); }
  // kDataLoss if it is more than the head said.
  absl::Status Add(RpcPart part);
  // REQUIRES: complete().
  RpcPayload Take();

 private:
  RpcHead head_;
  RpcPayload content_;
};

// The bytes of one message, for tests and tools that speak it themselves.
std::string EncodeRpcHead(const RpcHead& head);

}  // namespace wavetank::platform

#endif  // WAVETANK_PLATFORM_RPC_WIRE_H_
