#include "scenarios/fakes/line_server.h"

#include <utility>

#include "platform/task_scope.h"
#include "scenarios/fakes/serve_streams.h"

namespace wavetank::scenarios::fakes {

using platform::ByteStream;
using platform::Node;
using platform::Task;

namespace {

constexpr int64_t kReadBytes = 4 << 10;

}  // namespace

class LineServer {
 public:
  LineServer(Node& node, std::string address, std::shared_ptr<LineFeed> feed)
      : node_(node), address_(std::move(address)), feed_(std::move(feed)) {}

  Task<void> Run() {
    co_await ServeStreams(node_, address_, [this](std::unique_ptr<ByteStream> stream) {
      return Serve(std::move(stream));
    });
  }

 private:
  struct Served {
    explicit Served(std::unique_ptr<ByteStream> s) : stream(std::move(s)) {}
    std::unique_ptr<ByteStream> stream;
    bool over = false;
  };

  Task<void> Serve(std::unique_ptr<ByteStream> stream) {
    Served served(std::move(stream));
    ++feed_->connections_;
    platform::TaskScope scope(node_.executor());
    scope.Spawn("line server's reader", ReadUntilOver(served));
    co_await node_.Step(steps::kLineServerConnected);
    while (!served.over) {
      if (feed_->waiting_.empty()) {
        feed_->news_.Reset();
        co_await feed_->news_.Wait();
        continue;
      }
      LineFeed::Piece piece = std::move(feed_->waiting_.front());
      feed_->waiting_.pop_front();
      feed_->taken_ += piece.lines;
      feed_->unfinished_.push_back(piece.text);
      const absl::Status written =
          co_await WriteInHalves(node_, *served.stream, piece.text, piece.lines);
      if (!written.ok()) co_return;
      feed_->unfinished_.pop_back();
    }
  }

  // An idle writer hears only by reading that its peer has gone.
  Task<void> ReadUntilOver(Served& served) {
    bool more = true;
    while (more) {
      const auto bytes = co_await served.stream->Read(kReadBytes);
      more = bytes.ok() && !bytes->empty();
    }
    served.over = true;
    feed_->news_.Set();
  }

  Node& node_;
  const std::string address_;
  const std::shared_ptr<LineFeed> feed_;
};

namespace {

Task<void> RunLineServer(Node& node, std::string address, std::shared_ptr<LineFeed> feed) {
  LineServer server(node, std::move(address), std::move(feed));
  co_await server.Run();
}

}  // namespace

platform::NodeMain LineServerMain(std::string address, std::shared_ptr<LineFeed> feed) {
  return [address = std::move(address), feed = std::move(feed)](Node& node) {
    return RunLineServer(node, address, feed);
  };
}

}  // namespace wavetank::scenarios::fakes
