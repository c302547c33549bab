#include "runtime/cluster/stage_reads.h"

#include <algorithm>
#include <vector>

#include "absl/strings/str_cat.h"

namespace wavetank::runtime {
namespace {

size_t TaskCount(const Stage& stage) { return stage.payloads.size() + stage.kept.size(); }

}  // namespace

bool Reads(const Stage& stage, int partition, TaskSource source) {
  if (std::ranges::count(stage.reads_shuffle_of, source.stage) > 0) return true;
  return !stage.reads_outputs.empty() &&
         std::ranges::count(stage.reads_outputs[static_cast<size_t>(partition)], source) > 0;
}

std::set<int> ReadBy(const Stage& stage) {
  std::set<int> read(stage.reads_shuffle_of.begin(), stage.reads_shuffle_of.end());
  for (const std::vector<TaskSource>& of_task : stage.reads_outputs) {
    for (const TaskSource& source : of_task) read.insert(source.stage);
  }
  return read;
}

absl::Status CheckStages(const StageGraph& graph) {
  for (size_t at = 0; at < graph.stages.size(); ++at) {
    const Stage& stage = graph.stages[at];
    const auto wrong = [&](const auto&... what) {
      return absl::InvalidArgumentError(
          absl::StrCat("graph ", graph.name, ": stage ", at, " (", stage.kind, ") ", what...));
    };
    for (const int read : ReadBy(stage)) {
      if (read >= 0 && static_cast<size_t>(read) < at) continue;
      return wrong("reads stage ", read, ", which is not an earlier one");
    }
    if (!stage.reads_outputs.empty() && stage.reads_outputs.size() != stage.payloads.size()) {
      return wrong("reads outputs for ", stage.reads_outputs.size(), " of ", stage.payloads.size(),
                   " tasks");
    }
    for (const std::vector<TaskSource>& of_task : stage.reads_outputs) {
      for (const TaskSource& source : of_task) {
        const auto tasks = TaskCount(graph.stages[static_cast<size_t>(source.stage)]);
        if (source.partition >= 0 && static_cast<size_t>(source.partition) < tasks) continue;
        return wrong("reads partition ", source.partition, " of stage ", source.stage,
                     ", which has ", tasks);
      }
    }
    if (stage.kept.empty()) continue;
    if (!stage.payloads.empty()) return wrong("has tasks beside what was kept");
    for (size_t partition = 0; partition < stage.kept.size(); ++partition) {
      const TaskId& id = stage.kept[partition].id;
      const TaskId& first = stage.kept.front().id;
      if (id.graph == first.graph && id.stage == first.stage &&
          id.partition == static_cast<int>(partition)) {
        continue;
      }
      return wrong("takes the output of ", id.Unique(), " for that of partition ", partition);
    }
  }
  return absl::OkStatus();
}

}  // namespace wavetank::runtime
