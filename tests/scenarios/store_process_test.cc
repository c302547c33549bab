// A store service in a process of its own, under more than it has memory for: what it holds stays
// within what it was given, and everybody is answered. `make storm` asks for the sizes that a store
// has by default, which are eight times those of `make test`.
#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"

#include "checkpoint/served_store.h"
#include "platform/check.h"
#include "platform/real/real_process.h"
#include "platform/rpc.h"
#include "platform/task_scope.h"

namespace wavetank::checkpoint {
namespace {

namespace fs = std::filesystem;
using platform::Node;
using platform::RpcClient;
using platform::RpcPayload;

constexpr int64_t kMiB = 1 << 20;

bool AtFullSize() { return std::getenv("STORE_FULL_SIZE") != nullptr; }
int64_t Scaled(int64_t bytes) { return AtFullSize() ? 8 * bytes : bytes; }
const int64_t kMemory = Scaled(64 * kMiB);

class StoreProcess : public testing::Test {
 protected:
  StoreProcess() {
    std::string folder = testing::TempDir() + "/wavetank-store-XXXXXX";
    WT_CHECK(::mkdtemp(folder.data()) != nullptr);
    folder_ = folder;
    const std::string log = folder + "/log";
    const std::string root = "--root=" + folder;
    const std::string memory = absl::StrCat("--memory=", kMemory);
    std::string program = WAVETANK_COMMAND;
    std::vector<std::string> arguments = {program, "start", "store", "--address=127.0.0.1:0",
                                          root,    memory};
    std::vector<char*> argv;
    for (std::string& argument : arguments) argv.push_back(argument.data());
    argv.push_back(nullptr);
    posix_spawn_file_actions_t files;
    posix_spawn_file_actions_init(&files);
    posix_spawn_file_actions_addopen(&files, STDERR_FILENO, log.c_str(), O_CREAT | O_WRONLY, 0600);
    std::vector<std::string> settings = {"LD_PRELOAD=" WAVETANK_DISK_CALLS,
                                         "WAVETANK_FAULTS=" + folder + "/faults",
                                         "ASAN_OPTIONS=verify_asan_link_order=0"};
    std::vector<char*> environment;
    for (std::string& setting : settings) environment.push_back(setting.data());
    environment.push_back(nullptr);
    WT_CHECK(::posix_spawn(&process_, program.c_str(), &files, nullptr, argv.data(),
                           environment.data()) == 0);
    posix_spawn_file_actions_destroy(&files);
    address_ = Address(log);
  }
  ~StoreProcess() override {
    ::kill(process_, SIGKILL);
    ::waitpid(process_, nullptr, 0);
    fs::remove_all(folder_);
  }

  void RunClient(const std::function<Task<void>(Node&)>& main) {
    EXPECT_EQ(platform::RunNode(main).value(), 0);
  }
  void ExpectMemoryKept() const {
    std::ifstream status(absl::StrCat("/proc/", process_, "/status"));
    for (std::string word; status >> word;) {
      if (word != "VmHWM:") continue;
      int64_t peak_kib = 0;
      status >> peak_kib;
      std::printf("the store had %ld MiB of %ld MiB at most\n", peak_kib >> 10, kMemory / kMiB);
      EXPECT_LE(peak_kib << 10, kMemory + kMemory / 10);
      return;
    }
    ADD_FAILURE() << "the store has ended";
  }
  // From its next call on (tests/interposed/disk_calls.cc).
  void SlowTheDiskDown() const {
    const char* const slow = AtFullSize() ? "slow:200" : "slow:40";
    std::ofstream(folder_ / "faults")
        << "sync * 1 0 0 " << slow << "\nsyncdir * 1 0 0 " << slow << "\n";
  }
  int64_t SizeOnDisk(const std::string& path) const {
    return static_cast<int64_t>(fs::file_size(folder_ / path));
  }

  std::string address_;

 private:
  // "... serving the store  at 127.0.0.1:43210", once it does.
  static std::string Address(const std::string& log) {
    constexpr int kTries = 3000;
    for (int i = 0; i < kTries; ++i) {
      std::ifstream in(log);
      for (std::string line; std::getline(in, line);) {
        const size_t at = line.find(" at 127.0.0.1:");
        if (line.find("serving the store") == std::string::npos || in.eof()) continue;
        return line.substr(at + 4);
      }
      ::usleep(10'000);
    }
    platform::CheckFailed(__FILE__, __LINE__, "the store serves", log);
  }

  fs::path folder_;
  pid_t process_ = 0;
};

Task<void> CreateOne(Store& store, std::string path, int64_t bytes, int& created) {
  const absl::Status status =
      co_await store.CreateIfAbsent(std::move(path), std::string(static_cast<size_t>(bytes), 'x'));
  EXPECT_TRUE(status.ok() || absl::IsAlreadyExists(status)) << status;
  if (!absl::IsAlreadyExists(status)) ++created;
}

// A client gives up after half a second, and asks again.
Task<void> Storm(Node& node, std::string address, int creates, int& created) {
  ServedStoreOptions options;
  options.request_timeout = absl::Milliseconds(500);
  options.give_up_after = absl::Minutes(3);
  ServedStore store(node, address, options);
  platform::TaskScope scope(node.executor());
  for (int i = 0; i < creates; ++i) {
    scope.Spawn("create", CreateOne(store, absl::StrCat("storm/f", i), kMiB, created));
  }
  co_await scope.Join();
}
TEST_F(StoreProcess, AStormOfRepeatsIsAnsweredWithinItsMemory) {
  int created = 0;
  SlowTheDiskDown();  // requests are repeated before they are done
  RunClient([&](Node& node) { return Storm(node, address_, 64, created); });
  EXPECT_EQ(created, 64);
  ExpectMemoryKept();
}

Task<void> CreateMany(Node& node, std::string address, int clients, int64_t bytes, int& created) {
  std::vector<std::unique_ptr<ServedStore>> stores;
  platform::TaskScope scope(node.executor());
  for (int i = 0; i < clients; ++i) {
    stores.push_back(std::make_unique<ServedStore>(node, address));
    scope.Spawn("create", CreateOne(*stores.back(), absl::StrCat("long/f", i), bytes, created));
  }
  co_await scope.Join();
}
TEST_F(StoreProcess, FilesLongerThanItsMemoryGoThrough) {
  int created = 0;
  const int64_t each = Scaled(12 * kMiB + kMiB / 2);
  RunClient([&](Node& node) { return CreateMany(node, address_, 1, 2 * kMemory + 1, created); });
  RunClient([&](Node& node) { return CreateMany(node, address_, 12, each, created); });
  EXPECT_EQ(created, 12) << "the first of the twelve has the name of the one before";
  EXPECT_EQ(SizeOnDisk("long/f0"), 2 * kMemory + 1);
  EXPECT_EQ(SizeOnDisk("long/f11"), each);
  ExpectMemoryKept();
}

Task<void> Send(RpcClient& client, std::string method, std::string request,
                std::vector<absl::Status>& answers) {
  RpcPayload payload;
  payload.body = std::move(request);
  const auto reply = co_await client.Call(std::move(method), std::move(payload), absl::Minutes(1));
  answers.push_back(reply.status());
}
Task<void> SendFromMany(Node& node, std::string address, int connections, std::string request,
                        std::vector<absl::Status>& answers, std::string method = "store.append") {
  std::vector<std::unique_ptr<RpcClient>> clients;
  for (int i = 0; i < connections; ++i) {
    auto client = co_await RpcClient::Connect(node, address);
    EXPECT_TRUE(client.ok()) << client.status();
    clients.push_back(*std::move(client));
  }
  platform::TaskScope scope(node.executor());
  for (const auto& client : clients) scope.Spawn("send", Send(*client, method, request, answers));
  co_await scope.Join();
}
TEST_F(StoreProcess, RequestsTooLargeForItAreAnsweredWithinItsMemory) {
  std::vector<absl::Status> answers;
  const std::string request(static_cast<size_t>(Scaled(25 * kMiB)), '\xff');
  RunClient([&](Node& node) { return SendFromMany(node, address_, 8, request, answers); });
  EXPECT_EQ(answers.size(), 8u);
  for (const absl::Status& answer : answers) {
    EXPECT_TRUE(absl::IsInvalidArgument(answer)) << answer;
  }
  ExpectMemoryKept();
}

// Of the most that it takes, from many at a time; no protobuf, so each is refused when it is whole.
TEST_F(StoreProcess, RequestsFromManyConnectionsWaitForItsMemory) {
  std::vector<absl::Status> answers;
  const std::string request(static_cast<size_t>(Scaled(4 * kMiB)), '\xff');
  RunClient([&](Node& node) { return SendFromMany(node, address_, 40, request, answers); });
  EXPECT_EQ(answers.size(), 40u);
  for (const absl::Status& answer : answers) {
    EXPECT_TRUE(absl::IsInvalidArgument(answer)) << answer;
    EXPECT_NE(answer.ToString().find("cannot read the request"), std::string::npos) << answer;
  }
  ExpectMemoryKept();
}

// As objects of the protobuf library they would take twenty times as much memory, which nobody
// counts.
TEST_F(StoreProcess, MessagesOfManyFieldsTakeNoMoreMemoryThanTheirBytes) {
  // Field 1, a path, of nothing; field 15, unknown: an empty string, a zero, an empty group.
  constexpr std::string_view kPath("\x0a\0", 2);
  constexpr std::string_view kUnknown("\x7a\0\x78\0\x7b\x7c", 6);
  for (const auto& [method, field] :
       {std::pair("store.remove", kPath), std::pair("store.append", kUnknown)}) {
    std::string request;
    while (static_cast<int64_t>(request.size()) < Scaled(4 * kMiB) - 64) request += field;
    std::vector<absl::Status> answers;
    RunClient(
        [&](Node& node) { return SendFromMany(node, address_, 8, request, answers, method); });
    EXPECT_EQ(answers.size(), 8u);
    for (const absl::Status& answer : answers) {
      EXPECT_TRUE(absl::IsInvalidArgument(answer)) << answer;
      EXPECT_NE(answer.ToString().find("more fields"), std::string::npos) << answer;
    }
  }
  ExpectMemoryKept();
}

Task<void> ReadAgain(Store& store, int64_t bytes, int& read) {
  const auto content = co_await store.ReadAll("storm/f0");
  EXPECT_TRUE(content.ok()) << content.status();
  if (content.ok() && static_cast<int64_t>(content->size()) == bytes) ++read;
}
Task<void> ReadFromMany(Node& node, std::string address, int clients, int& read) {
  std::vector<std::unique_ptr<ServedStore>> stores;
  int created = 0;
  ServedStoreOptions options;
  options.part_bytes = 4 * kMiB;
  platform::TaskScope scope(node.executor());
  for (int i = 0; i < clients; ++i) {
    stores.push_back(std::make_unique<ServedStore>(node, address, options));
    if (i == 0) co_await CreateOne(*stores[0], "storm/f0", Scaled(3 * kMiB), created);
    scope.Spawn("read", ReadAgain(*stores.back(), Scaled(3 * kMiB), read));
  }
  co_await scope.Join();
}
TEST_F(StoreProcess, RepliesToManyWaitForItsMemory) {
  int read = 0;
  RunClient([&](Node& node) { return ReadFromMany(node, address_, 40, read); });
  EXPECT_EQ(read, 40);
  ExpectMemoryKept();
}

}  // namespace
}  // namespace wavetank::checkpoint
