#include "runtime/connectors/socket_source.h"

#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/time/time.h"

#include "checkpoint/crc32c.h"
#include "checkpoint/paths.h"
#include "checkpoint/unique.h"
#include "platform/event.h"
#include "platform/status_macros.h"
#include "platform/task_scope.h"
#include "platform/wait_notice.h"
#include "runtime/columnar/line_splitter.h"
#include "runtime/columnar/text_lines.h"

namespace wavetank::runtime {
namespace {

constexpr int64_t kReadBytes = 64 << 10;
constexpr size_t kMostWaitingBytes = size_t{8} << 20;
constexpr size_t kMostLineBytes = size_t{1} << 20;
constexpr absl::Duration kReconnectDelay = absl::Seconds(1);
constexpr int64_t kMostPort = 65'535;

const std::vector<ConnectorOption>& SocketOptions() {
  static const auto* const options =
      new std::vector<ConnectorOption>{{.name = "host",
                                        .takes = "a name or an address",
                                        .default_value = "",
                                        .meaning = "where the server is",
                                        .required = true},
                                       {.name = "port",
                                        .takes = "a whole number from 1 to 65535",
                                        .default_value = "",
                                        .meaning = "where the server is",
                                        .required = true}};
  return *options;
}

absl::StatusOr<std::string> AddressOf(const SourceDescription& source) {
  const std::string host = OptionValue(source.options, "host");
  if (host.empty()) return absl::InvalidArgumentError("its option host is empty");
  WT_ASSIGN_OR_RETURN(const int64_t port, NumberOption(source.options, SocketOptions()[1], 1));
  if (port > kMostPort) {
    return absl::InvalidArgumentError(
        absl::StrCat("its option port is '", port, "': give ", SocketOptions()[1].takes));
  }
  return absl::StrCat(host, ":", port);
}

// A file of lines, a batch each: "<number>:<name>:<bytes>:<crc>". The one that a range ends with is
// what it holds.
struct LinesFile {
  int64_t number = 0;
  std::string name;
  uint64_t bytes = 0;
  uint32_t crc32c = 0;

  std::string ToText() const { return absl::StrCat(number, ":", name, ":", bytes, ":", crc32c); }
};

constexpr char kStart[] = "0";

absl::StatusOr<LinesFile> ParseOffset(const std::string& text) {
  LinesFile file;
  if (text == kStart) return file;
  const std::vector<std::string> parts = absl::StrSplit(text, ':');
  if (parts.size() == 4 && absl::SimpleAtoi(parts[0], &file.number) &&
      absl::SimpleAtoi(parts[2], &file.bytes) && absl::SimpleAtoi(parts[3], &file.crc32c)) {
    file.name = parts[1];
    return file;
  }
  return absl::DataLossError(absl::StrCat("'", text, "' is no offset of a socket"));
}

// "<number>-<unique>".
int64_t NumberOfName(const std::string& name) {
  int64_t number = -1;
  return absl::SimpleAtoi(name.substr(0, name.find('-')), &number) ? number : -1;
}

class Socket final : public Source {
 public:
  Socket(SourceContext context, std::string address)
      : node_(context.node),
        store_(context.store),
        directory_(std::move(context.directory)),
        address_(std::move(address)),
        reader_(node_.executor()) {
    node_.Log(platform::LogLevel::kWarning,
              absl::StrCat("the socket ", address_,
                           " cannot be read again: lines that are in no batch yet are lost with "
                           "the driver or the connection"));
    reader_.Spawn("socket reader", ReadForEver());
  }

  Task<absl::StatusOr<std::string>> Begin() override { co_return kStart; }

  Task<absl::StatusOr<SourceInput>> Define(std::string after) override {
    WT_CO_ASSIGN_OR_RETURN(const LinesFile last, ParseOffset(after));
    SourceInput input;
    input.range.set_end_offset(after);
    const bool is_stored = stored_ && stored_->number == last.number + 1;
    if (!is_stored && !lines_.empty()) WT_CO_RETURN_IF_ERROR(co_await Store(last.number + 1));
    if (stored_ && stored_->number == last.number + 1) {
      input.range.set_end_offset(stored_->ToText());
    }
    input.range.set_start_offset(std::move(after));
    co_return input;
  }

  // Its lines, and what was stored before it and counts no more.
  Task<absl::Status> Committed(std::string end) override {
    WT_CO_ASSIGN_OR_RETURN(const LinesFile last, ParseOffset(end));
    WT_CO_ASSIGN_OR_RETURN(const std::vector<std::string> names,
                           co_await store_.ListNames(directory_));
    std::vector<std::string> old;
    for (const std::string& name : names) {
      const int64_t number = NumberOfName(name);
      if (number >= 0 && number <= last.number) {
        old.push_back(checkpoint::JoinPath(directory_, name));
      }
    }
    if (old.empty()) co_return absl::OkStatus();
    co_return co_await store_.RemoveAll(std::move(old));
  }

 private:
  // Tried again under the same name: what failed may have been done.
  Task<absl::Status> Store(int64_t number) {
    if (!storing_) {
      storing_.emplace();
      storing_->text = std::exchange(lines_, std::string());
      storing_->unique = checkpoint::UniqueId(node_);
      room_.Set();
    }
    LinesFile file{.number = number,
                   .name = absl::StrCat(number, "-", storing_->unique),
                   .bytes = storing_->text.size(),
                   .crc32c = checkpoint::Crc32c(storing_->text)};
    const absl::Status stored =
        co_await store_.CreateIfAbsent(checkpoint::JoinPath(directory_, file.name), storing_->text);
    if (!stored.ok() && !absl::IsAlreadyExists(stored)) co_return stored;
    stored_ = std::move(file);
    storing_.reset();
    co_return absl::OkStatus();
  }

  Task<void> ReadForEver() {
    while (true) {
      const absl::Status ended = co_await ReadConnection();
      lines_of_.Drop();
      dropping_ = false;
      const platform::MonotonicTime now = node_.clock().Now();
      if (!away_) away_.emplace(now);
      if (away_->Due(now)) {
        node_.Log(platform::LogLevel::kWarning,
                  absl::StrCat("reading the socket ", address_, ": ", ended.message(),
                               "; trying again, for ", away_->Waited(now)));
      }
      co_await node_.clock().Sleep(kReconnectDelay);
    }
  }

  Task<absl::Status> ReadConnection() {
    WT_CO_ASSIGN_OR_RETURN(std::unique_ptr<platform::ByteStream> stream,
                           co_await node_.network().ConnectStream(address_));
    away_.reset();
    while (true) {
      while (lines_.size() >= kMostWaitingBytes) {
        room_.Reset();
        co_await room_.Wait();
      }
      WT_CO_ASSIGN_OR_RETURN(const std::string bytes, co_await stream->Read(kReadBytes));
      const auto take = [this](std::string_view line) { Take(line); };
      if (bytes.empty()) {
        lines_of_.Finish(take);
        co_return absl::UnavailableError("the server ended the stream");
      }
      lines_of_.Push(bytes, take);
      if (lines_of_.unfinished_bytes() > kMostLineBytes) {
        lines_of_.Drop();
        if (!std::exchange(dropping_, true)) SayDropped();
      }
    }
  }

  void Take(std::string_view line) {
    if (std::exchange(dropping_, false)) return;
    if (line.size() > kMostLineBytes) return SayDropped();
    lines_.append(line).push_back('\n');
  }

  void SayDropped() {
    node_.Log(platform::LogLevel::kWarning,
              absl::StrCat("the socket ", address_, ": dropped a line of more than ",
                           kMostLineBytes, " bytes: send shorter lines"));
  }

  platform::Node& node_;
  checkpoint::Store& store_;
  const std::string directory_;
  const std::string address_;

  LineSplitter lines_of_;
  bool dropping_ = false;  // the line under way, until it ends
  std::string lines_;      // that wait, each with "\n"
  platform::Event room_;
  std::optional<platform::WaitNotice> away_;
  struct Storing {
    std::string text;
    std::string unique;
  };
  std::optional<Storing> storing_;   // what may be stored and is not known to be
  std::optional<LinesFile> stored_;  // the newest
  platform::TaskScope reader_;       // last: it uses all of the above
};

class LinesOfFile final : public SplitReader {
 public:
  LinesOfFile(checkpoint::Store& store, std::string path, LinesFile file)
      : store_(store), path_(std::move(path)), file_(std::move(file)) {}

  Task<absl::StatusOr<std::optional<RecordBatch>>> Next() override {
    if (std::exchange(done_, true)) co_return std::nullopt;
    WT_CO_ASSIGN_OR_RETURN(std::string text, co_await store_.ReadAll(path_));
    if (text.size() != file_.bytes || checkpoint::Crc32c(text) != file_.crc32c) {
      co_return absl::DataLossError(
          absl::StrCat(path_,
                       " is not what the batch names: damaged, and a socket cannot send it "
                       "again"));
    }
    co_return TextLines(std::move(text));
  }

 private:
  checkpoint::Store& store_;
  const std::string path_;
  const LinesFile file_;
  bool done_ = false;
};

}  // namespace

SourceFormat SocketSource() {
  return {.name = "socket",
          .meaning = "the lines that a TCP server sends, each at most once",
          .options = SocketOptions(),
          .nullable = false,
          .replayable = false,
          .schema = [](const SourceDescription& source) -> absl::StatusOr<SchemaPtr> {
            WT_RETURN_IF_ERROR(AddressOf(source).status());
            return TextSchema();
          },
          .open = [](const SourceDescription& source,
                     SourceContext context) -> absl::StatusOr<std::unique_ptr<Source>> {
            WT_ASSIGN_OR_RETURN(std::string address, AddressOf(source));
            return std::make_unique<Socket>(std::move(context), std::move(address));
          },
          .read = [](const SourceDescription&, const std::string& split,
                     SplitContext context) -> absl::StatusOr<std::unique_ptr<SplitReader>> {
            checkpoint::SourceRange range;
            if (!range.ParseFromString(split)) return absl::DataLossError("no split of a socket");
            WT_ASSIGN_OR_RETURN(LinesFile file, ParseOffset(range.end_offset()));
            std::string path = checkpoint::JoinPath(context.directory, file.name);
            return std::make_unique<LinesOfFile>(context.store, std::move(path), std::move(file));
          }};
}

}  // namespace wavetank::runtime
