// Proxy: a stretch of network between a client and a server on this machine, which can lose what
// comes back.
#ifndef WAVETANK_TESTS_INTERPOSED_PROXY_H_
#define WAVETANK_TESTS_INTERPOSED_PROXY_H_

#include <atomic>
#include <list>
#include <string>
#include <thread>

#include "platform/real/descriptor.h"

namespace wavetank::interposed {

class Proxy {
 public:
  // Listens on an address of its own and forwards to `server`.
  explicit Proxy(const std::string& server);
  Proxy(const Proxy&) = delete;
  Proxy& operator=(const Proxy&) = delete;
  ~Proxy();

  const std::string& address() const { return address_; }
  // While on, what is sent still arrives, and nothing comes back; then those connections break.
  void LoseReplies(bool lose) { lose_ = lose; }
  bool has_lost() const { return has_lost_; }

 private:
  struct Link {
    platform::Descriptor client;
    platform::Descriptor server;
    bool has_lost = false;
  };

  void Serve();
  void Accept();
  // False: the link is over.
  bool Forward(Link& link, bool from_client, bool from_server);

  const std::string server_;
  platform::Descriptor listener_;
  std::string address_;
  std::list<Link> links_;
  std::atomic<bool> lose_ = false;
  std::atomic<bool> has_lost_ = false;
  std::atomic<bool> stopping_ = false;
  std::thread thread_;
};

}  // namespace wavetank::interposed

#endif  // WAVETANK_TESTS_INTERPOSED_PROXY_H_
