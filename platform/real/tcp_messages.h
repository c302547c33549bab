// Message connections over TCP (contract: network.h; bytes on the wire: frame.h).
//
// Flow control. A sender may have as much weight under way as the receiver has granted: its
// buffer_bytes at first, then what the receiving node takes out. So the I/O thread never has to
// stop reading a socket because its node is busy, and heartbeats are heard behind any number of
// messages that nobody has received yet. A peer that exceeds its grant is cut off with kDataLoss.
//
// Death. Every heartbeat_interval each end sends a heartbeat and counts whether any byte has come
// since the last count; dead_after of silence, counted so, breaks the connection. Counting
// intervals rather than comparing times means that a process which was itself stopped does not
// blame its peers when it wakes. The peer's interval must be shorter than this end's dead_after.
//
// Close. What Send has taken is written out, then kEnd; the socket is held until the peer has seen
// that and closed, because closing it first could reset what the peer has not read yet, but for no
// more than dead_after in which the peer takes no message.
#ifndef WAVETANK_PLATFORM_REAL_TCP_MESSAGES_H_
#define WAVETANK_PLATFORM_REAL_TCP_MESSAGES_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"

#include "platform/network.h"
#include "platform/real/event_loop.h"
#include "platform/real/io_thread.h"
#include "platform/task.h"

namespace wavetank::platform {

// `io` and `loop`, the asking node's, must outlive what is returned.
Task<absl::StatusOr<std::unique_ptr<Connection>>> ConnectTcp(IoThread& io, EventLoop& loop,
                                                             NetworkOptions options,
                                                             std::string address);
Task<absl::StatusOr<std::unique_ptr<Listener>>> ListenTcp(IoThread& io, EventLoop& loop,
                                                          NetworkOptions options,
                                                          std::string address);

}  // namespace wavetank::platform

#endif  // WAVETANK_PLATFORM_REAL_TCP_MESSAGES_H_
