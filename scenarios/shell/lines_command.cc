#include "scenarios/shell/lines_command.h"

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <memory>
#include <utility>
#include <vector>

#include "CLI/CLI.hpp"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"

#include "platform/event.h"
#include "platform/node.h"
#include "platform/real/last_words.h"
#include "platform/real/loopback.h"
#include "platform/real/real_process.h"
#include "platform/status_macros.h"
#include "platform/task_scope.h"
#include "platform/text.h"
#include "scenarios/fakes/kept_line_server.h"

namespace wavetank::scenarios::shell {
namespace {

using platform::Node;
using platform::Task;

constexpr int kFailed = 1;
constexpr int kRefused = 2;
// How often it looks at what is safe, and lets lines come.
constexpr absl::Duration kTurn = absl::Milliseconds(50);
constexpr absl::Duration kBetweenReports = absl::Seconds(1);

absl::StatusOr<std::vector<std::string>> LinesOf(const LinesCommand& command) {
  WT_ASSIGN_OR_RETURN(const bool stays, platform::StaysOnThisMachine(command.address));
  if (!stays) {
    return absl::InvalidArgumentError(
        absl::StrCat("--address=", command.address,
                     " reaches beyond this machine, and whoever connects gets the lines: give an "
                     "address of it, as localhost:9998"));
  }
  constexpr int64_t kMostASecond = 1'000'000'000;
  if (command.a_second < 0 || command.a_second > kMostASecond) {
    return absl::InvalidArgumentError(absl::StrCat("--a-second=", command.a_second, ": give 0 to ",
                                                   kMostASecond, " lines; 0: all at once"));
  }
  std::ifstream in(command.file, std::ios::binary);
  const std::string text(std::istreambuf_iterator<char>(in), {});
  if (!in.is_open() || in.bad()) {
    return absl::NotFoundError(absl::StrCat(command.file, ": cannot be read"));
  }
  return fakes::LinesOfText(text);
}

// Lets lines come, says how many are safe, and ends when all are.
Task<void> Supply(Node& node, LinesCommand command, std::vector<std::string> lines,
                  std::shared_ptr<fakes::LineFeed> feed, std::shared_ptr<platform::Event> stop) {
  const auto all = static_cast<int64_t>(lines.size());
  const platform::MonotonicTime began = node.clock().Now();
  platform::MonotonicTime reported = began;
  int64_t came = 0;
  int64_t told = 0;
  while (feed->acknowledged() < all) {
    const double seconds = absl::ToDoubleSeconds(node.clock().Now() - began);
    const int64_t due =
        command.a_second == 0
            ? all
            : std::min(all,
                       1 + static_cast<int64_t>(seconds * static_cast<double>(command.a_second)));
    if (came < due) {
      feed->Add({lines.begin() + came, lines.begin() + due});
      came = due;
    }
    if (feed->acknowledged() != told && node.clock().Now() - reported >= kBetweenReports) {
      told = feed->acknowledged();
      reported = node.clock().Now();
      std::fprintf(stderr, "%lld of %lld lines are safe\n", static_cast<long long>(told),
                   static_cast<long long>(all));
    }
    const bool stopped = co_await stop->WaitFor(node.clock(), kTurn);
    if (stopped) co_return node.Exit(0);
  }
  std::fprintf(stderr, "all %lld lines are safe\n", static_cast<long long>(all));
  co_return node.Exit(0);
}

Task<void> Run(Node& node, LinesCommand command, std::vector<std::string> lines,
               std::shared_ptr<platform::Event> stop) {
  const auto feed = std::make_shared<fakes::LineFeed>();
  platform::TaskScope scope(node.executor());
  scope.Spawn("supply of lines", Supply(node, command, std::move(lines), feed, stop));
  const platform::NodeMain serve = fakes::KeptLineServerMain(command.address, feed);
  co_await serve(node);
}

}  // namespace

int Execute(const LinesCommand& command) {
  platform::InstallLastWords("wavetank lines");
  const auto refuse = [](const absl::Status& why) {
    std::fprintf(stderr, "wavetank lines: %s\n",
                 std::string(platform::ToStd(why.message())).c_str());
    return absl::IsInvalidArgument(why) ? kRefused : kFailed;
  };
  auto lines = LinesOf(command);
  if (!lines.ok()) return refuse(lines.status());
  constexpr char kNode[] = "line-server";
  platform::RealProcessOptions options;
  const auto stop = std::make_shared<platform::Event>();
  options.stop_signals = platform::StopSignals::kCatch;
  options.stop_events[kNode] = stop;
  platform::ProcessSpec spec{kNode, {{kNode, [&command, &lines, stop](Node& node) {
                                        return Run(node, command, *std::move(lines), stop);
                                      }}}};
  auto process = platform::RealProcess::Create(std::move(spec), options);
  if (!process.ok()) return refuse(process.status());
  return (*process)->Run();
}

LinesArguments::LinesArguments(CLI::App& app)
    : app_(*app.add_subcommand("lines", "Serve the lines of a file until a stream has them safe")) {
  app_.footer(
      "A stream reads them with ReliableTextStream, as the job reliable_word_count does. Each\n"
      "line is kept until the stream says that it is input, and is sent again to a stream that\n"
      "was killed before. It ends with status 0 when all lines are safe, or at a signal.");
  app_.add_option("FILE", command_.file, "Whose lines")->required();
  app_.add_option("--address", command_.address, "Where: HOST:PORT of this machine")->required();
  app_.add_option("--a-second", command_.a_second,
                  "Let so many lines come a second; 0: all at once");
}

bool LinesArguments::wanted() const { return app_.parsed(); }

}  // namespace wavetank::scenarios::shell
