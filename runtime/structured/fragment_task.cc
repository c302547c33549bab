#include "runtime/structured/fragment_task.h"

#include <algorithm>
#include <functional>
#include <optional>
#include <set>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

#include "platform/planted.h"
#include "platform/random.h"
#include "platform/status_macros.h"
#include "runtime/connectors/connector_registry.h"
#include "runtime/fragment/fragment.h"
#include "runtime/steps.h"
#include "runtime/structured/fragment_outlets.h"
#include "runtime/structured/open_sink.h"
#include "runtime/structured/query_check.h"
#include "runtime/structured/task_input.h"
#include "runtime/structured/tasks.pb.h"

namespace wavetank::runtime {
namespace {

using checkpoint::StateStore;
using checkpoint::StateVersion;
using structured::FragmentTaskResult;

void Encode(const FragmentReport& report, FragmentTaskResult& out) {
  for (const int64_t rows : report.input_rows) out.add_input_rows(rows);
  for (const OperatorReport& from : report.operators) {
    structured::OperatorReport& to = *out.add_operators();
    to.set_rows_in(from.rows_in);
    to.set_rows_out(from.rows_out);
    to.set_rows_late(from.rows_late);
    to.set_rows_without_time(from.rows_without_time);
    if (from.event_times.rows > 0) {
      structured::EventTimes& times = *to.mutable_event_times();
      times.set_rows(from.event_times.rows);
      times.set_min_micros(ToMicros(from.event_times.min));
      times.set_max_micros(ToMicros(from.event_times.max));
    }
    to.set_state_rows(from.state_rows);
    to.set_state_bytes(from.state_bytes);
    to.set_rows_updated(from.rows_updated);
    to.set_rows_removed(from.rows_removed);
    if (from.earliest_final != absl::InfiniteFuture()) {
      to.set_earliest_final_micros(ToMicros(from.earliest_final));
    }
    if (from.earliest_timer != absl::InfiniteFuture()) {
      to.set_earliest_timer_micros(ToMicros(from.earliest_timer));
    }
  }
}

bool Fits(const structured::FragmentTask& task, const FragmentPlan& fragment) {
  if (fragment.inputs.size() != static_cast<size_t>(task.inputs_size())) return false;
  std::multiset<int> needed;
  std::multiset<int> given;
  for (const FragmentPlan::Node& node : fragment.nodes) {
    if (node.state_id >= 0) needed.insert(node.state_id);
  }
  for (const structured::StateRef& state : task.states()) given.insert(state.operator_id());
  return needed == given;
}

// Runs the fragment for the batch, over all its input. `empty` empties its outlet. All outlive the
// task.
Task<absl::Status> RunFragment(FragmentInstance& instance, TaskInputs& inputs,
                               const std::function<Task<absl::Status>()>& empty) {
  while (true) {
    WT_CO_ASSIGN_OR_RETURN(const FragmentInstance::Step step, instance.Run());
    switch (step.progress) {
      case FragmentInstance::Progress::kDone:
        co_return absl::OkStatus();
      case FragmentInstance::Progress::kBlocked: {
        const OperatorRequest request = instance.BlockedOn(step.number);
        WT_CO_RETURN_IF_ERROR(
            instance.Answer(step.number, absl::UnimplementedError(absl::StrCat(
                                             "no task answers a request for ", request.what))));
        break;
      }
      case FragmentInstance::Progress::kOutletFull:
        WT_CO_RETURN_IF_ERROR(co_await empty());
        break;
      case FragmentInstance::Progress::kNeedsInput: {
        TaskInput& input = *inputs[static_cast<size_t>(step.number)];
        std::optional<RecordBatch> rows = input.Ready();
        if (!rows) {
          WT_CO_ASSIGN_OR_RETURN(const bool more, co_await input.Load());
          if (more) break;
          instance.EndInput(step.number);
          break;
        }
        WT_CO_RETURN_IF_ERROR(instance.Add(step.number, *std::move(rows)));
        break;
      }
    }
  }
}

}  // namespace

std::string FragmentTaskKind(const std::string& query) {
  return absl::StrCat("structured:", query);
}

checkpoint::StateStoreOptions StateOptionsOf(const std::string& state_fingerprint) {
  return {.operator_fingerprint =
              absl::StrCat(absl::Hex(platform::StableHash(state_fingerprint), absl::kZeroPad16))};
}

absl::StatusOr<checkpoint::StateStoreOptions> StateOptions(
    const StreamingQueryDefinition& definition, const StreamingQueryPlan& plan,
    std::vector<checkpoint::NamedStore> stores) {
  checkpoint::StateStoreOptions options = StateOptionsOf(plan.state_fingerprint);
  options.stores = std::move(stores);
  WT_ASSIGN_OR_RETURN(options.compression, StateCompressionOf(definition));
  return options;
}

// What one task is and has, while it runs.
class FragmentTaskBody::Attempt {
 public:
  Attempt(FragmentTaskBody& body, TaskContext& context, structured::FragmentTask task,
          std::shared_ptr<const StreamingQueryPlan> plan)
      : body_(body),
        context_(context),
        task_(std::move(task)),
        plan_(std::move(plan)),
        fragment_(plan_->fragments[static_cast<size_t>(task_.fragment())]) {}

  Task<absl::StatusOr<std::string>> Run() {
    WT_CO_ASSIGN_OR_RETURN(ExchangeBlocks blocks,
                           co_await FetchExchanges(context_, task_, *fragment_));
    for (const structured::StateRef& from : task_.states()) {
      WT_CO_RETURN_IF_ERROR(co_await LoadState(from));
    }
    if (!fragment_->reads_source()) co_await context_.node().Work(blocks.rows);
    FragmentTaskResult result;
    result.set_fragment(task_.fragment());
    std::set<std::string> skipped;
    while (true) {
      const absl::StatusOr<std::optional<std::string>> lost =
          co_await RunOnce(blocks, skipped, result);
      if (!lost.ok() && platform::Planted(context_.node(), "failed_attempt_leaves_its_changes")) {
        KeepStates();
      }
      if (!lost.ok() && platform::Planted(context_.node(), "second_store_not_taken_back")) {
        for (const auto& [id, state] : states_) state->Abort();
        KeepStates();
      }
      WT_CO_RETURN_IF_ERROR(lost.status());
      if (!*lost) break;
      // What the operators have of it cannot be told from the rest: they begin anew without it.
      skipped.insert(**lost);
      for (const auto& [id, state] : states_) state->Abort();
      co_await context_.node().Step(steps::kInputFileSkipped);
    }
    KeepStates();
    co_return result.SerializeAsString();
  }

 private:
  void KeepStates() {
    for (const structured::StateRef& from : task_.states()) {
      body_.cache_.insert_or_assign(from.directory(), std::move(states_.at(from.operator_id())));
    }
  }

  Epoch EpochOf() const {
    return {.id = task_.batch(),
            .timestamp = FromMicros(task_.timestamp_micros()),
            .seed = task_.seed(),
            .late = FromMicros(task_.late_watermark_micros()),
            .evict = FromMicros(task_.watermark_micros())};
  }

  Task<absl::Status> LoadState(const structured::StateRef& from) {
    const std::string& directory = from.directory();
    StateVersion version{from.version(), {from.files().begin(), from.files().end()}};
    if (platform::Planted(context_.node(), "cached_state_not_compared")) {
      const auto held = body_.cache_.find(directory);
      if (held != body_.cache_.end()) version = held->second->version();
    }
    std::unique_ptr<StateStore>& state = states_[from.operator_id()];
    state = body_.TakeCached(directory, version);
    const bool cached = state != nullptr;
    if (!cached) {
      const auto op = std::ranges::find(plan_->state_operators, from.operator_id(),
                                        &StreamingQueryPlan::StateOperator::id);
      if (op == plan_->state_operators.end()) {
        co_return absl::InvalidArgumentError(
            absl::StrCat("state of operator ", from.operator_id(), ", which the plan has not"));
      }
      WT_CO_ASSIGN_OR_RETURN(checkpoint::StateStoreOptions options,
                             StateOptions(body_.definition_, *plan_, op->stores));
      WT_CO_ASSIGN_OR_RETURN(state,
                             co_await StateStore::Open(context_.node(), context_.store(), directory,
                                                       std::move(version), std::move(options)));
    }
    co_await context_.node().Step(steps::kStateLoaded, {{"batch", task_.batch()},
                                                        {"partition", context_.id().partition},
                                                        {"cached", cached},
                                                        {"query", body_.definition_.name}});
    co_return absl::OkStatus();
  }

  // The whole task, but for files that are left out. A file that is found to be lost and may be
  // skipped: which.
  Task<absl::StatusOr<std::optional<std::string>>> RunOnce(ExchangeBlocks& blocks,
                                                           const std::set<std::string>& skipped,
                                                           FragmentTaskResult& result) {
    MemoryAccount memory;
    MemoryHolder read(&memory);
    WT_CO_RETURN_IF_ERROR(read.Hold(blocks.bytes));
    ShuffleOutlet shuffle(memory);
    RowsOutlet rows(memory);
    const bool to_sink = fragment_->writes_exchange < 0;
    Outlet& outlet = to_sink ? static_cast<Outlet&>(rows) : shuffle;
    FragmentInstance instance(fragment_, {task_.fragment(), context_.id().partition});
    FragmentInstance::States states;
    for (const FragmentPlan::Node& node : fragment_->nodes) {
      for (size_t i = 0; i < node.stores.size(); ++i) {
        states[node.state_id].push_back(&states_.at(node.state_id)->table(i));
      }
    }
    WT_CO_RETURN_IF_ERROR(instance.Open(states, outlet, memory));
    Epoch epoch = EpochOf();
    if (platform::Planted(context_.node(), "partition_without_rows_forgets_nothing") &&
        blocks.rows == 0) {
      epoch.evict = absl::InfinitePast();
    }
    if (platform::Planted(context_.node(), "final_rows_late_for_the_next_operator") &&
        !fragment_->reads_source() && plan_->state_operators.size() > 1) {
      epoch.late = epoch.evict;
    }
    instance.Begin(epoch);
    std::optional<std::string> lost;
    WT_CO_ASSIGN_OR_RETURN(
        TaskInputs inputs,
        MakeInputs(context_, *plan_, body_.definition_.Connectors(), task_, blocks, skipped, lost));
    std::unique_ptr<SinkWriter> writer;
    const auto write = [&] { return Write(rows, writer); };
    absl::Status status = co_await RunFragment(instance, inputs, write);
    for (size_t i = 0; !status.ok() && !lost && i < inputs.size(); ++i) {
      // Rows of a file that has changed may be anything: the file is to blame, not they.
      const absl::Status meant = co_await inputs[i]->Check();
      if (absl::IsDataLoss(meant)) status = meant;
    }
    if (lost) co_return lost;
    WT_CO_RETURN_IF_ERROR(status);
    Encode(instance.Report(), result);
    for (const std::unique_ptr<TaskInput>& input : inputs) {
      for (const FileRead& piece : input->Reads()) {
        structured::FileRead& sent = *result.add_reads();
        sent.set_file(piece.file);
        sent.set_begin(piece.begin);
        sent.set_end(piece.end);
        sent.set_crc32c(piece.crc32c);
        sent.set_skipped(piece.skipped);
      }
    }
    const bool first = context_.id().partition == 0;
    if ((platform::Planted(context_.node(), "final_of_the_first_partition_alone") && !first) ||
        (platform::Planted(context_.node(), "final_of_the_last_operator_alone") && !to_sink)) {
      for (structured::OperatorReport& op : *result.mutable_operators()) {
        op.clear_earliest_final_micros();
      }
    }
    if (platform::Planted(context_.node(), "quiet_operator_keeps_its_state")) {
      for (int node = 0; node < result.operators_size(); ++node) {
        const auto state = states_.find(fragment_->nodes[static_cast<size_t>(node)].state_id);
        const bool quiet = result.operators(node).rows_out() == 0;
        if (state != states_.end() && quiet) state->second->Abort();
      }
    }
    for (const structured::StateRef& from : task_.states()) {
      WT_CO_RETURN_IF_ERROR(co_await CommitState(from, *result.add_states()));
    }
    if (!to_sink) {
      shuffle.Put(context_);
    } else {
      WT_CO_RETURN_IF_ERROR(co_await Write(rows, writer));
      if (writer == nullptr && !fragment_->reads_source()) {
        WT_CO_ASSIGN_OR_RETURN(writer, OpenWriter());
      }
      if (writer != nullptr) {
        WT_CO_ASSIGN_OR_RETURN(*result.mutable_part(), co_await Stage(*writer));
      }
    }
    co_return std::nullopt;
  }

  Task<absl::Status> CommitState(const structured::StateRef& from, structured::StateRef& to) {
    WT_CO_ASSIGN_OR_RETURN(StateVersion next, co_await states_.at(from.operator_id())->Commit());
    co_await context_.node().Step(steps::kStateCommitted, {{"batch", task_.batch()},
                                                           {"partition", context_.id().partition},
                                                           {"query", body_.definition_.name}});
    to.set_operator_id(from.operator_id());
    to.set_directory(from.directory());
    to.set_version(next.version);
    for (std::string& file : next.files) to.add_files(std::move(file));
    co_return absl::OkStatus();
  }

  absl::StatusOr<std::unique_ptr<SinkWriter>> OpenWriter() {
    return OpenSinkWriter(body_.definition_, {.node = context_.node(),
                                              .store = context_.store(),
                                              .options = sink_options_,
                                              .batch = task_.batch(),
                                              .unique = context_.id().Unique(),
                                              .inline_bytes = task_.inline_output_bytes()});
  }

  // Opens the writer, if there is something to write.
  Task<absl::Status> Write(RowsOutlet& rows, std::unique_ptr<SinkWriter>& writer) {
    while (std::optional<RecordBatch> next = rows.Take()) {
      if (writer == nullptr) {
        WT_CO_ASSIGN_OR_RETURN(writer, OpenWriter());
      }
      WT_CO_RETURN_IF_ERROR(co_await writer->Write(*std::move(next)));
    }
    co_return absl::OkStatus();
  }

  Task<absl::StatusOr<std::string>> Stage(SinkWriter& writer) {
    WT_CO_ASSIGN_OR_RETURN(std::string staged, co_await writer.Finish());
    co_await context_.node().Step(steps::kPartStaged, {{"batch", task_.batch()},
                                                       {"partition", context_.id().partition},
                                                       {"query", body_.definition_.name}});
    co_return staged;
  }

  FragmentTaskBody& body_;
  TaskContext& context_;
  const structured::FragmentTask task_;
  const std::shared_ptr<const StreamingQueryPlan> plan_;
  const std::shared_ptr<const FragmentPlan> fragment_;
  const OptionMap sink_options_ = ToOptionValues(task_.sink_options());  // outlives its writers
  std::map<int, std::unique_ptr<StateStore>> states_;                    // by operator id
};

Task<absl::StatusOr<std::string>> FragmentTaskBody::Run(TaskContext& context, std::string payload) {
  structured::FragmentTask task;
  if (!task.ParseFromString(payload)) {
    co_return absl::InvalidArgumentError("a structured task's payload cannot be decoded");
  }
  WT_CO_ASSIGN_OR_RETURN(std::shared_ptr<const StreamingQueryPlan> plan,
                         co_await plans_->Get(context, task.plan_hash()));
  if (task.fragment() < 0 || task.fragment() >= static_cast<int>(plan->fragments.size()) ||
      !Fits(task, *plan->fragments[static_cast<size_t>(task.fragment())])) {
    co_return absl::InvalidArgumentError(
        absl::StrCat("a task of fragment ", task.fragment(), " that does not fit its plan"));
  }
  Attempt attempt(*this, context, std::move(task), std::move(plan));
  co_return co_await attempt.Run();
}

// Every partition goes on by one version a batch, so what is behind has moved to another worker.
std::unique_ptr<StateStore> FragmentTaskBody::TakeCached(const std::string& directory,
                                                         const StateVersion& version) {
  std::erase_if(cache_, [&version](const auto& entry) {
    return entry.second->version().version < version.version;
  });
  const auto found = cache_.find(directory);
  if (found == cache_.end()) return nullptr;
  std::unique_ptr<StateStore> state = std::move(found->second);
  cache_.erase(found);
  if (state->version() != version) return nullptr;
  return state;
}

}  // namespace wavetank::runtime
