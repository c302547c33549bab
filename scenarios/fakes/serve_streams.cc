#include "scenarios/fakes/serve_streams.h"

#include <algorithm>
#include <cstddef>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"

#include "platform/status_macros.h"
#include "scenarios/fakes/line_server.h"

namespace wavetank::scenarios::fakes {

using platform::Task;

namespace {

// Near the middle, where no line ends; the end of the text if there is no such place.
size_t WithinALine(const std::string& text) {
  const auto ends = [](char c) { return c == '\n' || c == '\r'; };
  for (size_t at = std::max<size_t>(1, text.size() / 2); at < text.size(); ++at) {
    if (!ends(text[at - 1]) && !ends(text[at])) return at;
  }
  return text.size();
}

Task<void> PauseAfter(platform::Node& node, absl::Status why) {
  constexpr absl::Duration kRetryDelay = absl::Milliseconds(100);
  node.Log(platform::LogLevel::kDebug, absl::StrCat("line server: ", std::string(why.message())));
  co_await node.clock().Sleep(kRetryDelay);
}

}  // namespace

Task<void> ServeStreams(
    platform::Node& node, std::string address,
    std::function<Task<void>(std::unique_ptr<platform::ByteStream> stream)> serve) {
  std::unique_ptr<platform::StreamListener> listener;
  while (listener == nullptr) {
    auto listening = co_await node.network().ListenStream(address);
    if (listening.ok()) {
      listener = *std::move(listening);
    } else {
      co_await PauseAfter(node, listening.status());
    }
  }
  while (true) {
    auto accepted = co_await listener->Accept();
    if (accepted.ok()) {
      co_await serve(*std::move(accepted));
    } else {
      co_await PauseAfter(node, accepted.status());
    }
  }
}

Task<absl::Status> WriteInHalves(platform::Node& node, platform::ByteStream& stream,
                                 const std::string& text, int64_t lines) {
  const size_t half = WithinALine(text);
  WT_CO_RETURN_IF_ERROR(co_await stream.Write(text.substr(0, half)));
  co_await node.Step(steps::kLineServerHalfWritten, {{"lines", lines}});
  if (half < text.size()) WT_CO_RETURN_IF_ERROR(co_await stream.Write(text.substr(half)));
  co_await node.Step(steps::kLineServerWritten, {{"lines", lines}});
  co_return absl::OkStatus();
}

}  // namespace wavetank::scenarios::fakes
