#include "scenarios/draw_scenario.h"

#include <algorithm>
#include <initializer_list>
#include <string_view>
#include <vector>

#include "absl/strings/str_cat.h"
#include "google/protobuf/text_format.h"

#include "platform/check.h"
#include "platform/text.h"
#include "scenarios/cluster_plan.h"
#include "scenarios/draw_inputs.h"
#include "scenarios/step_names.h"
#include "simulator/fault_effects.h"
#include "simulator/fault_table.h"

namespace wavetank::scenarios {
namespace {

using properties::Choices;
using simulator::FaultFamily;
using simulator::FaultInfo;
using simulator::FaultKind;

constexpr int kFaultsMost = 5;

void Set(Job& job, const char* name, std::string value) {
  Parameter& parameter = *job.add_parameter();
  parameter.set_name(name);
  parameter.set_value(std::move(value));
}

// Steps that are reached when something has gone wrong already.
bool OnlyAfterAFault(std::string_view step) {
  constexpr std::string_view kSteps[] = {"fenced_log.fenced",
                                         "worker.driver_lost",
                                         "task.failed",
                                         "driver.worker_lost",
                                         "driver.task_retried",
                                         "driver.task_moved",
                                         "driver.output_lost",
                                         "driver.report_ignored",
                                         "shuffle.fetch_failed",
                                         "sink.unsure",
                                         "sink.asked",
                                         "query.stopped",
                                         "dstream.batch_rerun",
                                         "dstream.batch_failed",
                                         "dstream.block_found",
                                         "store_service.done",
                                         "dstream.receivers_stopped",
                                         "dstream.stopped"};
  return std::find(std::begin(kSteps), std::end(kSteps), step) != std::end(kSteps) ||
         step.starts_with("input.");
}

// Steps that only a job with receivers reaches.
bool IsOfReceivers(std::string_view step) {
  return step.starts_with("receiver.") || step == "dstream.block_logged" ||
         step == "dstream.receiver_logged";
}

class Drawing {
 public:
  explicit Drawing(Choices& choices) : choices_(choices) {}

  Scenario Draw() {
    scenario_.set_schema_version(1);
    scenario_.set_name("drawn");
    scenario_.set_seed(static_cast<uint64_t>(choices_.Between("seed", 1, 1'000'000)));
    DrawJob();
    DrawCluster();
    AddServers();
    DrawInputs(choices_,
               {.names = inputs_,
                .replayed = replayed_,
                .structured = structured_,
                .windowed = windowed_,
                .socket = socket_},
               scenario_);
    // Where the directories have those names; and of a stream whose log is damaged only ids tell
    // that all came out.
    const bool may_be_beyond = inputs_.size() == 1 && (structured_ || !replayed_);
    if (may_be_beyond && choices_.OneIn("beyond", 8)) DrawBeyond();
    for (int number = 0; number < kFaultsMost; ++number) DrawFault(absl::StrCat("fault ", number));
    DrawInputDirectoryAway();
    DrawOddEntry();
    const auto policy = choices_.Between("policy", Schedule::Policy_MIN, Schedule::Policy_MAX);
    scenario_.mutable_schedule()->set_policy(static_cast<Schedule::Policy>(policy));
    // A socket promises nothing of lines that are in no block; what is in one is checked anyway.
    scenario_.mutable_expect()->set_guarantee(structured_ ? Expect::EXACTLY_ONCE
                                              : socket_   ? Expect::NONE
                                                          : Expect::AT_LEAST_ONCE);
    return scenario_;
  }

 private:
  void DrawJob() {
    Job& job = *scenario_.mutable_job();
    if (choices_.OneIn("replayed", 6)) {
      DrawReplayedJob(job);
    } else {
      DrawJobWithAnOracle(job);
    }
    Set(job, "partitions", absl::StrCat(choices_.Between("partitions", 1, 4)));
    // How much of what has ended the checkpoint keeps: 0 is the default, which is much.
    const int64_t retain = choices_.Between("retain", 0, 4);
    if (retain > 0) Set(job, "retain", absl::StrCat(retain + 1));
    const int64_t log_size = choices_.Between("log size", 0, 8);
    if (log_size > 0) Set(job, "log-bytes", absl::StrCat(log_size * 300));
    const int64_t least_ms = structured_ ? 0 : 200;
    Set(job, "interval", absl::StrCat(choices_.Between("interval", least_ms, 2'000), "ms"));
    DrawChange(job);
  }

  // Of shapes that no oracle was written for. (Not of several queries: one that a fault has stopped
  // for good is not started again while the others run.)
  void DrawReplayedJob(Job& job) {
    enum { kByCustomer, kWholeTable, kByWindow, kReadings, kStamped, kTwoSockets };
    const int64_t which = choices_.Between("replayed job", kByCustomer, kTwoSockets);
    replayed_ = true;
    structured_ = which < kReadings;
    windowed_ = which == kByWindow;
    socket_ = which == kTwoSockets;
    if (socket_) inputs_ = {"readings", "alarms"};
    constexpr const char* kNames[] = {"spend_by_customer",     "spend_by_customer",
                                      "spend_by_window",       "readings_dstream",
                                      "stamped_lines_dstream", "readings_and_alarms_dstream"};
    job.set_name(kNames[which]);
    if (which == kWholeTable) Set(job, "mode", "complete");
    if (windowed_) DrawWindow(job);
  }

  void DrawWindow(Job& job) {
    Set(job, "window", absl::StrCat(choices_.Between("window", 1, 20), "s"));
    Set(job, "delay", absl::StrCat(choices_.Between("delay", 0, 20), "s"));
  }

  void DrawJobWithAnOracle(Job& job) {
    enum { kUpdate, kComplete, kWindowed, kWords, kLines, kDStream, kNumbered, kSocket };
    const int64_t which = choices_.Between("job", kUpdate, kSocket);
    structured_ = which < kDStream;
    windowed_ = which == kWindowed;
    socket_ = which == kSocket;
    constexpr const char* kNames[] = {"word_count",
                                      "word_count",
                                      "windowed_count",
                                      "words",
                                      "line_count",
                                      "word_count_dstream",
                                      "numbered_word_count_dstream",
                                      "socket_word_count"};
    job.set_name(kNames[which]);
    if (which == kComplete) Set(job, "mode", "complete");
    if (which == kWords && choices_.Between("words in update mode", 0, 1) == 1) {
      Set(job, "mode", "update");
    }
    if (windowed_) DrawWindow(job);
  }

  // What may be another from the second start of a process on, without a change of the answer.
  void DrawChange(Job& job) {
    if (!choices_.OneIn("changes", 3)) return;
    Change& change = *job.add_change();
    const auto set = [&](const char* name, int64_t value) {
      Parameter& parameter = *change.add_parameter();
      parameter.set_name(name);
      parameter.set_value(absl::StrCat(value));
    };
    set("partitions", choices_.Between("changed partitions", 1, 4));
    set("retain", choices_.Between("changed retain", 2, 6));
    set("log-bytes", 300 * choices_.Between("changed log size", 1, 9));
  }

  void AddMachine(const std::string& machine, const std::string& process,
                  const std::vector<std::string>& nodes) {
    Machine& added = *scenario_.mutable_cluster()->add_machine();
    added.set_name(machine);
    Process& on_it = *added.add_process();
    on_it.set_name(process);
    on_it.set_restart_after_ms(choices_.Between(absl::StrCat("restart of ", process), 100, 3'000));
    for (const std::string& node : nodes) on_it.add_node(node);
    nodes_.insert(nodes_.end(), nodes.begin(), nodes.end());
    machines_.push_back(machine);
    processes_.push_back(process);
  }

  void DrawCluster() {
    const int64_t workers = choices_.Between("workers", 1, 3);
    std::vector<std::string> names;
    for (int64_t worker = 1; worker <= workers; ++worker) {
      names.push_back(absl::StrCat("worker-", worker));
    }
    if (choices_.Between("spread", 0, 1) == 0) {
      names.insert(names.begin(), "driver");
      AddMachine("m1", "app", names);
      return;
    }
    AddMachine("m-store", "store", {"store"});
    AddMachine("m-driver", "driver", {"driver"});
    for (int64_t worker = 1; worker <= workers; ++worker) {
      AddMachine(absl::StrCat("m-", worker), absl::StrCat("process-", worker),
                 {names[static_cast<size_t>(worker - 1)]});
    }
    DrawSpare();
  }

  // A machine on which a driver that is taken for dead may be replaced. (On its own it would wait
  // for the address of the one before.)
  void DrawSpare() {
    if (choices_.Between("spare", 0, 1) == 0) return;
    Machine& added = *scenario_.mutable_cluster()->add_machine();
    added.set_name("m-spare");
    Process& process = *added.add_process();
    process.set_name("spare");
    process.set_standby(true);
    process.add_node("driver");
    has_spare_ = true;
  }

  // What the job's sockets connect to, each a process of its own, which a fault may strike alone.
  void AddServers() {
    if (!socket_) return;
    machines_.emplace_back(kOutside);
    for (const std::string& input : inputs_) {
      const std::string suffix = inputs_.size() > 1 ? absl::StrCat("-", input) : "";
      processes_.push_back(kOutside + suffix);
      nodes_.push_back("line-server" + suffix);
    }
  }

  // As a file system does that is unmounted for a while.
  void DrawInputDirectoryAway() {
    if (socket_ || !choices_.OneIn("input away", 4)) return;
    const FaultInfo& info = simulator::InfoOf(FaultKind::kDirectoryAway);
    Fault& fault = *scenario_.add_fault();
    fault.set_kind(std::string(info.name));
    fault.set_target(machines_.front());  // the store is there
    fault.set_files(inputs_.front());
    fault.set_at_ms(choices_.Between("input away at", 2'100, 8'000));
    fault.set_duration_ms(choices_.Between("input away for", info.duration_ms.low, 5'000));
    fault.set_amount(choices_.Between("input away how", info.amount.low, info.amount.high));
  }

  void DrawOddEntry() {
    if (socket_ || !choices_.OneIn("odd entry", 4)) return;
    const FaultInfo& info = simulator::InfoOf(FaultKind::kOddEntry);
    Fault& fault = *scenario_.add_fault();
    fault.set_kind(std::string(info.name));
    fault.set_target(machines_.front());  // the store is there
    fault.set_files(inputs_.front() + "/odd");
    fault.set_at_ms(choices_.Between("odd entry at", 2'100, 8'000));
    fault.set_amount(choices_.Between("odd entry kind", info.amount.low, info.amount.high));
  }

  // A step of the job's engine, of the cluster or of the checkpoint; mostly one that every run
  // reaches, so that the fault comes.
  std::string DrawStep(const std::string& fault) {
    const auto other_engine = structured_
                                  ? std::initializer_list<std::string_view>{"dstream.", "receiver."}
                                  : std::initializer_list<std::string_view>{
                                        "query.", "batch.", "sink.", "state", "part."};
    const bool any = choices_.OneIn(fault + " at any step", 5);
    std::vector<std::string_view> steps;
    for (const platform::StepName* step : AllSteps()) {
      const bool other =
          std::any_of(other_engine.begin(), other_engine.end(),
                      [step](std::string_view start) { return step->name.starts_with(start); });
      // Neither of a server that is not there, nor where nothing has changed since the step before.
      const bool of_no_use = (step->name.starts_with("line_server.") && !socket_) ||
                             step->name.starts_with("recovery.");
      const bool seldom = OnlyAfterAFault(step->name) || (!socket_ && IsOfReceivers(step->name));
      if (!other && !of_no_use && (any || !seldom)) steps.push_back(step->name);
    }
    const auto last = static_cast<int64_t>(steps.size()) - 1;
    return std::string(steps[static_cast<size_t>(choices_.Between(fault + " step", 0, last))]);
  }

  // A fault that is told by name (docs/faults.md), or that changes no answer. What is not told is
  // left out: a DStream's text files, input that goes before anybody has seen it, a write that
  // misses the end of a log, a sync of a log that was not made, all that the store's disk held, and
  // a disk that lies for a while, whose files a checker cannot follow either.
  void DrawBeyond() {
    enum Of { kStructured, kOfFiles, kAny };  // jobs: queries, all that read files, all
    struct Row {
      FaultKind kind;
      const char* files;     // on the store's disk; null: it has none
      const char* may_stop;  // in the error; null: it never stops
      Of of;
    };
    static constexpr char kInputFile[] = "input/input-0000";
    static constexpr Row kRows[] = {
        {FaultKind::kBitRot, "checkpoint/state/*", "checkpoint/state/", kStructured},
        {FaultKind::kBitRot, "checkpoint/*log-*", "checkpoint/", kOfFiles},
        {FaultKind::kBitRot, "checkpoint/*epoch-*", "checkpoint/", kOfFiles},
        {FaultKind::kBitRot, "output/_wavetank/staged/*", "output/", kStructured},
        {FaultKind::kBitRot, "output/_wavetank/log-*", "output/_wavetank/log-", kStructured},
        {FaultKind::kBitRot, "output/_wavetank/epoch-*", "output/_wavetank/epoch-", kStructured},
        {FaultKind::kBitRot, kInputFile, "input/", kStructured},
        {FaultKind::kMisdirectedWrite, "checkpoint/state/*", "checkpoint/state/", kStructured},
        {FaultKind::kMisdirectedWrite, "output/_wavetank/staged/*", "output/", kStructured},
        {FaultKind::kUnsyncedFile, "checkpoint/state/*", "checkpoint/state/", kStructured},
        {FaultKind::kUnsyncedFile, "output/_wavetank/staged/*", "output/", kStructured},
        {FaultKind::kLostFiles, "checkpoint", "checkpoint", kOfFiles},
        {FaultKind::kLostFiles, "checkpoint/log", "checkpoint", kStructured},
        {FaultKind::kLostFiles, "checkpoint/state", "checkpoint/state/", kStructured},
        {FaultKind::kLostFiles, "output", "output", kStructured},
        {FaultKind::kLostFiles, "output/_wavetank", "output", kStructured},
        {FaultKind::kDiskLoss, nullptr, nullptr, kAny},
    };
    std::vector<const Row*> rows;
    for (const Row& row : kRows) {
      const bool fits = structured_ || row.of == kAny || (row.of == kOfFiles && !socket_);
      const bool rewound = scenario_.input(0).arrival().has_rewind_after();
      if (row.files == kInputFile && rewound) continue;  // a file may come again, not yet read
      if (fits && (row.kind != FaultKind::kDiskLoss || machines_.size() > 1)) rows.push_back(&row);
    }
    if (rows.empty()) return;
    const auto last_row = static_cast<int64_t>(rows.size()) - 1;
    const Row& row = *rows[static_cast<size_t>(choices_.Between("beyond kind", 0, last_row))];
    const FaultInfo& info = simulator::InfoOf(row.kind);
    Fault& fault = *scenario_.add_fault();
    fault.set_kind(std::string(info.name));
    // The store's machine is the first; a disk that is lost is another's.
    const auto last = static_cast<int64_t>(machines_.size()) - 1;
    fault.set_target(
        row.kind == FaultKind::kDiskLoss
            ? machines_[static_cast<size_t>(choices_.Between("beyond machine", 1, last))]
            : machines_.front());
    if (row.files != nullptr) fault.set_files(row.files);
    if (row.files != nullptr && row.kind != FaultKind::kLostFiles && row.files != kInputFile) {
      // A bit rots in any of them; the write that goes astray is any of the next few.
      const bool at_rest = simulator::IsAtRest(row.kind);
      fault.set_nth(at_rest && choices_.Between("beyond last", 0, 1) == 1
                        ? -1
                        : choices_.Between("beyond nth", 1, 3));
    }
    if (!info.amount.empty()) {
      fault.set_amount(choices_.Between("beyond amount", info.amount.low, info.amount.high));
    }
    const bool removed = row.kind == FaultKind::kLostFiles;
    if (row.files == kInputFile) {
      // Of a batch that is defined by then, which has a file at least: nobody knows what the others
      // should hold.
      const int64_t batch = choices_.Between("beyond batch", 0, 3);
      const int64_t file = choices_.Between("beyond file", 0, batch);
      fault.set_files(absl::StrCat(kInputFile, file, ".txt"));
      AtStep& at = *fault.mutable_at_step();
      at.set_step("batch.defined");
      Attribute& attribute = *at.add_attribute();
      attribute.set_name("batch");
      attribute.set_value(batch);
    } else if (removed || (!structured_ && row.files != nullptr)) {
      // When there is something to lose: who begins anew before that need tell nothing. And of a
      // stream's log a checker must have seen what was no input from the first.
      AtStep& at = *fault.mutable_at_step();
      at.set_step(structured_ ? "batch.committed" : "dstream.batch_completed");
      at.set_occurrence(static_cast<int32_t>(choices_.Between("beyond batch", 1, 4)));
    } else {
      DrawTrigger("beyond", fault);
    }
    if (row.kind == FaultKind::kUnsyncedFile) {
      // Else nobody misses the sync.
      Fault& power = *scenario_.add_fault();
      power.set_kind(std::string(simulator::InfoOf(FaultKind::kPowerLoss).name));
      power.set_target(machines_.front());
      DrawTrigger("beyond power", power);
    }
    // What has no error to stop with must give the exact answer.
    Expect& expect = *scenario_.mutable_expect();
    if (row.may_stop != nullptr) {
      expect.add_may_stop(row.may_stop);
      // What tells a log of its lost end is the sink, when that is ahead; a stream, its output.
      if (structured_) expect.add_may_stop("the sink ");
      if (structured_) expect.add_may_stop("belongs to query ");  // it begins as another one
      if (removed && !structured_) expect.add_may_stop("output of a batch that it does not know");
    }
  }

  void DrawFault(const std::string& name) {
    if (choices_.Between(name, 0, 1) == 0) return;
    std::vector<const FaultInfo*> kinds;
    for (const FaultInfo& info : simulator::FaultTable()) {
      // Within one machine there is no network.
      const bool takes_two =
          info.family == FaultFamily::kNetwork || simulator::TakesSeveralMachines(info.kind);
      if (info.on && (!takes_two || machines_.size() > 1)) kinds.push_back(&info);
    }
    // A spare is there to be used.
    const bool replaces = has_spare_ && choices_.OneIn(name + " replaces", 4);
    if (replaces) std::erase_if(kinds, [](auto* info) { return info->kind != FaultKind::kZombie; });
    const auto last_kind = static_cast<int64_t>(kinds.size()) - 1;
    const FaultInfo& info =
        *kinds[static_cast<size_t>(choices_.Between(name + " kind", 0, last_kind))];
    Fault& fault = *scenario_.add_fault();
    fault.set_kind(std::string(info.name));
    const auto one_of = [&](const char* what, const std::vector<std::string>& names) {
      const auto last = static_cast<int64_t>(names.size()) - 1;
      return names[static_cast<size_t>(choices_.Between(name + what, 0, last))];
    };
    fault.set_target(
        replaces
            ? "driver"
            : one_of(" target", info.family == FaultFamily::kProcess ? processes_ : machines_));
    if (replaces) fault.set_peer("m-spare");
    if (simulator::TakesSeveralMachines(info.kind)) {
      std::vector<std::string> others = machines_;
      const auto most = std::min<int64_t>(info.amount.high, std::ssize(others));
      std::erase(others, fault.target());
      const int64_t number = choices_.Between(name + " machines", info.amount.low, most);
      for (int64_t other = 2; other <= number; ++other) {
        const std::string machine = one_of(absl::StrCat(" machine ", other).c_str(), others);
        std::erase(others, machine);
        fault.set_target(absl::StrCat(fault.target(), ",", machine));
      }
    }
    if (info.family == FaultFamily::kNetwork) {
      std::vector<std::string> others = machines_;
      std::erase(others, fault.target());
      fault.set_peer(one_of(" peer", others));
    }
    if (!info.duration_ms.empty()) {
      // Sometimes longer than what waits 30 s waits.
      const bool outlasts = choices_.OneIn(name + " outlasts", 8);
      fault.set_duration_ms(
          outlasts ? choices_.Between(name + " long duration", 30'000, 45'000)
                   : choices_.Between(name + " duration", info.duration_ms.low,
                                      std::min<int64_t>(info.duration_ms.high, 10'000)));
    }
    if (!info.amount.empty() && !simulator::TakesSeveralMachines(info.kind)) {
      fault.set_amount(choices_.Between(name + " amount", info.amount.low, info.amount.high));
    }
    DrawTrigger(name, fault);
  }

  void DrawTrigger(const std::string& name, Fault& fault) {
    enum { kAtStep, kAtStepToo, kAtTime, kAtCall };
    const int64_t when = choices_.Between(name + " when", kAtStep, kAtCall);
    if (when == kAtTime) {
      fault.set_at_ms(choices_.Between(name + " time", 100, 8'000));
    } else if (when == kAtCall) {
      AtCall& at = *fault.mutable_at_call();
      const auto last = static_cast<int64_t>(nodes_.size()) - 1;
      at.set_node(nodes_[static_cast<size_t>(choices_.Between(name + " node", 0, last))]);
      // Any order of magnitude, since a run's calls end somewhere between a dozen and thousands.
      const int64_t most = int64_t{1} << choices_.Between(name + " call bits", 1, 11);
      at.set_call(choices_.Between(name + " call", 1, most));
    } else {
      AtStep& at = *fault.mutable_at_step();
      at.set_step(DrawStep(name));
      at.set_occurrence(static_cast<int32_t>(choices_.Between(name + " occurrence", 1, 4)));
    }
  }

  Choices& choices_;
  Scenario scenario_;
  bool structured_ = true;
  bool windowed_ = false;
  bool socket_ = false;
  bool replayed_ = false;                        // a job without an oracle
  std::vector<std::string> inputs_ = {"input"};  // by name
  bool has_spare_ = false;
  std::vector<std::string> machines_;
  std::vector<std::string> processes_;
  std::vector<std::string> nodes_;
};

}  // namespace

Scenario DrawScenario(Choices& choices) { return Drawing(choices).Draw(); }

std::string ToText(const Scenario& scenario, const std::string& comment) {
  std::string text;
  google::protobuf::TextFormat::Printer printer;
  printer.SetUseShortRepeatedPrimitives(true);
  WT_CHECK(printer.PrintToString(scenario, &text));
  return absl::StrCat("# ", comment, "\n", text);
}

}  // namespace wavetank::scenarios
