#include "platform/real/real_network.h"

#include <optional>
#include <string_view>
#include <utility>

#include "platform/real/tcp_messages.h"
#include "platform/real/tcp_stream.h"

namespace wavetank::platform {
namespace {

constexpr std::string_view kInproc = "inproc:";

// The name, if `address` is one within the process.
std::optional<std::string> InprocName(const std::string& address) {
  if (!address.starts_with(kInproc)) return std::nullopt;
  return address.substr(kInproc.size());
}

}  // namespace

Task<absl::StatusOr<std::unique_ptr<Connection>>> RealNetwork::Connect(std::string address) {
  if (const auto name = InprocName(address)) co_return hub_.Connect(loop_, *name);
  co_return co_await ConnectTcp(io_, loop_, options_, std::move(address));
}

Task<absl::StatusOr<std::unique_ptr<Listener>>> RealNetwork::Listen(std::string address) {
  if (const auto name = InprocName(address)) co_return hub_.Listen(loop_, *name);
  co_return co_await ListenTcp(io_, loop_, options_, std::move(address));
}

Task<absl::StatusOr<std::unique_ptr<ByteStream>>> RealNetwork::ConnectStream(std::string address) {
  return ConnectTcpStream(io_, loop_, options_, std::move(address));
}

Task<absl::StatusOr<std::unique_ptr<StreamListener>>> RealNetwork::ListenStream(
    std::string address) {
  return ListenTcpStream(io_, loop_, options_, std::move(address));
}

}  // namespace wavetank::platform
