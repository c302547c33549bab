// Byte streams over TCP (contract: network.h). Backpressure is TCP's own: at most buffer_bytes and
// one chunk are held for a node that does not read, then the socket is left alone. Close writes out
// what Write has taken and ends the stream; the socket is held until the peer has closed as well,
// because closing it first could reset what the peer has not read yet, but from Close on for no
// more than dead_after in which the peer takes nothing.
#ifndef WAVETANK_PLATFORM_REAL_TCP_STREAM_H_
#define WAVETANK_PLATFORM_REAL_TCP_STREAM_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"

#include "platform/network.h"
#include "platform/real/event_loop.h"
#include "platform/real/io_thread.h"
#include "platform/task.h"

namespace wavetank::platform {

// `io` and `loop`, the asking node's, must outlive what is returned.
Task<absl::StatusOr<std::unique_ptr<ByteStream>>> ConnectTcpStream(IoThread& io, EventLoop& loop,
                                                                   NetworkOptions options,
                                                                   std::string address);
Task<absl::StatusOr<std::unique_ptr<StreamListener>>> ListenTcpStream(IoThread& io, EventLoop& loop,
                                                                      NetworkOptions options,
                                                                      std::string address);

}  // namespace wavetank::platform

#endif  // WAVETANK_PLATFORM_REAL_TCP_STREAM_H_
