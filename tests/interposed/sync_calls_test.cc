// The syncs that a run makes of the real disk, against those of the same run in the simulator: a
// guarantee that survives every simulated power loss is worth nothing where the real disk does not
// sync. Each is a call and the kind of path: what is drawn in a name counts for nothing.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <regex>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "platform/check.h"
#include "platform/real/descriptor.h"
#include "runtime/job/deployment.h"
#include "scenarios/fakes/line_server.h"
#include "scenarios/jobs.h"
#include "scenarios/oracle.h"
#include "simulator/sim_world.h"
#include "tests/interposed/child.h"
#include "tests/runtime/durable_attempt.h"

namespace wavetank::interposed {
namespace {

using platform::Node;
using runtime::durable_writers::Attempt;
using runtime::durable_writers::kNames;
using runtime::durable_writers::kThings;
using runtime::durable_writers::Thing;
using runtime::durable_writers::WriteThree;
using simulator::SeamCallKind;
using simulator::SimWorld;

// "fdatasync out/.tmp-#"
std::string SyncOf(const std::string& call, const std::string& path) {
  // Who made it, and a number that was drawn.
  static const std::regex drawn(
      "([a-z]+\\.[a-z0-9-]+\\.[a-z0-9-]+\\.[0-9]+\\.)?[0-9a-f]{8,}(-[0-9a-f]+)*");
  static const std::regex part("/batch-[^/]*\\.csv");  // names its attempt, of two parts
  return absl::StrCat(
      call, " ", std::regex_replace(std::regex_replace(path, part, "/batch-#.csv"), drawn, "#"));
}

// Of all processes of a world, until one reaches `last`, where it dies.
class SimulatedSyncs final : public simulator::FaultHook {
 public:
  SimulatedSyncs(SimWorld& world, std::string last) : world_(world), last_(std::move(last)) {
    world_.SetFaultHook(this);
  }
  ~SimulatedSyncs() override { world_.SetFaultHook(nullptr); }

  void OnStep(simulator::SimNode& node, const platform::StepEvent& event) override {
    if (!over_ && event.step.name == last_) {
      over_ = true;
      world_.Crash(node.process());
    }
  }
  const simulator::Fault* OnSeamCall(simulator::SimNode&,
                                     const simulator::SeamCall& call) override {
    const std::string path(call.target);
    if (call.kind == SeamCallKind::kSync) syncs_.push_back(SyncOf("fdatasync", path));
    if (call.kind == SeamCallKind::kSyncDirectory) syncs_.push_back(SyncOf("fsync", path));
    return nullptr;
  }
  void OnStarted(simulator::SimProcess&) override {}
  void Freeze() override {}

  bool over() const { return over_; }
  const std::vector<std::string>& syncs() const { return syncs_; }

 private:
  SimWorld& world_;
  const std::string last_;
  std::vector<std::string> syncs_;
  bool over_ = false;
};

// What a child noted, with paths below the folder.
std::vector<std::string> RealSyncs(const Folder& folder) {
  std::vector<std::string> syncs;
  const std::vector<std::string> lines =
      absl::StrSplit(ReadFile(folder.In("syncs")), '\n', absl::SkipEmpty());
  for (const std::string& line : lines) {
    const std::pair<std::string, std::string> call = absl::StrSplit(line, absl::MaxSplits(' ', 1));
    std::string path = call.second;
    if (path.starts_with(folder.path())) path.erase(0, folder.path().size() + 1);
    syncs.push_back(SyncOf(call.first, path));
  }
  return syncs;
}

class SyncsOfAThing : public testing::TestWithParam<Thing> {};
INSTANTIATE_TEST_SUITE_P(, SyncsOfAThing, testing::ValuesIn(kThings), [](const auto& info) {
  return std::string(kNames[static_cast<int>(info.param)]);
});

TEST_P(SyncsOfAThing, AreTheSameInBothWorlds) {
  SimWorld world({.seed = 1});
  world.AddMachine("m").disk().Put("there", "");  // as the folder of a child's output
  Attempt attempt{.thing = GetParam()};
  const SimulatedSyncs simulated(world, "");
  world.Start("m", {"p", {{"node", [&](Node& node) { return WriteThree(node, attempt); }}}});
  EXPECT_EQ(world.RunUntil([&] { return attempt.done; }), simulator::RunEnd::kDone);
  EXPECT_GE(simulated.syncs().size(), 6u);

  const Folder folder;
  Child child(
      {WAVETANK_DURABLE_WRITER, "write", kNames[static_cast<int>(GetParam())], folder.path()},
      {{"WAVETANK_SYNCS", folder.In("syncs")}}, folder.path());
  EXPECT_EQ(child.Wait(), 128 + 9) << child.Output();
  EXPECT_EQ(RealSyncs(folder), simulated.syncs());
}

// Whoever listens for the job to connect; it is given lines then.
class RealServer {
 public:
  RealServer() : listener_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address = {};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    WT_CHECK(::bind(listener_.get(), reinterpret_cast<sockaddr*>(&address), size) == 0);
    WT_CHECK(::listen(listener_.get(), 1) == 0);
    WT_CHECK(::getsockname(listener_.get(), reinterpret_cast<sockaddr*>(&address), &size) == 0);
    port_ = std::to_string(ntohs(address.sin_port));
  }
  const std::string& port() const { return port_; }
  // False: nobody came within a generous bound.
  bool Give(const std::string& text) {
    pollfd waiting = {listener_.get(), POLLIN, 0};
    if (::poll(&waiting, 1, 60'000) != 1) return false;
    client_.emplace(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
    return ::send(client_->get(), text.data(), text.size(), MSG_NOSIGNAL) ==
           static_cast<ssize_t>(text.size());
  }

 private:
  platform::Descriptor listener_;
  std::optional<platform::Descriptor> client_;
  std::string port_;
};

constexpr char kText[] = "one two\ntwo three\n";

struct ComparedJob {
  std::string name;
  std::string last_step;
  std::string interval = "0s";
  bool reads_socket = false;
  bool available_now = false;
};

std::map<std::string, std::string> ParametersOf(const ComparedJob& job, const std::string& folder,
                                                const std::string& host, const std::string& port) {
  std::map<std::string, std::string> given = {{"output", folder + "out"},
                                              {"checkpoint", folder + "ck"},
                                              {"interval", job.interval},
                                              {"partitions", "2"}};
  if (job.reads_socket) {
    given["host"] = host;
    given["port"] = port;
  } else {
    given["input"] = folder + "in";
  }
  if (job.available_now) given["available-now"] = "true";
  return given;
}

std::vector<std::string> SimulatedSyncsOf(const ComparedJob& job) {
  scenarios::ScenarioJobs jobs;
  scenarios::AddBuiltInJobs(jobs);
  const runtime::Job* const found = jobs.catalogue().Find(job.name);
  WT_CHECK(found != nullptr);
  const auto arguments = runtime::BindArguments(*found, ParametersOf(job, "", "outside", "9999"));
  WT_CHECK(arguments.ok(), std::string(arguments.status().message()));
  const runtime::JobInstance instance{found, *arguments};

  SimWorld world({.seed = 1});
  simulator::SimDisk& disk = world.AddMachine("m").disk();
  runtime::Deployment deployment;
  deployment.driver_addresses = {"inproc:driver"};
  const SimulatedSyncs simulated(world, job.last_step);
  const auto feed = std::make_shared<scenarios::fakes::LineFeed>();
  if (job.reads_socket) {
    world.AddMachine("outside");
    world.Start(
        "outside",
        {"outside", {{"line-server", scenarios::fakes::LineServerMain("outside:9999", feed)}}});
    feed->Add(kText, 2);
  }
  world.Start("m", {"local",
                    {{"driver", runtime::DriverMain(instance, deployment, "inproc:driver", {})},
                     {"worker-1", runtime::WorkerMain(instance, deployment, "inproc:worker-1")}}});
  // A stream leaves out what is older than its first start.
  if (found->dstream != nullptr) world.RunFor(absl::Milliseconds(500));
  if (!job.reads_socket) disk.Put("in/a", kText);
  EXPECT_EQ(world.RunUntil([&] { return simulated.over(); }), simulator::RunEnd::kDone);
  return simulated.syncs();
}

std::vector<std::string> RealSyncsOf(const ComparedJob& job) {
  const Folder folder;
  RealServer server;
  if (!job.reads_socket) {
    WriteFile(folder.In("in/a"), kText);
    std::filesystem::last_write_time(
        folder.In("in/a"), std::filesystem::file_time_type::clock::now() + std::chrono::hours(1));
  }
  std::vector<std::string> command = {WAVETANK_COMMAND, "start", job.name, "--workers=1",
                                      absl::StrCat("--kill-at=", job.last_step)};
  for (const auto& [name, value] : ParametersOf(job, folder.In(""), "127.0.0.1", server.port())) {
    // The command has it as a switch.
    const bool is_switch = name == "available-now";
    command.push_back(is_switch ? absl::StrCat("--", name) : absl::StrCat("--", name, "=", value));
  }
  Child child(command, {{"WAVETANK_SYNCS", folder.In("syncs")}}, folder.path());
  if (job.reads_socket) EXPECT_TRUE(server.Give(kText)) << child.Output();
  EXPECT_EQ(child.Wait(), 128 + 9) << child.Output();
  return RealSyncs(folder);
}

// A whole job, to some step of its first batch: a driver and a worker, each with a store of its
// own. What they do side by side may come in any order.
void CompareJob(const ComparedJob& job, size_t at_least) {
  const std::vector<std::string> simulated = SimulatedSyncsOf(job);
  EXPECT_GE(simulated.size(), at_least);
  EXPECT_THAT(RealSyncsOf(job), testing::UnorderedElementsAreArray(simulated));
}

TEST(SyncsOfAJob, OfAStructuredQueryAreTheSameInBothWorlds) {
  // To its end: what the sink does beside the batches is done by then.
  CompareJob({.name = "word_count", .last_step = "query.stopped", .available_now = true}, 20);
}

// The interval is longer than anything else takes, so there is one batch.
TEST(SyncsOfAJob, OfABatchOfADStreamAreTheSameInBothWorlds) {
  CompareJob(
      {.name = "word_count_dstream", .last_step = "dstream.batch_completed", .interval = "5s"}, 15);
}

// To the first block that the driver has logged: no batch time comes before, since it is a multiple
// of so many days.
TEST(SyncsOfAJob, OfAReceiverAreTheSameInBothWorlds) {
  CompareJob({.name = "socket_word_count",
              .last_step = "receiver.block_added",
              .interval = "8765h",
              .reads_socket = true},
             8);
}

}  // namespace
}  // namespace wavetank::interposed
