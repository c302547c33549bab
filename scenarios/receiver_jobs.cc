#include "scenarios/receiver_jobs.h"

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

#include "platform/status_macros.h"
#include "platform/text.h"
#include "properties/naive_query.h"
#include "runtime/columnar/line_splitter.h"
#include "runtime/dstream/receiver.h"
#include "runtime/dstream/streaming_context.h"
#include "scenarios/job_input.h"

namespace wavetank::scenarios {
namespace {

using platform::Task;
using runtime::Job;
using runtime::JobArguments;
using runtime::Receiver;
using runtime::ReceiverContext;
using runtime::StreamingContext;

constexpr int64_t kReadBytes = 4096;

// Lines of a TCP server, one by one: what is in no block yet when something dies is lost.
class OwnLines : public Receiver<std::string> {
 public:
  explicit OwnLines(std::string address) : address_(std::move(address)) {}
  std::string Source() const override { return address_; }

  Task<absl::Status> OnStart(ReceiverContext<std::string>& context) override {
    WT_CO_ASSIGN_OR_RETURN(const std::unique_ptr<platform::ByteStream> server,
                           co_await context.node().network().ConnectStream(address_));
    runtime::LineSplitter splitter;
    while (true) {
      WT_CO_ASSIGN_OR_RETURN(const std::string bytes, co_await server->Read(kReadBytes));
      std::vector<std::string> lines;
      const auto add = [&lines](std::string_view line) { lines.emplace_back(line); };
      splitter.Push(bytes, add);
      if (bytes.empty()) splitter.Finish(add);
      for (std::string& line : lines) co_await context.Store(std::move(line));
      if (bytes.empty()) co_return absl::UnavailableError("the server ended the stream");
    }
  }

 private:
  const std::string address_;
};

// Lines of a server that keeps them (wavetank lines serve): acknowledged once they are input.
class OwnKeptLines : public Receiver<std::string> {
 public:
  explicit OwnKeptLines(std::string address) : address_(std::move(address)) {}
  std::string Source() const override { return address_; }
  bool IsReliable() const override { return true; }

  Task<absl::Status> OnStart(ReceiverContext<std::string>& context) override {
    WT_CO_ASSIGN_OR_RETURN(const std::unique_ptr<platform::ByteStream> server,
                           co_await context.node().network().ConnectStream(address_));
    WT_CO_RETURN_IF_ERROR(co_await server->Write("READ\n"));
    int64_t next = context.rows_input();
    acknowledged_ = next;
    runtime::LineSplitter splitter;
    while (true) {
      WT_CO_ASSIGN_OR_RETURN(const std::string bytes, co_await server->Read(kReadBytes));
      if (bytes.empty()) co_return absl::UnavailableError("the server ended the stream");
      std::vector<std::string> lines;
      absl::Status taken;
      splitter.Push(bytes, [&](std::string_view numbered) {
        if (taken.ok()) taken = Take(numbered, next, lines);
      });
      WT_CO_RETURN_IF_ERROR(taken);
      if (lines.empty()) continue;
      WT_CO_RETURN_IF_ERROR(co_await context.Store(std::move(lines)));
      WT_CO_RETURN_IF_ERROR(co_await server->Write(absl::StrCat("ACK ", next, "\n")));
      acknowledged_ = next;
    }
  }

  Task<void> OnStop(ReceiverContext<std::string>& context) override {
    while (acknowledged_ < context.rows_input()) {
      co_await context.node().clock().Sleep(absl::Milliseconds(10));
    }
  }

 private:
  // "17 the line": those before `next` have come before.
  static absl::Status Take(std::string_view numbered, int64_t& next,
                           std::vector<std::string>& lines) {
    const size_t space = std::min(numbered.find(' '), numbered.size());
    int64_t number = 0;
    if (!absl::SimpleAtoi(platform::ToAbsl(numbered.substr(0, space)), &number) || number > next) {
      return absl::DataLossError(
          absl::StrCat("line ", next, " does not come: the server has forgotten it"));
    }
    if (number < next) return absl::OkStatus();
    ++next;
    lines.emplace_back(numbered.substr(std::min(space + 1, numbered.size())));
    return absl::OkStatus();
  }

  const std::string address_;
  int64_t acknowledged_ = 0;
};

template <typename R>
void CountWords(StreamingContext& context, const JobArguments& arguments) {
  context
      .ReceiverStream(
          std::make_unique<R>(absl::StrCat(arguments.Get("host"), ":", arguments.Get("port"))))
      .FlatMap([](const std::string& line) {
        return std::vector<std::string>(absl::StrSplit(line, ' '));
      })
      .Map([](const std::string& word) { return std::pair<std::string, int64_t>(word, 1); })
      .ReduceByKey(std::plus<int64_t>())
      .SaveAsTextFiles(arguments.Get("output") + "/counts");
}

std::vector<properties::NaiveRow> CountOfLines(const std::vector<std::string>& lines) {
  if (lines.empty()) return {};
  return properties::NaiveWordCount(properties::NaiveMode::kComplete)->Run({lines, 0, 0}).rows;
}

}  // namespace

void AddReceiverJobs(ScenarioJobs& jobs) {
  {
    Job job;
    job.name = "own_receiver_word_count";
    job.meaning =
        "DStream: how often each word came in each batch, by a receiver of the job's own (lossy)";
    job.parameters = {{"host", "of the server", "localhost"},
                      {"port", "of the server", "9997", runtime::ParameterKind::kPort},
                      OutputParameter()};
    job.deterministic = true;
    job.dstream = CountWords<OwnLines>;
    jobs.Add(std::move(job), DStreamOracle{.answer = CountOfLines});
  }
  Job job;
  job.name = "own_reliable_word_count";
  job.meaning =
      "DStream: how often each word came in each batch, by a receiver of the job's own that "
      "acknowledges what is input to a server that keeps its lines (wavetank lines serve)";
  job.parameters = {{"host", "of the server", "localhost"},
                    {"port", "of the server", "9996", runtime::ParameterKind::kPort},
                    OutputParameter()};
  job.deterministic = true;
  job.dstream = CountWords<OwnKeptLines>;
  jobs.Add(std::move(job), DStreamOracle{.answer = CountOfLines});
}

}  // namespace wavetank::scenarios
