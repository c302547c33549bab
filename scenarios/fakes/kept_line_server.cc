#include "scenarios/fakes/kept_line_server.h"

#include <algorithm>
#include <cstdint>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"

#include "platform/status_macros.h"
#include "platform/task_scope.h"
#include "scenarios/fakes/serve_streams.h"

namespace wavetank::scenarios::fakes {

using platform::ByteStream;
using platform::Node;
using platform::Task;

namespace {

constexpr int64_t kReadBytes = 4 << 10;
constexpr size_t kMostLinesAtOnce = 1000;

}  // namespace

std::vector<std::string> LinesOfText(std::string_view text) {
  std::vector<std::string> lines;
  std::string line;
  for (size_t at = 0; at < text.size(); ++at) {
    if (text[at] != '\n' && text[at] != '\r') {
      line.push_back(text[at]);
      continue;
    }
    if (text.substr(at, 2) == "\r\n") ++at;
    lines.push_back(std::exchange(line, {}));
  }
  if (!line.empty()) lines.push_back(std::move(line));
  return lines;
}

void LineFeed::Keep() {
  for (; !waiting_.empty(); waiting_.pop_front()) {
    for (std::string& line : LinesOfText(waiting_.front().text)) kept_.push_back(std::move(line));
  }
  taken_ = first_kept_ + std::ssize(kept_);
}

class KeptLineServer {
 public:
  KeptLineServer(Node& node, std::string address, std::shared_ptr<LineFeed> feed)
      : node_(node),
        address_(std::move(address)),
        feed_(std::move(feed)),
        served_(node.executor()) {}

  Task<void> Run() {
    co_await ServeStreams(node_, address_, [this](std::unique_ptr<ByteStream> stream) {
      return BeginInstead(std::move(stream));
    });
  }

 private:
  struct Peer {
    explicit Peer(std::unique_ptr<ByteStream> s) : stream(std::move(s)) {}
    std::unique_ptr<ByteStream> stream;
    std::string said;  // and not ended yet
    bool reads = false;
    bool over = false;
    int64_t next = 0;  // the number of the line to send next
  };

  Task<void> BeginInstead(std::unique_ptr<ByteStream> stream) {
    served_.DestroyChildren();
    ++feed_->connections_;
    served_.Spawn("a peer of the line server", Serve(std::move(stream)));
    co_return;
  }

  Task<void> Serve(std::unique_ptr<ByteStream> stream) {
    Peer peer(std::move(stream));
    platform::TaskScope scope(node_.executor());
    scope.Spawn("line server's reader", ReadUntilOver(peer));
    co_await node_.Step(steps::kLineServerConnected);
    while (!peer.over) {
      feed_->Keep();
      peer.next = std::max(peer.next, feed_->first_kept_);
      if (!peer.reads || peer.next == feed_->taken_) {
        feed_->news_.Reset();
        co_await feed_->news_.Wait();
        continue;
      }
      std::string text;
      int64_t lines = 0;
      for (; peer.next < feed_->taken_ && lines < std::ssize(feed_->kept_) &&
             lines < static_cast<int64_t>(kMostLinesAtOnce);
           ++lines) {
        absl::StrAppend(&text, peer.next, " ",
                        feed_->kept_[static_cast<size_t>(peer.next - feed_->first_kept_)], "\n");
        ++peer.next;
      }
      const absl::Status written = co_await WriteInHalves(node_, *peer.stream, text, lines);
      if (!written.ok()) co_return;
    }
  }

  Task<void> ReadUntilOver(Peer& peer) {
    while (!peer.over) {
      const auto bytes = co_await peer.stream->Read(kReadBytes);
      peer.over = !bytes.ok() || bytes->empty();
      if (bytes.ok()) peer.said.append(*bytes);
      for (size_t end = peer.said.find('\n'); end != std::string::npos;
           end = peer.said.find('\n')) {
        const absl::Status heard = Hear(peer, peer.said.substr(0, end));
        peer.said.erase(0, end + 1);
        if (heard.ok()) continue;
        node_.Log(platform::LogLevel::kWarning,
                  absl::StrCat("line server: ", std::string(heard.message())));
        peer.over = true;
        break;
      }
      feed_->news_.Set();
    }
  }

  absl::Status Hear(Peer& peer, const std::string& said) {
    absl::string_view rest = said;
    if (said == "READ") {
      peer.reads = true;
      return absl::OkStatus();
    }
    int64_t safe = 0;
    if (!absl::ConsumePrefix(&rest, "ACK ") || !absl::SimpleAtoi(rest, &safe) || safe < 0 ||
        safe > feed_->taken_) {
      return absl::InvalidArgumentError(
          absl::StrCat("a peer says \"", said,
                       "\": say READ, or ACK and how many lines are safe, of ", feed_->taken_));
    }
    for (; feed_->first_kept_ < safe; ++feed_->first_kept_) feed_->kept_.pop_front();
    return absl::OkStatus();
  }

  Node& node_;
  const std::string address_;
  const std::shared_ptr<LineFeed> feed_;
  platform::TaskScope served_;
};

namespace {

Task<void> RunKeptLineServer(Node& node, std::string address, std::shared_ptr<LineFeed> feed) {
  KeptLineServer server(node, std::move(address), std::move(feed));
  co_await server.Run();
}

}  // namespace

platform::NodeMain KeptLineServerMain(std::string address, std::shared_ptr<LineFeed> feed) {
  return [address = std::move(address), feed = std::move(feed)](Node& node) {
    return RunKeptLineServer(node, address, feed);
  };
}

}  // namespace wavetank::scenarios::fakes
