#include "tests/interposed/proxy.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdint>
#include <iterator>
#include <string>
#include <utility>
#include <vector>

#include "platform/check.h"

namespace wavetank::interposed {
namespace {

using platform::Descriptor;

sockaddr_in Loopback(int port) {
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}
int PortOf(const std::string& address) { return std::stoi(address.substr(address.rfind(':') + 1)); }

Descriptor Socket() { return Descriptor(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)); }

bool WriteAll(int fd, const char* data, ssize_t size) {
  for (ssize_t done = 0; done < size;) {
    const ssize_t n = ::send(fd, data + done, static_cast<size_t>(size - done), MSG_NOSIGNAL);
    if (n <= 0) return false;
    done += n;
  }
  return true;
}

}  // namespace

Proxy::Proxy(const std::string& server) : server_(server), listener_(Socket()) {
  sockaddr_in address = Loopback(0);
  socklen_t size = sizeof address;
  WT_CHECK(::bind(listener_.get(), reinterpret_cast<sockaddr*>(&address), size) == 0);
  WT_CHECK(::listen(listener_.get(), 64) == 0);
  WT_CHECK(::getsockname(listener_.get(), reinterpret_cast<sockaddr*>(&address), &size) == 0);
  address_ = "127.0.0.1:" + std::to_string(ntohs(address.sin_port));
  thread_ = std::thread([this] { Serve(); });
}

Proxy::~Proxy() {
  stopping_ = true;
  thread_.join();
}

void Proxy::Accept() {
  Link link{.client = Descriptor(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC)),
            .server = Socket()};
  const sockaddr_in address = Loopback(PortOf(server_));
  const bool connected = ::connect(link.server.get(), reinterpret_cast<const sockaddr*>(&address),
                                   sizeof address) == 0;
  if (link.client.valid() && connected) links_.push_back(std::move(link));
}

bool Proxy::Forward(Link& link, bool from_client, bool from_server) {
  char bytes[64 << 10];
  if (from_client) {
    const ssize_t n = ::recv(link.client.get(), bytes, sizeof bytes, 0);
    if (n <= 0 || !WriteAll(link.server.get(), bytes, n)) return false;
  }
  if (from_server) {
    const ssize_t n = ::recv(link.server.get(), bytes, sizeof bytes, 0);
    if (n <= 0) return false;
    link.has_lost = link.has_lost || lose_;
    has_lost_ = has_lost_ || link.has_lost;
    if (!link.has_lost && !WriteAll(link.client.get(), bytes, n)) return false;
  }
  return lose_ || !link.has_lost;
}

void Proxy::Serve() {
  while (!stopping_) {
    std::vector<pollfd> polled = {{listener_.get(), POLLIN, 0}};
    for (const Link& link : links_) {
      polled.push_back({link.client.get(), POLLIN, 0});
      polled.push_back({link.server.get(), POLLIN, 0});
    }
    ::poll(polled.data(), polled.size(), 20);
    size_t at = 1;
    for (auto link = links_.begin(); link != links_.end(); at += 2) {
      const bool goes_on = Forward(*link, polled[at].revents != 0, polled[at + 1].revents != 0);
      link = goes_on ? std::next(link) : links_.erase(link);
    }
    if (polled[0].revents != 0) Accept();
  }
}

}  // namespace wavetank::interposed
