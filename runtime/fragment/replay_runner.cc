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
  for (int i = 0; plan_->stateful && i < plan_->shuffle_partitions; ++i) {
    states_[i] = std::make_unique<checkpoint::StateTable>();
  }
}

absl::StatusOr<FragmentReport> ReplayRunner::RunTask(size_t fragment, int partition,
                                                     const Epoch& epoch,
                                                     const std::vector<const Rows*>& inputs,
                                                     Outlet& outlet) {
  FragmentInstance instance(plan_->fragments[fragment],
                            {.fragment = static_cast<int>(fragment), .partition = partition});
  FragmentInstance::States states;
  const auto state = states_.find(partition);
  if (state != states_.end()) states[plan_->state_operator_id] = {state->second.get()};
  MemoryAccount memory;
  WT_RETURN_IF_ERROR(instance.Open(states, outlet, memory));
  instance.Begin(epoch);
  WT_RETURN_IF_ERROR(RunToEnd(instance, inputs, answer_));
  return instance.Report();
}

absl::StatusOr<ReplayRunner::Output> ReplayRunner::Run(const Epoch& epoch,
                                                       const std::vector<Rows>& splits) {
  absl::StatusOr<Output> output = RunFragments(epoch, splits);
  for (const auto& [partition, state] : states_) output.ok() ? state->Accept() : state->TakeBack();
  return output;
}

absl::StatusOr<ReplayRunner::Output> ReplayRunner::RunFragments(const Epoch& epoch,
                                                                const std::vector<Rows>& splits) {
  Output output;
  // By fragment and task.
  std::vector<std::vector<CollectingOutlet>> written(plan_->fragments.size());
  for (size_t number = 0; number < plan_->fragments.size(); ++number) {
    const FragmentPlan& fragment = *plan_->fragments[number];
    const size_t tasks =
        fragment.partitions == 0 ? splits.size() : static_cast<size_t>(fragment.partitions);
    written[number].resize(tasks);
    for (size_t task = 0; task < tasks; ++task) {
      std::vector<Rows> read;
      for (const FragmentPlan::Input& input : fragment.inputs) {
        Rows& rows = read.emplace_back();
        if (input.from == FragmentPlan::kSource) {
          rows = splits[task];
          continue;
        }
        for (const CollectingOutlet& from : written[static_cast<size_t>(input.from)]) {
          rows.insert(rows.end(), from.rows(task).begin(), from.rows(task).end());
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
  for (const CollectingOutlet& task : written.back()) output.rows.push_back(task.rows(0));
  return output;
}

}  // namespace wavetank::runtime
