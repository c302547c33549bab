#include "scenarios/explore/draw_beyond.h"

#include <algorithm>
#include <string_view>
#include <vector>

#include "absl/strings/str_cat.h"

#include "scenarios/cluster_plan.h"
#include "simulator/fault_effects.h"
#include "simulator/fault_table.h"

namespace wavetank::scenarios {
namespace {

using properties::Choices;
using simulator::FaultInfo;
using simulator::FaultKind;

enum Of { kStructured, kOfFiles, kAny };  // jobs: queries, all that read files, all

struct Row {
  FaultKind kind;
  const char* files;     // on the store's disk; null: it has none
  const char* may_stop;  // in the error; null: it never stops
  Of of;
};

constexpr char kInputFile[] = "input/input-0000";

// What is not told is left out: a DStream's text files, input that goes before anybody has seen it,
// a write that misses the end of a log, a sync of a log that was not made, all that the store's
// disk held, and a disk that lies for a while, whose files a checker cannot follow either. Nor can
// it a log that rots and is then written anew by who has it in memory.
constexpr Row kRows[] = {
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

bool IsOfALog(const Row& row) {
  const std::string_view files = row.files == nullptr ? "" : row.files;
  return row.kind == FaultKind::kBitRot && (files.find("log-") != std::string_view::npos ||
                                            files.find("epoch-") != std::string_view::npos);
}

// Whether its logs are so short that they are written anew within a run.
bool RewritesItsLogs(const Job& job) {
  const auto is_log_size = [](const Parameter& parameter) {
    return parameter.name() == "log-bytes";
  };
  return std::ranges::any_of(job.parameter(), is_log_size) ||
         std::ranges::any_of(job.change(), [&](const Change& change) {
           return std::ranges::any_of(change.parameter(), is_log_size);
         });
}

// Those that may lose their disk: on one there is nothing that anybody must have again. (A log that
// has lost its records is another one.)
std::vector<std::string> MachinesWithoutFiles(const FaultTargets& targets) {
  std::vector<std::string> machines = targets.machines;
  std::erase(machines, targets.store_machine);
  if (!targets.external.empty()) std::erase(machines, kOutside);
  return machines;
}

std::vector<const Row*> RowsFor(const FaultTargets& targets, const Job& job) {
  std::vector<const Row*> rows;
  for (const Row& row : kRows) {
    const bool of_files = row.of == kOfFiles && !targets.socket;
    const bool fits =
        row.of == kAny || (targets.has_known_files && (targets.structured || of_files));
    if (row.files == kInputFile && targets.rewound)
      continue;  // a file may come again, not yet read
    if (IsOfALog(row) && RewritesItsLogs(job)) continue;
    if (fits && (row.kind != FaultKind::kDiskLoss || !MachinesWithoutFiles(targets).empty())) {
      rows.push_back(&row);
    }
  }
  return rows;
}

// Of a batch that is prepared by then, which has a file at least: nobody knows what the others
// should hold, nor what one should that nobody has read.
void DrawInputFile(const Choices& choices, const std::string& name, Fault& fault) {
  const int64_t batch = choices.Between(name + " batch", 0, 3);
  fault.set_files(absl::StrCat(kInputFile, choices.Between(name + " file", 0, batch), ".txt"));
  AtStep& at = *fault.mutable_at_step();
  at.set_step("batch.prepared");
  Attribute& attribute = *at.add_attribute();
  attribute.set_name("batch");
  attribute.set_value(batch);
}

void Excuse(const Row& row, const FaultTargets& targets, Expect& expect) {
  // What has no error to stop with must give the exact answer.
  if (row.may_stop == nullptr) return;
  expect.add_may_stop(row.may_stop);
  // What tells a log of its lost end is the sink, when that is ahead; a stream, its output.
  if (targets.structured) expect.add_may_stop("the sink ");
  if (targets.structured) expect.add_may_stop("belongs to query ");  // it begins as another one
  if (row.kind == FaultKind::kLostFiles && !targets.structured) {
    expect.add_may_stop("output of a batch that it does not know");
  }
}

}  // namespace

bool AddFaultBeyond(const Choices& choices, const std::string& name, const FaultTargets& targets,
                    const Aim& aim, Scenario& scenario) {
  const std::vector<const Row*> rows = RowsFor(targets, scenario.job());
  if (rows.empty()) return false;
  const Row& row = *choices.OneOf(name + " kind", rows);
  const FaultInfo& info = simulator::InfoOf(row.kind);
  Fault fault;
  fault.set_kind(std::string(info.name));
  fault.set_target(row.kind == FaultKind::kDiskLoss
                       ? choices.OneOf(name + " machine", MachinesWithoutFiles(targets))
                       : targets.store_machine);
  if (row.files != nullptr) fault.set_files(row.files);
  if (!info.amount.empty()) {
    fault.set_amount(choices.Between(name + " amount", info.amount.low, info.amount.high));
  }
  const bool of_input = row.files == kInputFile;
  const bool removes = row.kind == FaultKind::kLostFiles;
  if (of_input) DrawInputFile(choices, name, fault);
  std::vector<size_t> places = aim.PlacesOf(fault);
  if (row.files != nullptr && !removes && !of_input) {
    // A bit rots in any of them; the write that goes astray is any of the next few.
    const bool at_rest = simulator::IsAtRest(row.kind);
    if (at_rest && !aim.KeepAfterFiles(row.files, places)) return false;
    const bool last = at_rest && choices.Between(name + " last", 0, 1) == 1;
    fault.set_nth(last ? -1 : choices.Between(name + " nth", 1, at_rest ? 1 : 3));
  }
  const bool when_something_ended = removes || (!targets.structured && row.files != nullptr);
  if (when_something_ended) {
    // When there is something to lose: who begins anew before that need tell nothing. And of a
    // stream's log a checker must have seen what was no input from the first.
    places = aim.AtStep(targets.structured ? "batch.committed" : "dstream.batch_completed", places);
  }
  if (places.empty()) return false;
  if (when_something_ended) {
    aim.SetStep(choices.OneOf(name + " batch", places), fault);
  } else if (!of_input) {
    aim.Draw(choices, name, places, fault);
  }
  *scenario.add_fault() = std::move(fault);
  if (row.kind == FaultKind::kUnsyncedFile) {
    // Else nobody misses the sync.
    Fault power;
    power.set_kind(std::string(simulator::InfoOf(FaultKind::kPowerLoss).name));
    power.set_target(targets.store_machine);
    const std::vector<size_t> after = aim.PlacesOf(power);
    if (after.empty()) return true;
    aim.Draw(choices, name + " power", after, power);
    *scenario.add_fault() = std::move(power);
  }
  Excuse(row, targets, *scenario.mutable_expect());
  return true;
}

}  // namespace wavetank::scenarios
