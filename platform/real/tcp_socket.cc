#include "platform/real/tcp_socket.h"

#include <chrono>
#include <optional>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "asio/connect.hpp"
#include "asio/system_error.hpp"

#include "platform/status_macros.h"

namespace wavetank::platform {
namespace {

constexpr std::chrono::milliseconds kAcceptRetry{50};

using Found = tcp::resolver::results_type;

// Asio resolves on a thread that it starts for the first name, and throws if there is none to have.
void Resolve(tcp::resolver& resolver, const HostPort& name, tcp::resolver::flags flags,
             const std::function<void(const asio::error_code&, const Found&)>& done) {
  try {
    resolver.async_resolve(name.host, absl::StrCat(name.port), flags, done);
  } catch (const asio::system_error& error) {
    done(error.code(), Found());
  }
}

class Dialling : public std::enable_shared_from_this<Dialling> {
 public:
  Dialling(asio::io_context& context, std::string attempt, Reach reach, OnConnected done)
      : attempt_(std::move(attempt)),
        reach_(reach),
        done_(std::move(done)),
        resolver_(context),
        socket_(context),
        timer_(context) {}

  void Start(const HostPort& to, absl::Duration timeout) {
    timer_.expires_after(ToChrono(timeout));
    timer_.async_wait([self = shared_from_this(), timeout](const asio::error_code& error) {
      if (error) return;
      self->Finish(absl::UnavailableError(
          absl::StrCat(self->attempt_, ": no answer within ", absl::FormatDuration(timeout))));
    });
    Resolve(resolver_, to, {},
            [self = shared_from_this()](const asio::error_code& error, const Found& found) {
              self->OnResolved(error, found);
            });
  }

 private:
  void OnResolved(const asio::error_code& error, const Found& found) {
    if (finished_) return;
    if (error) return Finish(SocketError(attempt_, error));
    for (const auto& entry : found) {
      const absl::Status allowed = CheckReach(reach_, attempt_, entry.endpoint().address());
      if (!allowed.ok()) return Finish(allowed);
    }
    asio::async_connect(
        socket_, found,
        [self = shared_from_this()](const asio::error_code& failed, const tcp::endpoint&) {
          if (failed) return self->Finish(SocketError(self->attempt_, failed));
          self->Finish(std::move(self->socket_));
        });
  }
  void Finish(absl::StatusOr<tcp::socket> result) {
    if (std::exchange(finished_, true)) return;
    asio::error_code ignored;
    timer_.cancel();
    resolver_.cancel();
    if (!result.ok()) socket_.close(ignored);
    if (result.ok()) result->set_option(tcp::no_delay(true), ignored);
    std::exchange(done_, nullptr)(std::move(result));
  }

  const std::string attempt_;
  const Reach reach_;
  OnConnected done_;
  tcp::resolver resolver_;
  tcp::socket socket_;
  asio::steady_timer timer_;
  bool finished_ = false;
};

}  // namespace

absl::StatusOr<HostPort> ParseAddress(const std::string& address) {
  const size_t colon = address.rfind(':');
  uint32_t port = 0;
  if (colon == std::string::npos || colon == 0 ||
      !absl::SimpleAtoi(address.substr(colon + 1), &port) || port > UINT16_MAX) {
    return absl::InvalidArgumentError(
        absl::StrCat("address \"", address, "\": want \"host:port\" with a port below 65536"));
  }
  std::string host = address.substr(0, colon);
  if (host.front() == '[' && host.back() == ']') host = host.substr(1, host.size() - 2);
  return HostPort{std::move(host), static_cast<uint16_t>(port)};
}

std::string PeerOf(const tcp::socket& socket) {
  asio::error_code error;
  const tcp::endpoint peer = socket.remote_endpoint(error);
  if (error) return "a peer that has gone";
  return absl::StrCat(peer.address().to_string(), ":", peer.port());
}

absl::Status SocketError(const std::string& attempt, const asio::error_code& error) {
  const auto code = error == asio::error::address_in_use ? absl::StatusCode::kAlreadyExists
                                                         : absl::StatusCode::kUnavailable;
  return absl::Status(code, absl::StrCat(attempt, ": ", error.message()));
}

absl::Status CheckReach(Reach reach, const std::string& attempt, const asio::ip::address& address) {
  if (reach == Reach::kAnywhere || address.is_loopback()) return absl::OkStatus();
  return absl::PermissionDeniedError(absl::StrCat(
      attempt, ": ", address.to_string(),
      " reaches beyond this machine, which needs a secret that every process of the cluster knows: "
      "start them all with the same secret file"));
}

void Dial(asio::io_context& context, const std::string& address, absl::Duration timeout,
          Reach reach, OnConnected done) {
  const absl::StatusOr<HostPort> to = ParseAddress(address);
  if (!to.ok()) return done(to.status());
  std::make_shared<Dialling>(context, absl::StrCat("connect to ", address), reach, std::move(done))
      ->Start(*to, timeout);
}

void Acceptor::Bind(const std::string& address, OnBound done) {
  const absl::StatusOr<HostPort> at = ParseAddress(address);
  if (!at.ok()) return done(at.status());
  Resolve(resolver_, *at, tcp::resolver::passive,
          [self = shared_from_this(), address, done = std::move(done)](
              const asio::error_code& error, const Found& found) {
            if (error) return done(SocketError(absl::StrCat("listen on ", address), error));
            done(self->Open(address, found.begin()->endpoint()));
          });
}

absl::StatusOr<std::string> Acceptor::Open(const std::string& address, const tcp::endpoint& local) {
  const std::string attempt = absl::StrCat("listen on ", address);
  WT_RETURN_IF_ERROR(CheckReach(reach_, attempt, local.address()));
  asio::error_code error;
  acceptor_.open(local.protocol(), error);
  // So that a restarted process need not wait for the old one's connections to be forgotten.
  if (!error) acceptor_.set_option(tcp::acceptor::reuse_address(true), error);
  if (!error) acceptor_.bind(local, error);
  if (!error) acceptor_.listen(tcp::acceptor::max_listen_connections, error);
  if (error) return SocketError(attempt, error);
  const std::string host = address.substr(0, address.rfind(':'));
  return absl::StrCat(host, ":", acceptor_.local_endpoint().port());
}

void Acceptor::AcceptOne(std::function<void(tcp::socket)> accepted) {
  acceptor_.async_accept([self = shared_from_this(), accepted = std::move(accepted)](
                             const asio::error_code& error, tcp::socket socket) mutable {
    if (!self->acceptor_.is_open()) return;
    if (error) {
      self->retry_.expires_after(kAcceptRetry);
      self->retry_.async_wait([self, accepted = std::move(accepted)](const asio::error_code&) {
        if (self->acceptor_.is_open()) self->AcceptOne(accepted);
      });
      return;
    }
    asio::error_code ignored;
    socket.set_option(tcp::no_delay(true), ignored);
    accepted(std::move(socket));
  });
}

void Acceptor::Close() {
  asio::error_code ignored;
  acceptor_.close(ignored);
  retry_.cancel();
}

}  // namespace wavetank::platform
