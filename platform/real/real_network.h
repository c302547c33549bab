// RealNetwork: the Network of one node. "inproc:name" goes to the process's hub, everything else is
// TCP on the process's I/O thread.
#ifndef WAVETANK_PLATFORM_REAL_REAL_NETWORK_H_
#define WAVETANK_PLATFORM_REAL_REAL_NETWORK_H_

#include <memory>
#include <string>

#include "platform/network.h"
#include "platform/real/event_loop.h"
#include "platform/real/inproc.h"
#include "platform/real/io_thread.h"

namespace wavetank::platform {

class RealNetwork final : public Network {
 public:
  // All must outlive the network and what it gives out.
  RealNetwork(IoThread& io, InprocHub& hub, EventLoop& loop, const NetworkOptions& options)
      : io_(io), hub_(hub), loop_(loop), options_(options) {}

  Task<absl::StatusOr<std::unique_ptr<Connection>>> Connect(std::string address) override;
  Task<absl::StatusOr<std::unique_ptr<Listener>>> Listen(std::string address) override;
  Task<absl::StatusOr<std::unique_ptr<ByteStream>>> ConnectStream(std::string address) override;
  Task<absl::StatusOr<std::unique_ptr<StreamListener>>> ListenStream(std::string address) override;

 private:
  IoThread& io_;
  InprocHub& hub_;
  EventLoop& loop_;
  const NetworkOptions options_;
};

}  // namespace wavetank::platform

#endif  // WAVETANK_PLATFORM_REAL_REAL_NETWORK_H_
