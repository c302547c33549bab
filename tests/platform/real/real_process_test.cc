#include "platform/real/real_process.h"

#include <csignal>
#include <filesystem>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"

#include "platform/event.h"
#include "platform/task_scope.h"

namespace wavetank::platform {
namespace {

RealProcessOptions InTemporaryFolder(const std::string& name) {
  RealProcessOptions options;
  options.disk_root = absl::StrCat(testing::TempDir(), "/wavetank-", name, "-", ::getpid());
  std::filesystem::create_directories(options.disk_root);
  options.log_level = LogLevel::kError;
  return options;
}

Task<void> Forever(Node&) {
  Event never;
  co_await never.Wait();
}

// One of each thing that can be under way when the process ends.
Task<void> WriteForever(Node& node) {
  const auto file =
      co_await node.disk().Open(absl::StrCat("log-", node.name()), OpenMode::kCreateNew);
  while (file.ok()) {
    const absl::StatusOr<uint64_t> at = co_await (*file)->Append(std::string(10'000, 'w'));
    if (!at.ok()) co_return;
    const absl::Status synced = co_await (*file)->Sync();
    if (!synced.ok()) co_return;
  }
}
Task<void> TalkForever(std::unique_ptr<Connection> connection) {
  absl::Status sent;
  while (sent.ok()) sent = co_await connection->Send({std::string(1000, 't'), nullptr, ""});
}
Task<void> ConnectAndTalk(Node& node, std::string address) {
  auto connection = co_await node.network().Connect(address);
  if (connection.ok()) co_await TalkForever(*std::move(connection));
}
Task<void> StreamForever(Node& node, std::string address) {
  auto stream = co_await node.network().ConnectStream(address);
  absl::Status written = stream.status();
  while (written.ok()) written = co_await (*stream)->Write(std::string(10'000, 's'));
}
Task<void> SpinForever(Node& node) {
  while (true) co_await node.executor().Yield();
}
Task<void> SleepForever(Node& node) { co_await node.clock().Sleep(absl::Hours(100)); }

Task<void> DoEverything(Node& node, absl::Duration then_exit) {
  TaskScope scope(node.executor());
  const auto listener = co_await node.network().Listen("127.0.0.1:0");
  const auto inproc = co_await node.network().Listen(absl::StrCat("inproc:", node.name()));
  const auto streams = co_await node.network().ListenStream("127.0.0.1:0");
  EXPECT_TRUE(listener.ok() && inproc.ok() && streams.ok());
  scope.Spawn("writes", WriteForever(node));
  scope.Spawn("talks", ConnectAndTalk(node, (*listener)->address()));
  scope.Spawn("talks in process", ConnectAndTalk(node, (*inproc)->address()));
  scope.Spawn("talks, not accepted", ConnectAndTalk(node, (*inproc)->address()));
  scope.Spawn("streams", StreamForever(node, (*streams)->address()));
  scope.Spawn("connects", ConnectAndTalk(node, "localhost:1"));
  scope.Spawn("spins", SpinForever(node));
  scope.Spawn("sleeps", SleepForever(node));
  auto accepted = co_await (*listener)->Accept();
  auto accepted_inproc = co_await (*inproc)->Accept();
  if (accepted.ok()) scope.Spawn("talks back", TalkForever(*std::move(accepted)));
  if (accepted_inproc.ok()) scope.Spawn("talks back", TalkForever(*std::move(accepted_inproc)));
  co_await node.clock().Sleep(then_exit);
  node.Exit(3);
  co_await scope.Join();
}

TEST(RealProcess, EndsWithEverythingUnderWayAndLeavesNothing) {
  for (const int64_t us : {0, 100, 1'000, 20'000}) {
    RealProcessOptions options = InTemporaryFolder(absl::StrCat("everything-", us));
    options.network.buffer_bytes = 10'000;
    options.exit_drain = absl::Milliseconds(50);  // nobody takes what is sent
    const NodeMain main = [us](Node& node) { return DoEverything(node, absl::Microseconds(us)); };
    auto process =
        RealProcess::Create({"p", {{"one", main}, {"two", main}, {"three", Forever}}}, options);
    ASSERT_TRUE(process.ok()) << process.status();
    EXPECT_EQ((*process)->Run(), 3);
    process->reset();
    std::filesystem::remove_all(options.disk_root);
  }
}

TEST(RealProcess, CanBeDestroyedWithoutHavingRun) {
  const auto process = RealProcess::Create({"p", {{"node", Forever}}}, {});
  EXPECT_TRUE(process.ok());
}

TEST(RealProcess, RequestStopFromAnotherThreadEndsItAndTheFirstStatusCounts) {
  const auto process = RealProcess::Create({"p", {{"node", Forever}}}, {});
  ASSERT_TRUE(process.ok());
  std::thread stopper([&process] {
    (*process)->RequestStop(5);
    (*process)->RequestStop(6);
  });
  EXPECT_EQ((*process)->Run(), 5);
  stopper.join();
}

Task<void> RaiseTerm(Node& node) {
  std::raise(SIGTERM);
  co_await Forever(node);
}

TEST(RealProcess, StopSignalRequestsAStop) {
  RealProcessOptions options;
  options.stop_signals = StopSignals::kCatch;
  EXPECT_EQ(RunNode(RaiseTerm, options).value(), 128 + SIGTERM);
}

Task<void> RaiseTermAndExitWhenAsked(Node& node, std::shared_ptr<Event> asked) {
  std::raise(SIGTERM);
  co_await asked->Wait();
  node.Exit(3);
  co_await Forever(node);
}

TEST(RealProcess, TheFirstStopSignalSetsTheEventOfTheNode) {
  const auto asked = std::make_shared<Event>();
  RealProcessOptions options;
  options.stop_signals = StopSignals::kCatch;
  options.stop_events = {{"node", asked}};
  const auto main = [asked](Node& node) { return RaiseTermAndExitWhenAsked(node, asked); };
  EXPECT_EQ(RunNode(main, options).value(), 3);
}

Task<void> RaiseTermAgainWhenAsked(Node& node, std::shared_ptr<Event> asked) {
  std::raise(SIGTERM);
  co_await asked->Wait();
  std::raise(SIGTERM);
  co_await Forever(node);
}

TEST(RealProcess, TheSecondStopSignalRequestsAStop) {
  const auto asked = std::make_shared<Event>();
  RealProcessOptions options;
  options.stop_signals = StopSignals::kCatch;
  options.stop_events = {{"node", asked}};
  const auto main = [asked](Node& node) { return RaiseTermAgainWhenAsked(node, asked); };
  EXPECT_EQ(RunNode(main, options).value(), 128 + SIGTERM);
}

TEST(RealProcess, MissingDiskRootIsNamed) {
  const auto process =
      RealProcess::Create({"p", {{"node", Forever}}}, {.disk_root = "/no/such/folder"});
  EXPECT_EQ(process.status().code(), absl::StatusCode::kNotFound);
  EXPECT_NE(process.status().message().find("/no/such/folder"), absl::string_view::npos);
}

Task<void> FindItself(Node& node, std::string path) {
  const absl::StatusOr<FileInfo> info = co_await node.disk().Stat(path.substr(1));
  EXPECT_TRUE(info.ok()) << info.status();
}

TEST(RealProcess, DiskRootMayBeTheHostsRoot) {
  const std::string here = std::filesystem::current_path().string();
  const absl::StatusOr<int> status =
      RunNode([here](Node& node) { return FindItself(node, here); }, {.disk_root = "/"});
  EXPECT_EQ(status.value(), 0);
}

struct Drawn {
  uint64_t value = 0;
  int64_t incarnation = 0;
};
Drawn DrawIn(std::optional<uint64_t> seed) {
  Drawn drawn;
  struct Main {
    static Task<void> Draw(Node& node, Drawn& out) {
      out = {node.random().Next(), node.incarnation().value()};
      co_return;
    }
  };
  RealProcessOptions options;
  options.seed = seed;
  EXPECT_EQ(RunNode([&drawn](Node& node) { return Main::Draw(node, drawn); }, options).value(), 0);
  return drawn;
}

TEST(RealProcess, SeedDecidesRandomnessAndNoSeedIsAnother) {
  const Drawn one = DrawIn(7);
  const Drawn two = DrawIn(7);
  EXPECT_EQ(one.value, two.value);
  EXPECT_NE(one.incarnation, two.incarnation);
  EXPECT_NE(DrawIn(std::nullopt).value, DrawIn(std::nullopt).value);
}

class Shared final : public Attachment {
 public:
  std::string Encode() const override { return "encoded"; }
};
Task<void> HandOver(Node& node) {
  const auto listener = co_await node.network().Listen("inproc:here");
  auto client = co_await node.network().Connect("inproc:here");
  auto server = co_await (*listener)->Accept();
  const std::shared_ptr<const Attachment> attachment = std::make_shared<Shared>();
  const absl::Status sent = co_await (*client)->Send({"body", attachment, ""});
  EXPECT_TRUE(sent.ok());
  const absl::StatusOr<Message> received = co_await (*server)->Receive();
  EXPECT_EQ(received->attachment, attachment) << "copied or encoded on the way";
}

TEST(RealProcess, InProcessAttachmentsAreHandedOver) { EXPECT_EQ(RunNode(HandOver).value(), 0); }

}  // namespace
}  // namespace wavetank::platform
