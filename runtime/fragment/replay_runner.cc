#include "runtime/fragment/replay_runner.h"

#include "absl/strings/str_cat.h"

#include "platform/check.h"
#include "platform/status_macros.h"

namespace wavetank::runtime {

using Rows = std::vector<RecordBatch>;

absl::Status RunToEnd(FragmentInstance& instance, const std::vector<const Rows*>& inputs,
                      const AnswerRequest& answer) {
  std::vector<size_t> next(inputs.size(), 0);
  while (true) {
    WT_ASSIGN_OR_RETURN(const FragmentInstance::Step step, instance.Run());
    switch (step.progress) {
      case FragmentInstance::Progress::kDone:
        return absl::OkStatus();
      case FragmentInstance::Progress::kOutletFull:
        return absl::InternalError("an outlet that keeps all was full");
      case FragmentInstance::Progress::kBlocked: {
        const OperatorRequest request = instance.BlockedOn(step.number);
        WT_RETURN_IF_ERROR(instance.Answer(
            step.number, answer ? answer(request)
                                : absl::UnimplementedError(absl::StrCat(
                                      "nobody answers a request for ", request.what))));
        break;
      }
      case FragmentInstance::Progress::kNeedsInput: {
        const auto input = static_cast<size_t>(step.number);
        if (next[input] == inputs[input]->size()) {
          instance.EndInput(step.number);
        } else {
          WT_RETURN_IF_ERROR(instance.Add(step.number, (*inputs[input])[next[input]++]));
        }
        break;
      }
    }
  }
}

ReplayRunner::ReplayRunner(std::shared_ptr<const StreamingQueryPlan> plan, AnswerRequest answer)
    : plan_(std::move(plan)), answer_(std::move(answer)) {
  for (const StreamingQueryPlan::StateOperator& op : plan_->state_operators) {
    for (int partition = 0; partition < plan_->shuffle_partitions; ++partition) {
      Tables& tables = states_[{op.id, partition}];
      for (const checkpoint::NamedStore& store : op.stores) {
        tables.push_back(std::make_unique<checkpoint::StateTable>(store.order));
      }
    }
  }
}

absl::StatusOr<FragmentReport> ReplayRunner::RunTask(size_t fragment, int partition,
                                                     const Epoch& epoch,
                                                     const std::vector<const Rows*>& inputs,
                                                     Outlet& outlet) {
  FragmentInstance instance(plan_->fragments[fragment],
                            {.fragment = static_cast<int>(fragment), .partition = partition});
  FragmentInstance::States states;
  for (const FragmentPlan::Node& node : plan_->fragments[fragment]->nodes) {
    if (node.state_id < 0) continue;
    for (const auto& table : states_.at({node.state_id, partition})) {
      states[node.state_id].push_back(table.get());
    }
  }
  MemoryAccount memory;
  WT_RETURN_IF_ERROR(instance.Open(states, outlet, memory));
  instance.Begin(epoch);
  WT_RETURN_IF_ERROR(RunToEnd(instance, inputs, answer_));
  return instance.Report();
}

absl::StatusOr<ReplayRunner::Output> ReplayRunner::Run(const Epoch& epoch,
                                                       const std::vector<Splits>& sources) {
  absl::StatusOr<Output> output = RunFragments(epoch, sources);
  for (const auto& [of, tables] : states_) {
    for (const auto& table : tables) output.ok() ? table->Accept() : table->TakeBack();
  }
  return output;
}

absl::StatusOr<ReplayRunner::Output> ReplayRunner::RunFragments(
    const Epoch& epoch, const std::vector<Splits>& sources) {
  Output output;
  // By fragment and task.
  std::vector<std::vector<CollectingOutlet>> written(plan_->fragments.size());
  for (size_t number = 0; number < plan_->fragments.size(); ++number) {
    const FragmentPlan& fragment = *plan_->fragments[number];
    const size_t tasks = fragment.reads_source()
                             ? sources[static_cast<size_t>(fragment.inputs[0].number)].size()
                             : static_cast<size_t>(fragment.partitions);
    written[number].resize(tasks);
    for (size_t task = 0; task < tasks; ++task) {
      std::vector<Rows> read;
      for (const FragmentPlan::Input& input : fragment.inputs) {
        Rows& rows = read.emplace_back();
        const auto from = static_cast<size_t>(input.number);
        if (input.of == FragmentPlan::Input::Of::kSource) {
          rows = sources[from][task];
          continue;
        }
        for (const int writer : plan_->exchanges[from].writers) {
          for (const CollectingOutlet& wrote : written[static_cast<size_t>(writer)]) {
            rows.insert(rows.end(), wrote.rows(task).begin(), wrote.rows(task).end());
          }
        }
      }
      std::vector<const Rows*> inputs;
      for (const Rows& rows : read) inputs.push_back(&rows);
      WT_ASSIGN_OR_RETURN(
          const FragmentReport report,
          RunTask(number, static_cast<int>(task), epoch, inputs, written[number][task]));
      output.report.Merge(number, report);
    }
  }
  for (size_t number = 0; number < plan_->fragments.size(); ++number) {
    if (plan_->fragments[number]->writes_exchange >= 0) continue;
    for (const CollectingOutlet& task : written[number]) output.rows.push_back(task.rows(0));
  }
  return output;
}

}  // namespace wavetank::runtime
