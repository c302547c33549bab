// Network: message-framed connections between nodes, and byte streams for foreign protocols.
//
// Contract of a Connection:
// - Messages arrive whole, in the order sent, each at most once, until the connection breaks. It
//   never comes back: connect again.
// - When it breaks, or the process of an end ends (in order too: what is under way is delivered for
//   a bounded time, and then cut), each end learns by itself and at its own time; the peer receives
//   some prefix of what was sent, of any length, which the sender cannot know, and perhaps when
//   that is gone. So a request without a reply may have been done.
// - Send waits while the bounded buffers towards the peer are full (backpressure) and returns once
//   the message is taken over, not once it has arrived. Receive gives buffered messages before it
//   reports the break.
// - The transport itself keeps a heartbeat, off the nodes' own loops: a peer that has not been
//   heard for NetworkOptions::dead_after breaks the connection with kUnavailable, however busy or
//   idle the user's functions are. A paused process misses heartbeats, a busy one does not.
// - Corrupt frames break the connection (kDataLoss at the receiver); they are never delivered.
// - There is no order between different connections, even of the same two nodes.
//
// Strangers. Who is at the other end the transport does not know: rpc.h asks, and hears nothing of
// a peer that does not know the secret. So a node without a secret may neither listen on, nor
// connect to, an address that reaches beyond its own machine (byte streams apart):
// kPermissionDenied.
//
// Addresses. "host:port" crosses processes ("host" is a machine's name in the simulator; port 0 on
// Listen picks a free one); "inproc:name" joins nodes of one process, which may hand immutable
// attachments over unencoded.
//
// Errors: kUnavailable (refused, unreachable, broken: retry by connecting anew), kAlreadyExists
// (address in use), kInvalidArgument (address, or a message over max_message_bytes), kDataLoss,
// kPermissionDenied, kCancelled (Receive or Send after this end's own Close).
#ifndef WAVETANK_PLATFORM_NETWORK_H_
#define WAVETANK_PLATFORM_NETWORK_H_

#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"

#include "platform/task.h"

namespace wavetank::platform {

// Something immutable that nodes of one process may share instead of copying. Its encoding is what
// crosses processes. Thread-safe by immutability.
class Attachment {
 public:
  virtual ~Attachment() = default;
  virtual std::string Encode() const = 0;
  // About how much memory it takes, for those who keep many. 0: it does not know.
  virtual size_t MemoryBytes() const { return 0; }
};

// `body` always travels as bytes. An attachment arrives either as the object that was sent or, when
// it was encoded on the way, as `attachment_bytes`; receivers must take both.
struct Message {
  std::string body;
  std::shared_ptr<const Attachment> attachment;
  std::string attachment_bytes;
};

struct NetworkOptions {
  absl::Duration heartbeat_interval = absl::Milliseconds(500);
  absl::Duration dead_after = absl::Seconds(3);
  absl::Duration connect_timeout = absl::Seconds(3);
  // Bytes a connection buffers in each direction before Send waits, beyond one message.
  int64_t buffer_bytes = 512 << 10;
  // Long contents travel in several (rpc.h): what a connection costs is then known before anybody
  // knows who is at its other end.
  int64_t max_message_bytes = 256 << 10;
  // Of the real world: whether addresses beyond this machine are allowed (byte streams' always
  // are).
  bool beyond_loopback = false;
};

class Connection {
 public:
  // Destroying a connection closes it.
  virtual ~Connection() = default;
  virtual Task<absl::Status> Send(Message message) = 0;
  // kUnavailable once the connection has broken or the peer closed it.
  virtual Task<absl::StatusOr<Message>> Receive() = 0;
  // What Send has taken is still delivered, if nothing breaks and the process goes on. Idempotent.
  virtual void Close() = 0;
  // Whether attachments arrive as the objects that were sent.
  virtual bool hands_over() const = 0;
  // For messages to people: the peer's address as far as it is known.
  virtual std::string peer() const = 0;
};

class Listener {
 public:
  // Destroying a listener closes it: the address is free, and connections not accepted are broken.
  virtual ~Listener() = default;
  // kCancelled: the listener was closed. Any other error is of one connection, or of a lack that
  // may pass: the listener still listens, so call again, after a pause.
  virtual Task<absl::StatusOr<std::unique_ptr<Connection>>> Accept() = 0;
  // The address with the port that was picked.
  virtual std::string address() const = 0;
};

// Ordered bytes without framing, checks or heartbeats (what is lost without a reset is not
// noticed).
class ByteStream {
 public:
  virtual ~ByteStream() = default;
  virtual Task<absl::Status> Write(std::string bytes) = 0;
  // At least one byte, or "" at the peer's orderly end.
  virtual Task<absl::StatusOr<std::string>> Read(int64_t max_bytes) = 0;
  virtual void Close() = 0;
};

class StreamListener {
 public:
  virtual ~StreamListener() = default;
  // As Listener's.
  virtual Task<absl::StatusOr<std::unique_ptr<ByteStream>>> Accept() = 0;
  virtual std::string address() const = 0;
};

class Network {
 public:
  virtual ~Network() = default;
  virtual Task<absl::StatusOr<std::unique_ptr<Connection>>> Connect(std::string address) = 0;
  virtual Task<absl::StatusOr<std::unique_ptr<Listener>>> Listen(std::string address) = 0;
  // Byte streams: "host:port" only.
  virtual Task<absl::StatusOr<std::unique_ptr<ByteStream>>> ConnectStream(std::string address) = 0;
  virtual Task<absl::StatusOr<std::unique_ptr<StreamListener>>> ListenStream(
      std::string address) = 0;
};

}  // namespace wavetank::platform

#endif  // WAVETANK_PLATFORM_NETWORK_H_
