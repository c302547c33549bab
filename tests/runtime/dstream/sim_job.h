// SimJob: a DStream job on one simulated machine, as processes "driver", "w0", "w1", ..., with
// faults at the n-th reaching of a step, and what a reader of its durable files sees afterwards.
#ifndef WAVETANK_TESTS_RUNTIME_DSTREAM_SIM_JOB_H_
#define WAVETANK_TESTS_RUNTIME_DSTREAM_SIM_JOB_H_

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/time/time.h"
#include "gtest/gtest.h"

#include "checkpoint/graph_history.h"
#include "checkpoint/local_store.h"
#include "checkpoint/metadata.h"
#include "runtime/cluster/cluster.h"
#include "runtime/dstream/driver.h"
#include "runtime/dstream/streaming_context.h"
#include "simulator/sim_world.h"

namespace wavetank::runtime {

using JobPlan = std::function<void(StreamingContext&)>;

struct SimJobOptions {
  uint64_t seed = 1;
  int workers = 2;
  absl::Duration interval = absl::Seconds(1);
  simulator::PolicyKind policy = simulator::PolicyKind::kShuffle;
  absl::Duration unit_cost = simulator::CpuOptions().unit_cost;
  size_t kept_bytes_max = WorkerOptions().kept_bytes_max;
  size_t spilled_bytes_max = WorkerOptions().spilled_bytes_max;
  std::string scratch = {};  // "": nothing is spilled
  SpeculationOptions speculation = {};
  DStreamOptions driver = {};
};

// One attempt at one batch of SaveAsTextFiles.
struct SavedAttempt {
  bool complete = false;
  int64_t parts = 0;               // that are there
  std::vector<std::string> lines;  // of the parts that count, in order
};
// By batch time in milliseconds, then by attempt.
using SavedOutput = std::map<int64_t, std::map<std::string, SavedAttempt>>;

class SimJob final : private simulator::FaultHook {
 public:
  SimJob(SimJobOptions options, JobPlan job)
      : options_(std::move(options)),
        job_(std::move(job)),
        world_({.seed = options_.seed,
                .policy = {.kind = options_.policy},
                .cpu = {.unit_cost = options_.unit_cost}}) {
    world_.SetFaultHook(this);
    world_.AddObserver(driver_log_);
    world_.AddMachine("m");
    options_.driver.print = [this](std::string text) { printed_.append(text); };
    options_.driver.default_parallelism = options_.workers;
  }
  ~SimJob() override { world_.SetFaultHook(nullptr); }

  simulator::SimWorld& world() { return world_; }
  simulator::SimMachine& machine() { return world_.machine("m"); }
  const std::string& printed() const { return printed_; }
  // What the driver's node has logged.
  const std::string& log() const { return driver_log_.text; }
  // How each driver that was not killed ended.
  const std::vector<absl::Status>& ended() const { return ended_; }
  uint64_t Reached(std::string_view step) const { return world_.steps().Count(step); }
  int strikes() const { return struck_; }
  // Set before Start, and for later incarnations at any time.
  DStreamOptions& driver_options() { return options_.driver; }
  void SetJob(JobPlan job) { job_ = std::move(job); }
  void SetInterval(absl::Duration interval) { options_.interval = interval; }
  // What becomes of each worker's tasks.
  void SetRegistry(std::function<void(TaskRegistry&)> change) {
    change_registry_ = std::move(change);
  }

  void Start() {
    for (int i = 0; i < options_.workers; ++i) StartWorker(i);
    StartDriver("driver", 7000);
  }
  void StartDriver(const std::string& name, int port) {
    world_.Start(
        "m",
        {name, {{name, [this, port](platform::Node& node) { return RunDriver(node, port); }}}});
  }
  void StartWorker(int i, std::vector<std::string> drivers = {"m:7000", "m:7001"}) {
    const std::string name = absl::StrCat("w", i);
    world_.Start("m", {name, {{name, [this, i, drivers](platform::Node& node) {
                                 return RunWorkerNode(node, absl::StrCat("m:", 8000 + i), drivers);
                               }}}});
  }
  // Of the live driver.
  void Stop(bool gracefully) { stop_->Stop(gracefully); }

  // When some process reaches `step` for the n-th time: `act`.
  void AtStep(std::string step, int occurrence, std::function<void(simulator::SimProcess&)> act) {
    strikes_.push_back({std::move(step), occurrence, std::move(act)});
  }
  void CrashAt(std::string step, int occurrence, absl::Duration restart_after) {
    AtStep(std::move(step), occurrence, [this, restart_after](simulator::SimProcess& process) {
      world_.Crash(process);
      const std::string name = process.name();
      After(restart_after, [this, name] { world_.Restart(name); });
    });
  }
  void LosePowerAt(std::string step, int occurrence, absl::Duration restart_after) {
    AtStep(std::move(step), occurrence, [this, restart_after](simulator::SimProcess&) {
      world_.LosePower("m");
      After(restart_after, [this] {
        world_.PowerOn("m");
        for (int i = 0; i < options_.workers; ++i) world_.Restart(absl::StrCat("w", i));
        world_.Restart("driver");
      });
    });
  }
  // What befalls each call of a node; null: nothing.
  using CallFault = std::function<const simulator::Fault*(const simulator::SeamCall& call)>;
  void SetCallFault(CallFault fault) { call_fault_ = std::move(fault); }
  void After(absl::Duration delay, std::function<void()> action) {
    later_.emplace(world_.now() + delay, std::move(action));
  }
  void RunFor(absl::Duration duration) {
    const absl::Duration until = world_.now() + duration;
    while (world_.now() < until) {
      world_.RunFor(absl::Milliseconds(10));
      while (!later_.empty() && later_.begin()->first <= world_.now()) {
        const std::function<void()> action = std::move(later_.begin()->second);
        later_.erase(later_.begin());
        action();
      }
    }
  }

  // What the batch log says.
  checkpoint::GraphHistory History(const std::string& directory) {
    absl::StatusOr<checkpoint::GraphHistory> history = absl::UnknownError("the reader died");
    Read([&](platform::Node& node, checkpoint::Store& store) {
      return ReadHistory(node, store, directory, history);
    });
    EXPECT_TRUE(history.ok()) << history.status();
    return history.ok() ? *std::move(history) : checkpoint::GraphHistory();
  }
  std::vector<std::string> NamesIn(const std::string& directory) {
    std::vector<std::string> names;
    Read([&](platform::Node&, checkpoint::Store& store) {
      return ListNames(store, directory, names);
    });
    return names;
  }
  size_t FilesIn(const std::string& directory) { return NamesIn(directory).size(); }
  // What SaveAsTextFiles("<directory>/<name>") left.
  SavedOutput Saved(const std::string& directory) {
    SavedOutput output;
    Read([&](platform::Node&, checkpoint::Store& store) {
      return ReadSaved(store, directory, output);
    });
    return output;
  }
  // The lines of all of it, by batch time.
  std::vector<std::string> SavedLines(const std::string& directory) {
    std::vector<std::string> lines;
    for (const auto& [time_ms, attempts] : Saved(directory)) {
      for (const auto& [name, attempt] : attempts) {
        lines.insert(lines.end(), attempt.lines.begin(), attempt.lines.end());
      }
    }
    return lines;
  }

 private:
  struct DriverLog final : simulator::WorldObserver {
    void OnLog(absl::Duration, const platform::Node& node, platform::LogLevel,
               const std::string& line) override {
      if (node.process() == "driver") absl::StrAppend(&text, line, "\n");
    }
    std::string text;
  };
  struct Strike {
    std::string step;
    int left;
    std::function<void(simulator::SimProcess&)> act;
  };

  Task<void> RunDriver(platform::Node& node, int port) {
    StreamingContext context(options_.interval);
    job_(context);
    checkpoint::LocalStore store(node, "");
    auto cluster = co_await Cluster::Start(node, {.address = absl::StrCat("m:", port),
                                                  .plan_fingerprint = context.graph().Fingerprint(),
                                                  .speculation = options_.speculation});
    EXPECT_TRUE(cluster.ok()) << cluster.status();
    if (!cluster.ok()) co_return;
    DStreamOptions options = options_.driver;
    StopRequest stop;
    stop_ = &stop;
    options.stop = &stop;
    ended_.push_back(co_await RunDStreamDriver(node, store, **cluster, context.graph(), options));
  }
  Task<void> RunWorkerNode(platform::Node& node, std::string address,
                           std::vector<std::string> drivers) {
    StreamingContext context(options_.interval);
    job_(context);
    TaskRegistry registry;
    RegisterTasks(context.graph(), registry);
    if (change_registry_) change_registry_(registry);
    checkpoint::LocalStore store(node, "");
    co_await RunWorker(node, store, registry,
                       {.driver_addresses = std::move(drivers),
                        .address = std::move(address),
                        .plan_fingerprint = context.graph().Fingerprint(),
                        .kept_bytes_max = options_.kept_bytes_max,
                        .spilled_bytes_max = options_.spilled_bytes_max,
                        .scratch = options_.scratch});
  }

  using Reader = std::function<Task<void>(platform::Node&, checkpoint::Store&)>;
  void Read(Reader reader) {
    world_.Start(
        "m", {"reader",
              {{"reader", [reader](platform::Node& node) { return RunReader(node, reader); }}}});
    const simulator::SimProcess& process = world_.process("reader");
    while (process.alive() && world_.RunOne()) {
    }
  }
  static Task<void> RunReader(platform::Node& node, Reader reader) {
    checkpoint::LocalStore store(node, "");
    co_await reader(node, store);
  }
  static Task<void> ReadHistory(platform::Node& node, checkpoint::Store& store,
                                std::string directory,
                                absl::StatusOr<checkpoint::GraphHistory>& history) {
    checkpoint::GraphHistory found;
    const absl::Status read =
        co_await checkpoint::ReadMetadataLog(node, store, directory, absl::Seconds(30), found);
    history = read.ok() ? absl::StatusOr<checkpoint::GraphHistory>(std::move(found)) : read;
  }
  static Task<void> ListNames(checkpoint::Store& store, std::string directory,
                              std::vector<std::string>& names) {
    const auto listed = co_await store.List(directory);
    EXPECT_TRUE(listed.ok()) << listed.status();
    for (const checkpoint::StoredFile& file : *listed) names.push_back(file.name);
  }
  static Task<void> ReadSaved(checkpoint::Store& store, std::string directory,
                              SavedOutput& output) {
    const auto batches = co_await store.List(directory);
    EXPECT_TRUE(batches.ok()) << batches.status();
    for (const checkpoint::StoredFile& batch : *batches) {
      if (batch.name.starts_with('_')) continue;  // whose the output is
      const std::vector<std::string> name = absl::StrSplit(batch.name, '-');
      int64_t time_ms = 0;
      EXPECT_TRUE(absl::SimpleAtoi(name.back(), &time_ms)) << batch.name;
      const std::string batch_directory = absl::StrCat(directory, "/", batch.name);
      const auto attempts = co_await store.List(batch_directory);
      for (const checkpoint::StoredFile& attempt : *attempts) {
        SavedAttempt& saved = output[time_ms][attempt.name];
        const std::string attempt_directory = absl::StrCat(batch_directory, "/", attempt.name);
        std::vector<std::string> parts;
        const auto mark = co_await store.ReadAll(absl::StrCat(attempt_directory, "/_SUCCESS"));
        saved.complete = mark.ok();
        if (mark.ok()) {
          parts = absl::StrSplit(*mark, '\n', absl::SkipEmpty());
          EXPECT_EQ(parts.front(), absl::StrCat("parts ", parts.size() - 1));
          parts.erase(parts.begin());
        }
        const auto there = co_await store.List(attempt_directory);
        for (const checkpoint::StoredFile& file : *there) {
          if (!mark.ok()) parts.push_back(file.name);
          saved.parts += file.name.starts_with("part-") ? 1 : 0;
        }
        for (const std::string& part : parts) {
          const auto text = co_await store.ReadAll(absl::StrCat(attempt_directory, "/", part));
          EXPECT_TRUE(text.ok()) << text.status();
          for (const auto line : absl::StrSplit(*text, '\n', absl::SkipEmpty())) {
            saved.lines.emplace_back(line);
          }
        }
      }
    }
  }

  void OnStep(simulator::SimNode& node, const platform::StepEvent& event) override {
    for (Strike& strike : strikes_) {
      if (strike.step != event.step.name || --strike.left != 0) continue;
      ++struck_;
      strike.act(node.process());
      return;
    }
  }
  const simulator::Fault* OnSeamCall(simulator::SimNode&,
                                     const simulator::SeamCall& call) override {
    return call_fault_ ? call_fault_(call) : nullptr;
  }
  void OnStarted(simulator::SimProcess&) override {}
  void Freeze() override {}

  SimJobOptions options_;
  JobPlan job_;
  std::function<void(TaskRegistry&)> change_registry_;
  CallFault call_fault_;
  std::string printed_;
  DriverLog driver_log_;
  std::vector<absl::Status> ended_;
  StopRequest* stop_ = nullptr;
  std::vector<Strike> strikes_;
  int struck_ = 0;
  std::multimap<absl::Duration, std::function<void()>> later_;
  simulator::SimWorld world_;
};

}  // namespace wavetank::runtime

#endif  // WAVETANK_TESTS_RUNTIME_DSTREAM_SIM_JOB_H_
