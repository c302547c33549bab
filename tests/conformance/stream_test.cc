// What network.h states of byte streams.
#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"

#include "platform/network.h"
#include "platform/task_scope.h"
#include "tests/conformance/expect.h"
#include "tests/conformance/world.h"

namespace wavetank::conformance {
namespace {

using platform::ByteStream;
using platform::Node;
using platform::StreamListener;
using platform::Task;
using platform::TaskScope;

class StreamConformance : public Conformance {
 protected:
  // Runs `body` as one node; its second argument is an address to listen on.
  using Body = Task<void> (*)(Node&, std::string);
  void RunStreams(Body body) {
    const std::string address = absl::StrCat(world().Host("alpha"), ":0");
    world().RunNode([body, address](Node& node) { return body(node, address); });
  }
};
INSTANTIATE_TEST_SUITE_P(, StreamConformance, testing::ValuesIn(AllArms()), ArmName);

struct StreamEnds {
  std::unique_ptr<StreamListener> listener;
  std::unique_ptr<ByteStream> client;
  std::unique_ptr<ByteStream> server;
};
Task<absl::StatusOr<StreamEnds>> MakeStreamEnds(Node& node, std::string address) {
  StreamEnds ends;
  WT_CO_ASSIGN_OR_RETURN(ends.listener, co_await node.network().ListenStream(address));
  WT_CO_ASSIGN_OR_RETURN(ends.client,
                         co_await node.network().ConnectStream(ends.listener->address()));
  WT_CO_ASSIGN_OR_RETURN(ends.server, co_await ends.listener->Accept());
  co_return ends;
}

char ByteAt(int64_t position) {
  return static_cast<char>((position * 131 + position / 251) & 0xff);
}

constexpr int64_t kTotalBytes = 48 << 20;
constexpr int64_t kChunkBytes = 100'000;

Task<void> WriteStream(ByteStream& stream, int64_t& written) {
  while (written < kTotalBytes) {
    std::string chunk(static_cast<size_t>(std::min(kChunkBytes, kTotalBytes - written)), '\0');
    for (size_t i = 0; i < chunk.size(); ++i) {
      chunk[i] = ByteAt(written + static_cast<int64_t>(i));
    }
    const auto size = static_cast<int64_t>(chunk.size());
    WT_CO_OK(co_await stream.Write(std::move(chunk)));
    written += size;
  }
  stream.Close();
}

Task<void> ReadSlowly(Node& node, std::string address) {
  WT_CO_GET(const StreamEnds ends, co_await MakeStreamEnds(node, address));
  int64_t written = 0;
  TaskScope scope(node.executor());
  scope.Spawn("writer", WriteStream(*ends.client, written));
  int64_t read = 0;
  int64_t wrong = 0;
  co_await node.clock().Sleep(absl::Milliseconds(20));
  while (true) {
    // Our buffers at both ends, and the kernel's.
    EXPECT_LE(written - read, 24 << 20);
    WT_CO_GET(const std::string bytes, co_await ends.server->Read(70'001));
    if (bytes.empty()) break;
    EXPECT_LE(bytes.size(), 70'001u);
    for (const char c : bytes) wrong += c != ByteAt(read++);
  }
  EXPECT_EQ(read, kTotalBytes);
  EXPECT_EQ(wrong, 0);
}
TEST_P(StreamConformance, BytesArriveInOrderAndAWriterAheadWaits) { RunStreams(ReadSlowly); }

Task<void> ReadInPieces(Node& node, std::string address) {
  WT_CO_GET(const StreamEnds ends, co_await MakeStreamEnds(node, address));
  WT_CO_OK(co_await ends.server->Write("hello "));
  WT_CO_OK(co_await ends.server->Write("world"));
  ends.server->Close();
  std::string all;
  while (true) {
    WT_CO_GET(const std::string piece, co_await ends.client->Read(3));
    if (piece.empty()) break;
    EXPECT_LE(piece.size(), 3u);
    all += piece;
  }
  EXPECT_EQ(all, "hello world");
  WT_CO_GET(const std::string again, co_await ends.client->Read(3));
  EXPECT_EQ(again, "");
}
TEST_P(StreamConformance, ReadTakesNoMoreThanAskedAndEndsEmpty) { RunStreams(ReadInPieces); }

Task<void> ReadNothing(ByteStream& stream, absl::StatusCode& code) {
  const absl::StatusOr<std::string> read = co_await stream.Read(10);
  code = read.status().code();
}
Task<void> CloseOwnStream(Node& node, std::string address) {
  WT_CO_GET(const StreamEnds ends, co_await MakeStreamEnds(node, address));
  absl::StatusCode pending = absl::StatusCode::kOk;
  TaskScope scope(node.executor());
  scope.Spawn("read", ReadNothing(*ends.client, pending));
  co_await node.clock().Sleep(absl::Milliseconds(1));
  ends.client->Close();
  co_await scope.Join();
  EXPECT_EQ(pending, absl::StatusCode::kCancelled);
  WT_EXPECT_CODE(kCancelled, co_await ends.client->Write("late"));
}
TEST_P(StreamConformance, OwnCloseCancelsReadAndWrite) { RunStreams(CloseOwnStream); }

Task<void> AcceptNoStream(StreamListener& listener, absl::StatusCode& code) {
  const auto accepted = co_await listener.Accept();
  code = accepted.status().code();
}
Task<void> DestroyStreamUnderCalls(Node& node, std::string address) {
  WT_CO_GET(StreamEnds ends, co_await MakeStreamEnds(node, address));
  absl::StatusCode read = absl::StatusCode::kOk;
  absl::StatusCode accept = absl::StatusCode::kOk;
  TaskScope scope(node.executor());
  scope.Spawn("read", ReadNothing(*ends.client, read));
  scope.Spawn("accept", AcceptNoStream(*ends.listener, accept));
  co_await node.clock().Sleep(absl::Milliseconds(1));
  ends.client = nullptr;
  ends.listener = nullptr;
  co_await scope.Join();
  EXPECT_EQ(read, absl::StatusCode::kCancelled);
  EXPECT_EQ(accept, absl::StatusCode::kCancelled);
}
TEST_P(StreamConformance, DestroyedStreamAndListenerCancelPendingCallsOfOtherTasks) {
  RunStreams(DestroyStreamUnderCalls);
}

Task<void> WriteToAClosedPeer(Node& node, std::string address) {
  WT_CO_GET(StreamEnds ends, co_await MakeStreamEnds(node, address));
  // Unread bytes and a closed socket: the kernel resets the connection, or we close it in time.
  WT_CO_OK(co_await ends.client->Write("unread"));
  ends.server = nullptr;
  WT_CO_GET(const std::string end, co_await ends.client->Read(10));
  EXPECT_EQ(end, "");
  ends.client->Close();
}
TEST_P(StreamConformance, OrderlyEndIsSeenWhateverTheCloserLeftUnread) {
  RunStreams(WriteToAClosedPeer);
}

Task<void> RefusedStreams(Node& node, std::string address) {
  WT_CO_GET(auto listener, co_await node.network().ListenStream(address));
  const std::string bound = listener->address();
  WT_EXPECT_CODE(kAlreadyExists, co_await node.network().ListenStream(bound));
  listener = nullptr;
  WT_EXPECT_CODE(kUnavailable, co_await node.network().ConnectStream(bound));
  WT_EXPECT_CODE(kInvalidArgument, co_await node.network().ConnectStream("inproc:name"));
  WT_EXPECT_CODE(kInvalidArgument, co_await node.network().ListenStream("inproc:name"));
}
TEST_P(StreamConformance, StreamsAreRefusedLikeConnections) { RunStreams(RefusedStreams); }

}  // namespace
}  // namespace wavetank::conformance
