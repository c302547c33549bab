#include "scenarios/fakes/line_server.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"

#include "platform/task_scope.h"

namespace wavetank::scenarios::fakes {

using platform::ByteStream;
using platform::Node;
using platform::Task;

namespace {

constexpr absl::Duration kRetryDelay = absl::Milliseconds(100);
constexpr int64_t kReadBytes = 4 << 10;

// Near the middle, where no line ends; the end of the text if there is no such place.
size_t WithinALine(const std::string& text) {
  const auto ends = [](char c) { return c == '\n' || c == '\r'; };
  for (size_t at = std::max<size_t>(1, text.size() / 2); at < text.size(); ++at) {
    if (!ends(text[at - 1]) && !ends(text[at])) return at;
  }
  return text.size();
}

}  // namespace

class LineServer {
 public:
  LineServer(Node& node, std::string address, std::shared_ptr<LineFeed> feed)
      : node_(node), address_(std::move(address)), feed_(std::move(feed)) {}

  Task<void> Run() {
    // Another incarnation may hold the address for a while.
    std::unique_ptr<platform::StreamListener> listener;
    while (listener == nullptr) {
      auto listening = co_await node_.network().ListenStream(address_);
      if (listening.ok()) {
        listener = *std::move(listening);
      } else {
        co_await PauseAfter(listening.status());
      }
    }
    while (true) {
      auto accepted = co_await listener->Accept();
      if (accepted.ok()) {
        co_await Serve(*std::move(accepted));
      } else {
        co_await PauseAfter(accepted.status());
      }
    }
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
      const size_t half = WithinALine(piece.text);
      feed_->unfinished_.push_back(piece.text);
      const absl::Status begun = co_await served.stream->Write(piece.text.substr(0, half));
      if (!begun.ok()) co_return;
      co_await node_.Step(steps::kLineServerHalfWritten, {{"lines", piece.lines}});
      if (half < piece.text.size()) {
        const absl::Status written = co_await served.stream->Write(piece.text.substr(half));
        if (!written.ok()) co_return;
      }
      feed_->unfinished_.pop_back();
      co_await node_.Step(steps::kLineServerWritten, {{"lines", piece.lines}});
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

  Task<void> PauseAfter(absl::Status why) {
    node_.Log(platform::LogLevel::kDebug,
              absl::StrCat("line server: ", std::string(why.message())));
    co_await node_.clock().Sleep(kRetryDelay);
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
