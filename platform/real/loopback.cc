#include "platform/real/loopback.h"

#include <algorithm>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

#include "platform/real/tcp_socket.h"
#include "platform/status_macros.h"

namespace wavetank::platform {

absl::StatusOr<bool> StaysOnThisMachine(const std::string& address) {
  if (absl::StartsWith(address, "inproc:")) return true;
  WT_ASSIGN_OR_RETURN(const HostPort at, ParseAddress(address));
  asio::io_context context;
  asio::error_code error;
  const auto found = tcp::resolver(context).resolve(at.host, absl::StrCat(at.port), error);
  if (error) return SocketError(absl::StrCat("look up ", address), error);
  return std::ranges::all_of(
      found, [](const auto& entry) { return entry.endpoint().address().is_loopback(); });
}

}  // namespace wavetank::platform
