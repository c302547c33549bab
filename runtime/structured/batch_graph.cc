#include "runtime/structured/batch_graph.h"

#include <algorithm>
#include <map>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

#include "checkpoint/named_files.h"
#include "checkpoint/paths.h"
#include "platform/check.h"
#include "platform/status_macros.h"
#include "runtime/structured/batch_definition.h"
#include "runtime/structured/batch_reads.h"
#include "runtime/structured/fragment_task.h"
#include "runtime/structured/open_sink.h"
#include "runtime/structured/query_sources.h"
#include "runtime/structured/tasks.pb.h"

namespace wavetank::runtime {
namespace {

using checkpoint::OperatorState;
using structured::FragmentTask;
using structured::FragmentTaskResult;

FragmentTask CommonTask(const StreamingQueryPlan& plan, const BatchWork& work, int fragment,
                        uint64_t inline_bytes) {
  const checkpoint::BatchDefinition& definition = work.definition;
  FragmentTask task;
  task.set_batch(definition.batch_id());
  task.set_plan_hash(plan.hash);
  task.set_fragment(fragment);
  task.set_seed(definition.hash());
  task.set_timestamp_micros(ToMicros(absl::FromUnixMillis(definition.timestamp_ms())));
  task.set_late_watermark_micros(ToMicros(work.late_watermark));
  task.set_watermark_micros(ToMicros(WatermarkOf(definition)));
  if (plan.fragments[static_cast<size_t>(fragment)]->writes_exchange < 0) {
    AddOptions(work.sink_options, *task.mutable_sink_options());
    task.set_inline_output_bytes(inline_bytes);
  }
  return task;
}

size_t StatesOf(const FragmentPlan& fragment) {
  return static_cast<size_t>(std::ranges::count_if(
      fragment.nodes, [](const FragmentPlan::Node& node) { return node.state_id >= 0; }));
}

// What each task of a source reads of the batch.
std::vector<std::string> SplitsOf(const SourceDescription& source,
                                  const ConnectorRegistry& connectors,
                                  const checkpoint::BatchDefinition& definition) {
  const checkpoint::SourceRange* const range = RangeOf(definition, source.Name());
  if (range == nullptr) return {};
  const auto format = connectors.Source(source.format);
  WT_CHECK(format.ok(), "a plan that was compiled reads formats that are there");
  return (*format)->SplitsOf(source, *range);
}

// The stages of a batch: a fragment that reads a source has none when that has no input.
class Stages {
 public:
  Stages(const StreamingQueryPlan& plan, const ConnectorRegistry& connectors, const BatchWork& work)
      : plan_(plan), work_(work) {
    for (const StreamingQueryPlan::Source& source : plan.sources) {
      splits_.push_back(SplitsOf(source.description, connectors, work.definition));
    }
    uint64_t sink_tasks = 0;
    for (const auto& fragment : plan.fragments) {
      if (fragment->writes_exchange >= 0) continue;
      sink_tasks += static_cast<uint64_t>(fragment->partitions);
      if (fragment->reads_source()) {
        sink_tasks += splits_[static_cast<size_t>(fragment->inputs[0].number)].size();
      }
    }
    inline_bytes_ = work.inline_output_bytes / std::max<uint64_t>(sink_tasks, 1);
    for (const OperatorState& state : work.states) {
      states_[{state.operator_id(), state.partition()}] = &state;
    }
  }

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
    Stage stage;
    stage.kind = FragmentTaskKind(work_.query);
    FragmentTask task = CommonTask(plan_, work_, number, inline_bytes_);
    for (const FragmentPlan::Input& input : fragment.inputs) {
      structured::TaskInput& to = *task.add_inputs();
      if (input.of == FragmentPlan::Input::Of::kSource) continue;
      for (const int writer : plan_.exchanges[static_cast<size_t>(input.number)].writers) {
        const int from = stage_of_[static_cast<size_t>(writer)];
        if (from < 0) continue;
        to.add_stages(from);
        stage.reads_shuffle_of.push_back(from);
      }
    }
    if (fragment.reads_source()) {
      for (const std::string& split : splits_[static_cast<size_t>(fragment.inputs[0].number)]) {
        task.mutable_inputs(0)->set_split(split);
        task.mutable_inputs(0)->set_directory(SourceDirectoryOf(
            work_.checkpoint_directory,
            plan_.sources[static_cast<size_t>(fragment.inputs[0].number)].description.Name()));
        stage.payloads.push_back(task.SerializeAsString());
      }
    }
    for (int partition = 0; partition < fragment.partitions; ++partition) {
      task.clear_states();
      for (const FragmentPlan::Node& node : fragment.nodes) {
        if (node.state_id >= 0) *task.add_states() = StateOf(node.state_id, partition);
      }
      stage.payloads.push_back(task.SerializeAsString());
    }
    return stage;
  }

  structured::StateRef StateOf(int operator_id, int partition) const {
    structured::StateRef state;
    state.set_operator_id(operator_id);
    state.set_directory(
        checkpoint::StateDirectory(work_.checkpoint_directory, operator_id, partition));
    if (states_.empty()) return state;
    const OperatorState& from = *states_.at({operator_id, partition});
    state.set_version(from.version());
    for (std::string& file : checkpoint::StateFiles(work_.checkpoint_directory, from)) {
      state.add_files(std::move(file));
    }
    return state;
  }

  const StreamingQueryPlan& plan_;
  const BatchWork& work_;
  std::vector<std::vector<std::string>> splits_;                // by source
  std::map<std::pair<int, int>, const OperatorState*> states_;  // by operator and partition
  uint64_t inline_bytes_ = 0;  // of each task that writes to the sink
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
    if (from.has_earliest_final_micros()) {
      to.earliest_final = FromMicros(from.earliest_final_micros());
    }
    if (from.has_earliest_timer_micros()) {
      to.earliest_timer = FromMicros(from.earliest_timer_micros());
    }
  }
  return report;
}

void AddReads(const StreamingQueryPlan& plan, const FragmentTaskResult& result,
              FragmentReads& reads) {
  const FragmentPlan& fragment = *plan.fragments[static_cast<size_t>(result.fragment())];
  const auto source = static_cast<size_t>(fragment.inputs[0].number);
  reads.source = plan.sources[source].description.Name();
  for (const structured::FileRead& read : result.reads()) {
    reads.pieces.push_back({.file = read.file(),
                            .begin = read.begin(),
                            .end = read.end(),
                            .crc32c = read.crc32c(),
                            .skipped = read.skipped()});
  }
}

bool Fits(const FragmentTaskResult& result, const StreamingQueryPlan& plan) {
  if (result.fragment() < 0 || result.fragment() >= static_cast<int>(plan.fragments.size())) {
    return false;
  }
  const FragmentPlan& fragment = *plan.fragments[static_cast<size_t>(result.fragment())];
  return StatesOf(fragment) == static_cast<size_t>(result.states_size()) &&
         static_cast<size_t>(result.input_rows_size()) == fragment.inputs.size() &&
         static_cast<size_t>(result.operators_size()) == fragment.nodes.size();
}

}  // namespace

StageGraph BuildBatchGraph(const StreamingQueryPlan& plan, const ConnectorRegistry& connectors,
                           const BatchWork& work) {
  WT_CHECK(work.states.empty() ||
           work.states.size() ==
               plan.state_operators.size() * static_cast<size_t>(plan.shuffle_partitions));
  const int64_t batch = work.definition.batch_id();
  StageGraph graph;
  graph.name = absl::StrCat("query ", work.query, " batch ", batch);
  graph.batch = batch;
  graph.stages = Stages(plan, connectors, work).Build();
  return graph;
}

absl::StatusOr<BatchAttempt> CollectAttempt(const StreamingQueryPlan& plan,
                                            const checkpoint::BatchDefinition& definition,
                                            const GraphResults& results) {
  BatchAttempt attempt;
  std::map<int, FragmentReads> reads;
  for (const std::vector<TaskResult>& stage : results) {
    for (const TaskResult& task : stage) {
      FragmentTaskResult result;
      if (!result.ParseFromString(task.bytes) || !Fits(result, plan)) {
        return absl::InternalError(
            absl::StrCat("the result of task ", task.id.Unique(), " is none of its plan's"));
      }
      const auto fragment = static_cast<size_t>(result.fragment());
      attempt.report.Merge(fragment, ReportOf(result));
      if (plan.fragments[fragment]->reads_source()) {
        AddReads(plan, result, reads[result.fragment()]);
      }
      if (plan.fragments[fragment]->writes_exchange < 0) {
        attempt.parts.push_back(std::move(*result.mutable_part()));
      }
      for (const structured::StateRef& from : result.states()) {
        OperatorState& state = attempt.states.emplace_back();
        state.set_operator_id(from.operator_id());
        state.set_partition(task.id.partition);
        state.set_version(from.version());
        for (const std::string& file : from.files()) {
          state.add_names(checkpoint::NameInPath(file));
        }
      }
    }
  }
  WT_ASSIGN_OR_RETURN(attempt.reads, BatchReads(definition, reads));
  return attempt;
}

}  // namespace wavetank::runtime
