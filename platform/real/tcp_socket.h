// Dialling and accepting, which message connections and byte streams share. Included by the .cc
// files of the TCP transports alone, because it includes Asio. Everything here belongs to the I/O
// thread.
#ifndef WAVETANK_PLATFORM_REAL_TCP_SOCKET_H_
#define WAVETANK_PLATFORM_REAL_TCP_SOCKET_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "asio/io_context.hpp"
#include "asio/ip/tcp.hpp"
#include "asio/steady_timer.hpp"

namespace wavetank::platform {

using asio::ip::tcp;

struct HostPort {
  std::string host;
  uint16_t port = 0;
};
// "host:port", "[::1]:port"; kInvalidArgument else.
absl::StatusOr<HostPort> ParseAddress(const std::string& address);

// "host:port" of the other end.
std::string PeerOf(const tcp::socket& socket);
// "attempt: reason"; kAlreadyExists for an address in use, kUnavailable else.
absl::Status SocketError(const std::string& attempt, const asio::error_code& error);

inline std::chrono::nanoseconds ToChrono(absl::Duration duration) {
  return absl::ToChronoNanoseconds(duration);
}

// Which addresses may be listened on, or connected to.
enum class Reach { kLoopback, kAnywhere };
// kPermissionDenied if the address is of those that may not.
absl::Status CheckReach(Reach reach, const std::string& attempt, const asio::ip::address& address);

// Resolves and connects; calls `done` once, within `timeout`.
using OnConnected = std::function<void(absl::StatusOr<tcp::socket>)>;
void Dial(asio::io_context& context, const std::string& address, absl::Duration timeout,
          Reach reach, OnConnected done);

// Accepts connections until closed.
class Acceptor : public std::enable_shared_from_this<Acceptor> {
 public:
  Acceptor(asio::io_context& context, Reach reach)
      : reach_(reach), resolver_(context), acceptor_(context), retry_(context) {}

  // Resolves, binds and listens; gives the address with the port that was picked.
  using OnBound = std::function<void(absl::StatusOr<std::string>)>;
  void Bind(const std::string& address, OnBound done);
  // Accepts one connection, then waits for the next call.
  void AcceptOne(std::function<void(tcp::socket)> accepted);
  void Close();

 private:
  absl::StatusOr<std::string> Open(const std::string& address, const tcp::endpoint& local);

  const Reach reach_;
  tcp::resolver resolver_;
  tcp::acceptor acceptor_;
  asio::steady_timer retry_;  // after errors such as too many open files
};

}  // namespace wavetank::platform

#endif  // WAVETANK_PLATFORM_REAL_TCP_SOCKET_H_
