#include "runtime/dstream/socket_stream.h"

#include <cstdint>
#include <exception>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

#include "platform/planted.h"
#include "platform/status_macros.h"
#include "runtime/dstream/raw_receiver.h"
#include "runtime/dstream/wire.h"
#include "runtime/steps.h"

namespace wavetank::runtime::internal {
namespace {

using platform::Task;

constexpr int64_t kSocketReadBytes = 64 << 10;

class CuttingReceiver final : public RawReceiver {
 public:
  CuttingReceiver(std::string address, const CutRows& cut, const ReceiverTask& task)
      : address_(std::move(address)),
        cut_(cut),
        stream_(task.stream),
        row_bytes_max_(static_cast<size_t>(task.line_bytes_max)) {}

  Task<absl::Status> Receive(ReceiverSink& sink) override {
    platform::Node& node = sink.node();
    if (!platform::Planted(node, "rows_go_on_over_connections")) bytes_.clear();
    WT_CO_ASSIGN_OR_RETURN(std::unique_ptr<platform::ByteStream> connection,
                           co_await node.network().ConnectStream(address_));
    co_await node.Step(steps::kReceiverConnected, {{"stream", stream_}});
    while (true) {
      co_await sink.AwaitRoom();
      WT_CO_ASSIGN_OR_RETURN(const std::string more, co_await connection->Read(kSocketReadBytes));
      bytes_.append(more);
      WT_CO_RETURN_IF_ERROR(co_await TakeRows(more.empty(), sink));
      if (more.empty() && !bytes_.empty()) {
        co_return absl::UnavailableError(
            absl::StrCat("the server ended the stream within a row: the last ", bytes_.size(),
                         " bytes, which the stream's function did not take, are dropped"));
      }
      if (more.empty()) co_return absl::UnavailableError("the server ended the stream");
      if (bytes_.size() > row_bytes_max_) {
        co_return absl::ResourceExhaustedError(absl::StrCat(
            "the stream's function takes nothing of ", bytes_.size(), " bytes, and a row may have ",
            row_bytes_max_, ": they are dropped; send shorter rows, or let lines be longer"));
      }
    }
  }

 private:
  // Of what has come, as many as there are.
  Task<absl::Status> TakeRows(bool at_end, ReceiverSink& sink) {
    size_t taken_of_all = 0;
    while (taken_of_all < bytes_.size()) {
      std::vector<std::string> lines;
      const std::string_view rest = std::string_view(bytes_).substr(taken_of_all);
      const absl::StatusOr<size_t> taken = Cut(rest, at_end, lines);
      WT_CO_RETURN_IF_ERROR(taken.status());
      for (const std::string& line : lines) {
        if (line.size() <= row_bytes_max_) {
          sink.Add(line);
          continue;
        }
        co_await sink.ReportError(absl::StrCat("dropped a row of ", line.size(), " bytes, of ",
                                               row_bytes_max_, ": send shorter rows"));
      }
      taken_of_all += *taken;
      const bool drops_the_rest = platform::Planted(sink.node(), "bytes_behind_a_row_dropped");
      if (drops_the_rest && *taken > 0) taken_of_all = bytes_.size();
      if (*taken == 0) break;
    }
    bytes_.erase(0, taken_of_all);
    co_return absl::OkStatus();
  }

  // kInvalidArgument: the function threw, or says that it took what it did not.
  absl::StatusOr<size_t> Cut(std::string_view bytes, bool at_end, std::vector<std::string>& lines) {
    try {
      const size_t taken = cut_(bytes, at_end, lines);
      if (taken == 0 && !lines.empty()) {
        return absl::InvalidArgumentError(absl::StrCat("the stream's function gives ", lines.size(),
                                                       " rows and says that it took no bytes"));
      }
      if (taken <= bytes.size()) return taken;
      return absl::InvalidArgumentError(absl::StrCat("the stream's function says that it took ",
                                                     taken, " bytes, and there were ",
                                                     bytes.size()));
    } catch (const std::exception& error) {
      return absl::InvalidArgumentError(
          absl::StrCat("the stream's function threw at ", bytes.size(), " bytes: ", error.what()));
    } catch (...) {
      return absl::InvalidArgumentError(absl::StrCat(
          "the stream's function threw at ", bytes.size(), " bytes what is no std::exception"));
    }
  }

  const std::string address_;
  const CutRows& cut_;
  const int64_t stream_;
  const size_t row_bytes_max_;
  std::string bytes_;  // that came, and were not taken
};

}  // namespace

std::unique_ptr<RawReceiver> CutSocketInput::MakeReceiver(const ReceiverTask& task) const {
  return std::make_unique<CuttingReceiver>(source(), cut_, task);
}

}  // namespace wavetank::runtime::internal
