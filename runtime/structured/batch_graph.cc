#include "runtime/structured/batch_graph.h"

#include <algorithm>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

#include "checkpoint/named_files.h"
#include "checkpoint/paths.h"
#include "platform/check.h"
#include "runtime/structured/batch_definition.h"
#include "runtime/structured/fragment_task.h"
#include "runtime/structured/tasks.pb.h"

namespace wavetank::runtime {
namespace {

using checkpoint::OperatorState;
using structured::FragmentTask;
using structured::FragmentTaskResult;

FragmentTask CommonTask(const StreamingQueryPlan& plan, const BatchWork& work, int fragment) {
  const checkpoint::BatchDefinition& definition = work.definition;
  FragmentTask task;
  task.set_batch(definition.batch_id());
  task.set_plan_hash(plan.hash);
  task.set_fragment(fragment);
  task.set_seed(definition.hash());
  task.set_timestamp_micros(ToMicros(absl::FromUnixMillis(definition.timestamp_ms())));
  task.set_late_watermark_micros(ToMicros(work.late_watermark));
  task.set_watermark_micros(ToMicros(WatermarkOf(definition)));
  if (fragment + 1 == static_cast<int>(plan.fragments.size())) {
    task.set_sink_directory(work.sink_directory);
  }
  return task;
}

structured::StateRef StateOf(const StreamingQueryPlan& plan, const BatchWork& work, int partition) {
  structured::StateRef state;
  state.set_directory(
      checkpoint::StateDirectory(work.checkpoint_directory, plan.state_operator_id, partition));
  if (!work.states.empty()) {
    const OperatorState& from = work.states[static_cast<size_t>(partition)];
    state.set_version(from.version());
    for (std::string& file : checkpoint::StateFiles(work.checkpoint_directory, from)) {
      state.add_files(std::move(file));
    }
  }
  return state;
}

bool HasState(const FragmentPlan& fragment) {
  return std::ranges::any_of(fragment.nodes,
                             [](const FragmentPlan::Node& node) { return node.state_id >= 0; });
}

// The stages of a batch: a fragment that reads the source has none when the batch has no input.
class Stages {
 public:
  Stages(const StreamingQueryPlan& plan, const BatchWork& work)
      : plan_(plan), work_(work), files_(FilesOf(work.definition)) {}

  std::vector<Stage> Build() {
    for (size_t i = 0; i < plan_.fragments.size(); ++i) {
      Stage stage = Of(static_cast<int>(i));
      stage_of_.push_back(stage.payloads.empty() ? -1 : static_cast<int>(stages_.size()));
      if (!stage.payloads.empty()) stages_.push_back(std::move(stage));
    }
    return std::move(stages_);
  }

 private:
  Stage Of(int number) {
    const FragmentPlan& fragment = *plan_.fragments[static_cast<size_t>(number)];
    const std::vector<std::pair<size_t, size_t>> splits = SourceTasks(files_.size());
    Stage stage;
    stage.kind = FragmentTaskKind(work_.query);
    for (const FragmentPlan::Input& input : fragment.inputs) {
      const int from = input.from == FragmentPlan::kSource ? -1 : StageOf(input.from);
      if (from >= 0) stage.reads_shuffle_of.push_back(from);
    }
    const int tasks =
        fragment.partitions == 0 ? static_cast<int>(splits.size()) : fragment.partitions;
    const FragmentTask common = CommonTask(plan_, work_, number);
    for (int partition = 0; partition < tasks; ++partition) {
      FragmentTask task = common;
      for (const FragmentPlan::Input& input : fragment.inputs) {
        structured::TaskInput& to = *task.add_inputs();
        if (input.from == FragmentPlan::kSource) {
          AddFiles(splits[static_cast<size_t>(partition)], to);
        } else {
          to.set_stage(StageOf(input.from));
        }
      }
      if (HasState(fragment)) *task.mutable_state() = StateOf(plan_, work_, partition);
      stage.payloads.push_back(task.SerializeAsString());
    }
    return stage;
  }

  int StageOf(int fragment) const { return stage_of_[static_cast<size_t>(fragment)]; }

  void AddFiles(const std::pair<size_t, size_t>& split, structured::TaskInput& to) const {
    for (size_t file = split.first; file < split.second; ++file) {
      structured::SourceFileRange& range = *to.add_files();
      range.set_path(files_[file].path);
      range.set_size_bytes(files_[file].size_bytes);
      range.set_crc32c(files_[file].crc32c);
    }
  }

  const StreamingQueryPlan& plan_;
  const BatchWork& work_;
  const std::vector<SourceFile> files_;
  std::vector<Stage> stages_;
  std::vector<int> stage_of_;  // by fragment; -1: it has none
};

FragmentReport ReportOf(const FragmentTaskResult& result) {
  FragmentReport report;
  report.input_rows = {result.input_rows().begin(), result.input_rows().end()};
  for (const structured::OperatorReport& from : result.operators()) {
    OperatorReport& to = report.operators.emplace_back();
    to.rows_in = from.rows_in();
    to.rows_out = from.rows_out();
    to.rows_late = from.rows_late();
    to.rows_without_time = from.rows_without_time();
    if (from.has_event_times()) {
      to.event_times = {from.event_times().rows(), FromMicros(from.event_times().min_micros()),
                        FromMicros(from.event_times().max_micros())};
    }
    to.state_rows = from.state_rows();
    to.state_bytes = from.state_bytes();
    to.rows_updated = from.rows_updated();
    to.rows_removed = from.rows_removed();
    if (from.has_earliest_timer_micros()) {
      to.earliest_timer = FromMicros(from.earliest_timer_micros());
    }
  }
  return report;
}

bool Fits(const FragmentTaskResult& result, const StreamingQueryPlan& plan) {
  if (result.fragment() < 0 || result.fragment() >= static_cast<int>(plan.fragments.size())) {
    return false;
  }
  const FragmentPlan& fragment = *plan.fragments[static_cast<size_t>(result.fragment())];
  return HasState(fragment) == result.has_state() &&
         static_cast<size_t>(result.input_rows_size()) == fragment.inputs.size() &&
         static_cast<size_t>(result.operators_size()) == fragment.nodes.size();
}

}  // namespace

std::vector<std::pair<size_t, size_t>> SourceTasks(size_t files) {
  const size_t tasks = std::min<size_t>(files, kMaxSourceTasks);
  std::vector<std::pair<size_t, size_t>> splits;
  for (size_t i = 0; i < tasks; ++i) {
    splits.emplace_back(files * i / tasks, files * (i + 1) / tasks);
  }
  return splits;
}

StageGraph BuildBatchGraph(const StreamingQueryPlan& plan, const BatchWork& work) {
  WT_CHECK(work.states.empty() ||
           work.states.size() == static_cast<size_t>(plan.shuffle_partitions));
  const int64_t batch = work.definition.batch_id();
  StageGraph graph;
  graph.name = absl::StrCat("query ", work.query, " batch ", batch);
  graph.batch = batch;
  graph.stages = Stages(plan, work).Build();
  return graph;
}

absl::StatusOr<BatchAttempt> CollectAttempt(const StreamingQueryPlan& plan,
                                            const GraphResults& results) {
  BatchAttempt attempt;
  for (const std::vector<TaskResult>& stage : results) {
    for (const TaskResult& task : stage) {
      FragmentTaskResult result;
      if (!result.ParseFromString(task.bytes) || !Fits(result, plan)) {
        return absl::InternalError(
            absl::StrCat("the result of task ", task.id.Unique(), " is none of its plan's"));
      }
      const auto fragment = static_cast<size_t>(result.fragment());
      attempt.report.Merge(fragment, ReportOf(result));
      attempt.files_skipped += result.files_skipped();
      if (fragment + 1 == plan.fragments.size()) {
        attempt.parts.push_back(std::move(*result.mutable_part()));
      }
      if (!result.has_state()) continue;
      OperatorState state;
      state.set_operator_id(plan.state_operator_id);
      state.set_partition(task.id.partition);
      state.set_version(result.state().version());
      for (const std::string& file : result.state().files()) {
        state.add_names(checkpoint::NameInPath(file));
      }
      attempt.states.push_back(std::move(state));
    }
  }
  return attempt;
}

}  // namespace wavetank::runtime
