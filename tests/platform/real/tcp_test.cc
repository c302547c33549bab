// What only TCP can do: damaged frames, foreign peers, peers that never answer.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <limits>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"

#include "platform/network.h"
#include "platform/real/descriptor.h"
#include "platform/real/frame.h"
#include "platform/real/real_process.h"
#include "platform/timeout.h"

namespace wavetank::platform {
namespace {

std::string Hello() {
  std::string bytes;
  AppendFrame(FrameKind::kHello, kFrameVersion, "", bytes);
  return bytes;
}
std::string MessageFrame(std::string_view body) {
  std::string bytes;
  AppendFrame(FrameKind::kMessage, body, "", bytes);
  return bytes;
}

// What a message connection received, "," after each, and the status that ended it.
struct Received {
  std::string bodies;
  absl::Status end;
};
// When nothing is received until the connection has ended, nothing more than at first is granted.
enum class ReceiveWhen { kAtOnce, kOnceItEnded };
Task<void> ReceiveBytesOf(Node& node, std::string bytes, ReceiveWhen when, Received& out) {
  const auto listener = co_await node.network().Listen("127.0.0.1:0");
  const auto foreign = co_await node.network().ConnectStream((*listener)->address());
  const auto connection = co_await (*listener)->Accept();
  const absl::Status written = co_await (*foreign)->Write(bytes);
  if (when == ReceiveWhen::kAtOnce) EXPECT_TRUE(written.ok()) << written;
  for (bool ended = when == ReceiveWhen::kAtOnce; !ended;) {
    const absl::StatusOr<std::string> read = co_await (*foreign)->Read(1000);
    ended = !read.ok() || read->empty();
  }
  while (true) {
    const absl::StatusOr<Message> message = co_await (*connection)->Receive();
    out.end = message.status();
    if (!message.ok()) break;
    out.bodies += message->body + ",";
  }
}
Received Receive(const std::string& bytes, const NetworkOptions& network = {},
                 ReceiveWhen when = ReceiveWhen::kAtOnce) {
  Received received;
  RealProcessOptions options;
  options.network = network;
  const absl::StatusOr<int> status =
      RunNode([&](Node& node) { return ReceiveBytesOf(node, bytes, when, received); }, options);
  EXPECT_EQ(status.value(), 0);
  return received;
}

TEST(TcpMessages, DamagedFrameBreaksTheConnectionAfterWhatCameWhole) {
  std::string damaged = MessageFrame("damaged");
  damaged.back() ^= 1;
  const Received received =
      Receive(Hello() + MessageFrame("whole") + damaged + MessageFrame("after it"));
  EXPECT_EQ(received.bodies, "whole,");
  EXPECT_EQ(received.end.code(), absl::StatusCode::kDataLoss) << received.end;
}

TEST(TcpMessages, ForeignPeerIsRefused) {
  for (const std::string& bytes : {std::string("GET / HTTP/1.1\r\nHost: somewhere\r\n\r\n"),
                                   MessageFrame("no hello first"), Hello() + Hello()}) {
    const Received received = Receive(bytes);
    EXPECT_EQ(received.bodies, "");
    EXPECT_EQ(received.end.code(), absl::StatusCode::kDataLoss) << received.end;
  }
}

TEST(TcpMessages, PeerOfAnotherVersionIsRefusedByBothVersions) {
  std::string hello;
  AppendFrame(FrameKind::kHello, "1", "", hello);
  const Received received = Receive(hello + MessageFrame("as ever"));
  EXPECT_EQ(received.bodies, "");
  EXPECT_EQ(received.end.code(), absl::StatusCode::kFailedPrecondition) << received.end;
  EXPECT_NE(received.end.ToString().find(
                "speaks version \"1\" of the protocol, this program version \"2\""),
            std::string::npos)
      << received.end;
}

TEST(TcpMessages, AFrameOverTheLimitIsRefusedBeforeItHasCome) {
  std::string header = MessageFrame(std::string(200'000, 'x')).substr(0, kFrameHeaderBytes);
  const Received received = Receive(Hello() + header, {.max_message_bytes = 199'999});
  EXPECT_EQ(received.end.code(), absl::StatusCode::kDataLoss) << received.end;
}

TEST(TcpMessages, PeerThatExceedsItsGrantIsCutOff) {
  std::string bytes = Hello();
  for (int i = 0; i < 100; ++i) bytes += MessageFrame(std::string(100, 'm'));
  const Received received = Receive(bytes, {.buffer_bytes = 1000}, ReceiveWhen::kOnceItEnded);
  EXPECT_EQ(received.end.code(), absl::StatusCode::kDataLoss) << received.end;
  EXPECT_LT(received.bodies.size(), 100u * 101);
}

std::string CreditFrame(int64_t grant) {
  std::string bytes;
  AppendFrame(FrameKind::kCredit, EncodeCredit(grant), "", bytes);
  return bytes;
}
TEST(TcpMessages, PeerThatGrantsWhatIsNoNumberOfBytesIsCutOff) {
  constexpr int64_t kAll = std::numeric_limits<int64_t>::max();
  for (const std::string& credit : {CreditFrame(0), CreditFrame(-1), CreditFrame(kAll),
                                    CreditFrame(std::numeric_limits<int64_t>::min()),
                                    CreditFrame(int64_t{1} << 50) + CreditFrame(1)}) {
    const Received received = Receive(Hello() + credit);
    EXPECT_EQ(received.end.code(), absl::StatusCode::kDataLoss) << received.end;
  }
}

constexpr NetworkOptions kImpatient{.heartbeat_interval = absl::Milliseconds(10),
                                    .dead_after = absl::Milliseconds(50)};

// Whether this end of a foreign stream sees that the other one has let go of it.
Task<void> KeepTalking(Node& node, ByteStream& foreign, bool& let_go) {
  for (int i = 0; i < 1000 && !let_go; ++i) {
    std::string heartbeat;
    AppendFrame(FrameKind::kHeartbeat, "", "", heartbeat);
    let_go = !(co_await foreign.Write(std::move(heartbeat))).ok();
    co_await node.clock().Sleep(absl::Milliseconds(10));
  }
}
Task<void> CloseOnOneWhoTalks(Node& node, bool& let_go) {
  const auto listener = co_await node.network().Listen("127.0.0.1:0");
  const auto foreign = co_await node.network().ConnectStream((*listener)->address());
  const auto connection = co_await (*listener)->Accept();
  (co_await (*foreign)->Write(Hello())).IgnoreError();  // and grants nothing
  EXPECT_TRUE((co_await (*connection)->Send(Message{"never taken", nullptr, ""})).ok());
  (*connection)->Close();
  co_await KeepTalking(node, **foreign, let_go);
}
TEST(TcpMessages, PeerThatIsCutOffDoesNotKeepTheSocketByTalking) {
  RealProcessOptions options;
  options.network = kImpatient;
  bool let_go = false;
  EXPECT_TRUE(RunNode([&](Node& node) { return CloseOnOneWhoTalks(node, let_go); }, options).ok());
  EXPECT_TRUE(let_go);
}

Task<void> CloseOnOneWhoReadsLater(Node& node, size_t& written, size_t& came) {
  const auto listener = co_await node.network().ListenStream("127.0.0.1:0");
  const auto reader = co_await node.network().ConnectStream((*listener)->address());
  const auto writer = co_await (*listener)->Accept();
  constexpr size_t kChunk = size_t{1} << 20;
  for (absl::Status taken; taken.ok() && written < 64 * kChunk; written += kChunk) {
    taken = co_await WithTimeout(node.executor(), node.clock(), absl::Seconds(1), "write",
                                 (*writer)->Write(std::string(kChunk, 'x')));
  }
  (*writer)->Close();
  co_await node.clock().Sleep(10 * kImpatient.dead_after);
  while (true) {
    const absl::StatusOr<std::string> read = co_await (*reader)->Read(1 << 20);
    if (!read.ok() || read->empty()) break;
    came += read->size();
  }
}
TEST(TcpStream, PeerThatDoesNotReadIsNotWaitedForAfterClose) {
  RealProcessOptions options;
  options.network = kImpatient;
  options.network.buffer_bytes = int64_t{8} << 20;
  size_t written = 0, came = 0;
  EXPECT_TRUE(
      RunNode([&](Node& node) { return CloseOnOneWhoReadsLater(node, written, came); }, options)
          .ok());
  EXPECT_LT(came + (size_t{2} << 20), written);
}

// A client of the kernel's own that is connected to this port of the loopback.
Descriptor ConnectedTo(int port) {
  Descriptor client(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(static_cast<uint16_t>(port));
  EXPECT_EQ(::connect(client.get(), reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  return client;
}

Task<void> ReadFromOneWhoResets(Node& node, absl::Status& end) {
  const auto listener = co_await node.network().ListenStream("127.0.0.1:0");
  const std::string address = (*listener)->address();
  std::unique_ptr<ByteStream> stream;
  {
    const Descriptor client = ConnectedTo(std::stoi(address.substr(address.rfind(':') + 1)));
    auto accepted = co_await (*listener)->Accept();
    stream = *std::move(accepted);
    EXPECT_EQ(::send(client.get(), "half a li", 9, 0), 9);
    const linger at_once{.l_onoff = 1, .l_linger = 0};  // a reset instead of an orderly end
    EXPECT_EQ(::setsockopt(client.get(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once), 0);
  }
  while (true) {
    const absl::StatusOr<std::string> read = co_await stream->Read(1000);
    end = read.status();
    if (!read.ok() || read->empty()) break;
  }
}

TEST(TcpStream, APeerThatResetsHasNotEndedInOrder) {
  absl::Status end;
  const absl::StatusOr<int> status =
      RunNode([&end](Node& node) { return ReadFromOneWhoResets(node, end); });
  EXPECT_EQ(status.value(), 0);
  EXPECT_TRUE(absl::IsUnavailable(end)) << end;
}

TEST(TcpMessages, SilentPeerIsTakenForDead) {
  const Received received =
      Receive(Hello() + MessageFrame("last words"),
              {.heartbeat_interval = absl::Milliseconds(10), .dead_after = absl::Milliseconds(50)});
  EXPECT_EQ(received.bodies, "last words,");
  EXPECT_EQ(received.end.code(), absl::StatusCode::kUnavailable) << received.end;
}

// An address whose connections the kernel neither accepts nor refuses: a full backlog.
class FullBacklog {
 public:
  FullBacklog() : listener_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address = {};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    auto* generic = reinterpret_cast<sockaddr*>(&address);
    EXPECT_EQ(::bind(listener_.get(), generic, size), 0);
    EXPECT_EQ(::listen(listener_.get(), 0), 0);
    EXPECT_EQ(::getsockname(listener_.get(), generic, &size), 0);
    port_ = ntohs(address.sin_port);
    for (int i = 0; i < 4; ++i) {
      clients_.emplace_back(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
      ::connect(clients_.back().get(), generic, size);
    }
  }
  std::string address() const { return absl::StrCat("127.0.0.1:", port_); }

 private:
  Descriptor listener_;
  std::vector<Descriptor> clients_;
  int port_ = 0;
};

Task<void> ConnectInVain(Node& node, std::string address) {
  const auto begin = node.clock().Now();
  const auto connection = co_await node.network().Connect(address);
  EXPECT_EQ(connection.status().code(), absl::StatusCode::kUnavailable);
  EXPECT_GE(node.clock().Now() - begin, absl::Milliseconds(100));
  EXPECT_NE(connection.status().message().find("no answer"), absl::string_view::npos)
      << connection.status();
}

TEST(TcpMessages, ConnectGivesUpAfterItsTimeout) {
  const FullBacklog nowhere;
  RealProcessOptions options;
  options.network.connect_timeout = absl::Milliseconds(100);
  const absl::StatusOr<int> status =
      RunNode([&nowhere](Node& node) { return ConnectInVain(node, nowhere.address()); }, options);
  EXPECT_EQ(status.value(), 0);
}

}  // namespace
}  // namespace wavetank::platform
