// QueryWorld: a structured query on one simulated machine: a driver and two workers as processes of
// their own over one directory, input files put there at once, and at most one fault.
#ifndef WAVETANK_TESTS_RUNTIME_STRUCTURED_QUERY_WORLD_H_
#define WAVETANK_TESTS_RUNTIME_STRUCTURED_QUERY_WORLD_H_

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"

#include "checkpoint/local_store.h"
#include "checkpoint/metadata.h"
#include "checkpoint/query_history.h"
#include "checkpoint/recovery.h"
#include "platform/text.h"
#include "runtime/cluster/cluster.h"
#include "runtime/connectors/file_sink.h"
#include "runtime/structured/rescale.h"
#include "runtime/structured/streaming_query.h"
#include "simulator/sim_world.h"

namespace wavetank::runtime {

using QueryJob = std::function<void(Session&)>;

// Where a process of the world ends: at the n-th time that a step is reached, or at a process's
// n-th call of its disk or network.
struct QueryFault {
  std::string step;     // "" for a call
  std::string process;  // whose call
  uint64_t number = 1;
  bool power_loss = false;

  std::string ToText() const {
    return absl::StrCat(power_loss ? "power loss at " : "crash at ",
                        step.empty() ? absl::StrCat("call of ", process) : step, " ", number);
  }
};

class QueryWorld final : private simulator::FaultHook, private simulator::WorldObserver {
 public:
  QueryWorld(uint64_t seed, QueryJob job, QueryOptions options = {})
      : world_({.seed = seed}), job_(std::move(job)), options_(std::move(options)) {
    world_.AddMachine("m");
    world_.SetFaultHook(this);
    world_.AddObserver(*this);
    options_.on_progress = [this](const StreamingQueryProgress& made) { progress.push_back(made); };
  }

  simulator::SimWorld& world() { return world_; }
  void Put(const std::string& file, const std::string& content) {
    world_.machine("m").disk().Put("store/in/" + file, content);
  }
  void RemoveInput() {
    RunAside([](platform::Node& node) { return RemoveFilesOf(node, "in"); });
  }
  // Any file of the store; damage, as it were.
  void Overwrite(const std::string& path, const std::string& content) {
    world_.machine("m").disk().Put("store/" + path, content);
  }
  void SetFault(QueryFault fault) {
    fault_ = std::move(fault);
    reached_ = 0;
    fired_ = false;
  }
  bool fired() const { return fired_; }

  // Starts what is not running and goes on until the driver has ended, by itself or by the fault.
  // Its status, or nullopt when it was ended or does not end.
  std::optional<absl::Status> RunDriver() {
    StartDriver();
    world_.RunUntil([this] { return !world_.process("driver").alive(); });
    return driver_ended_;
  }
  void StartDriver() {
    world_.PowerOn("m");
    StartUnlessAlive("w1", [this](platform::Node& node) { return WorkerMain(node, 7101); });
    StartUnlessAlive("w2", [this](platform::Node& node) { return WorkerMain(node, 7102); });
    driver_ended_.reset();
    world_.Start("m", {"driver", {{"driver", [this](platform::Node& node) {
                                     return DriverMain(node, "m:7000", options_, driver_ended_);
                                   }}}});
  }
  const std::optional<absl::Status>& driver_ended() const { return driver_ended_; }
  void RunUntilStep(const std::string& step) {
    const auto reached = [&] {
      return !steps.empty() && (steps.back() == step || steps.back().starts_with(step + " "));
    };
    world_.RunUntil(reached);
  }
  // The same until it has ended by itself.
  absl::Status RunToTheEnd() {
    for (int lives = 0; lives < 10; ++lives) {
      const std::optional<absl::Status> ended = RunDriver();
      if (ended) return *ended;
      if (world_.process("driver").alive()) return absl::InternalError("the driver does not end");
    }
    return absl::InternalError("the driver is never done");
  }

  // What a reader of the sink's protocol sees now.
  absl::StatusOr<SinkTable> Table() {
    std::optional<absl::StatusOr<SinkTable>> table;
    RunAside([&table](platform::Node& node) { return ReadTable(node, table); });
    if (!table) return absl::InternalError("the reader does not end");
    return *std::move(table);
  }
  absl::StatusOr<checkpoint::QueryHistory> History() {
    std::optional<absl::StatusOr<checkpoint::QueryHistory>> history;
    RunAside([&history](platform::Node& node) { return ReadHistory(node, history); });
    if (!history) return absl::InternalError("the reader does not end");
    return *std::move(history);
  }
  // As a command would that lays state out anew. Nothing: it did not get to its end.
  std::optional<absl::StatusOr<Rescaled>> Rescale(int partitions,
                                                  const std::string& checkpoint = "checkpoint") {
    std::optional<absl::StatusOr<Rescaled>> rescaled;
    RunAside(
        [&](platform::Node& node) { return RescaleMain(node, checkpoint, partitions, rescaled); },
        "rescaler");
    return rescaled;
  }
  // Runs a program of its own on the machine until it ends.
  void RunAside(platform::NodeMain main, std::string name = "") {
    world_.PowerOn("m");
    if (name.empty()) name = absl::StrCat("aside", ++asides_);
    world_.Start("m", {name, {{"node", std::move(main)}}});
    world_.RunUntil([&] { return !world_.process(name).alive(); });
  }
  // A driver with its own address, on which the workers find it, and perhaps a changed job.
  Task<void> DriverMain(platform::Node& node, std::string address, QueryOptions options,
                        std::optional<absl::Status>& ended, QueryJob job = nullptr) {
    std::unique_ptr<checkpoint::Store> store =
        std::make_unique<checkpoint::LocalStore>(node, "store");
    if (wrap_driver_store) store = wrap_driver_store(std::move(store));
    Session session;
    (job ? job : job_)(session);
    auto cluster = co_await Cluster::Start(node, {.address = address, .plan_fingerprint = "p"});
    if (!cluster.ok()) {
      ended = cluster.status();
      co_return;
    }
    ended = co_await RunStreamingQuery(node, *store, **cluster, session.queries().at(0),
                                       std::move(options));
  }

  // What each driver sees of its store; null: the store itself.
  std::function<std::unique_ptr<checkpoint::Store>(std::unique_ptr<checkpoint::Store>)>
      wrap_driver_store;

  std::vector<StreamingQueryProgress> progress;  // of all drivers
  std::vector<std::string> steps;                // every step's name, with its batch, if it has one
  // By decision, as query.recovered told it.
  std::vector<checkpoint::RecoveryDecision> decisions;

 private:
  Task<void> WorkerMain(platform::Node& node, int port) {
    checkpoint::LocalStore store(node, "store");
    Session session;
    job_(session);
    TaskRegistry registry;
    RegisterTasks(session.queries().at(0), registry);
    co_await RunWorker(node, store, registry,
                       {.driver_addresses = {"m:7000", "m:7001"},
                        .address = absl::StrCat("m:", port),
                        .plan_fingerprint = "p"});
  }
  static Task<void> RescaleMain(platform::Node& node, std::string checkpoint, int partitions,
                                std::optional<absl::StatusOr<Rescaled>>& rescaled) {
    checkpoint::LocalStore store(node, "store");
    rescaled = co_await RescaleCheckpoint(node, store, std::move(checkpoint), partitions);
  }
  static Task<void> RemoveFilesOf(platform::Node& node, std::string directory) {
    checkpoint::LocalStore store(node, "store");
    const auto files = co_await store.List(directory);
    if (!files.ok()) co_return;
    for (const checkpoint::StoredFile& file : *files) {
      (co_await store.Remove(absl::StrCat(directory, "/", file.name))).IgnoreError();
    }
  }
  static Task<void> ReadTable(platform::Node& node,
                              std::optional<absl::StatusOr<SinkTable>>& table) {
    checkpoint::LocalStore store(node, "store");
    table.emplace(co_await ReadFileSink(node, store, "out", absl::Seconds(5)));
  }
  static Task<void> ReadHistory(platform::Node& node,
                                std::optional<absl::StatusOr<checkpoint::QueryHistory>>& out) {
    checkpoint::LocalStore store(node, "store");
    checkpoint::QueryHistory found;
    const absl::Status read = co_await checkpoint::ReadMetadataLog(node, store, "checkpoint/log",
                                                                   absl::Seconds(5), found);
    if (read.ok()) {
      out.emplace(std::move(found));
    } else {
      out.emplace(read);
    }
  }

  void StartUnlessAlive(const std::string& name, platform::NodeMain main) {
    if (world_.HasProcess(name) && world_.process(name).alive()) return;
    world_.Start("m", {name, {{name, std::move(main)}}});
  }
  void Fire(simulator::SimProcess& process) {
    fired_ = true;
    if (fault_->power_loss) {
      world_.LosePower("m");
    } else {
      world_.Crash(process);
    }
  }
  bool Due() { return fault_ && !fired_ && ++reached_ == fault_->number; }

  void OnStep(simulator::SimNode& node, const platform::StepEvent& event) override {
    if (fault_ && fault_->step == event.step.name && Due()) Fire(node.process());
  }
  const simulator::Fault* OnSeamCall(simulator::SimNode& node,
                                     const simulator::SeamCall&) override {
    if (fault_ && fault_->step.empty() && node.process().name() == fault_->process && Due()) {
      Fire(node.process());
    }
    return nullptr;
  }
  void OnStarted(simulator::SimProcess&) override {}
  void Freeze() override {}
  void OnStep(absl::Duration, const platform::StepEvent& event) override {
    std::string text(event.step.name);
    for (const platform::StepAttribute& attribute : event.attributes) {
      if (attribute.key == "batch") absl::StrAppend(&text, " ", attribute.value);
      if (event.step.name == "query.recovered" && attribute.key == "decision") {
        decisions.push_back(static_cast<checkpoint::RecoveryDecision>(attribute.value));
      }
    }
    steps.push_back(std::move(text));
  }

  simulator::SimWorld world_;
  const QueryJob job_;
  QueryOptions options_;
  std::optional<QueryFault> fault_;
  uint64_t reached_ = 0;
  bool fired_ = false;
  int asides_ = 0;
  std::optional<absl::Status> driver_ended_;
};

}  // namespace wavetank::runtime

#endif  // WAVETANK_TESTS_RUNTIME_STRUCTURED_QUERY_WORLD_H_
