#include "runtime/dstream/counted_rows.h"

#include <algorithm>
#include <cstddef>

#include "runtime/dstream/stable_hash.h"
#include "runtime/dstream/state_operator.h"

namespace wavetank::runtime {

// From the head down, since what is above an operator tells its rows apart.
std::vector<OperatorWork> WorkBy(const std::vector<std::pair<OperatorId, int>>& way) {
  std::vector<OperatorWork> work;
  uint64_t hash = 0;
  for (auto step = way.rbegin(); step != way.rend(); ++step) {
    hash = MixKey(hash, MixKey(static_cast<uint64_t>(step->first.value()),
                               static_cast<uint64_t>(step->second)));
    work.push_back({.op = step->first, .way = hash});
  }
  return work;
}

CountedRows::CountedRows(const StreamingGraph& graph) {
  if (graph.accumulators().empty()) return;
  std::map<int64_t, std::vector<OperatorId>> outputs;  // by slide
  for (const OperatorId output : graph.outputs()) {
    outputs[std::max<int64_t>(graph.SlideOf(output), 1)].push_back(output);
  }
  // A window takes in all that is in it: some batches before may have been left out.
  const StateHistory from_the_batch_before = [&graph](OperatorId state, int64_t ago) {
    const auto window = WindowOf(graph.at(state));
    const int64_t length = window ? window->length / graph.batch_interval : 1;
    return StateBefore{.kept = ago + length, .newest = 0, .since = {ago}, .is_empty = true};
  };
  for (const auto& [slide, due_together] : outputs) {
    const std::vector<StagePlan> plan = graph.StagesOf(due_together, from_the_batch_before);
    if (plan.size() > static_cast<size_t>(StreamingGraph::kMostStages)) is_full_ = true;
    Add(plan, by_slide_[slide]);
  }
}

void CountedRows::Add(const std::vector<StagePlan>& plan, Agos& agos) {
  std::vector<std::set<int64_t>> agos_of;  // by stage: of which batches its rows are
  for (const StagePlan& stage : plan) {
    std::set<int64_t>& of_stage = agos_of.emplace_back(stage.agos.begin(), stage.agos.end());
    if (stage.head_is_kept) {
      for (const BatchRead& of_batch : stage.reads) {
        for (const int read : of_batch.sides.front()) {
          const std::set<int64_t> of_read = agos_of[static_cast<size_t>(read)];
          of_stage.insert(of_read.begin(), of_read.end());
        }
      }
    } else if (!stage.reads.empty()) {
      of_stage.insert(stage.reads.back().ago);
    }
    for (const OperatorWork& work : WorkBy(stage.way)) {
      agos[work].insert(of_stage.begin(), of_stage.end());
    }
  }
}

bool CountedRows::Has(BatchNumber batch, BatchNumber of_rows, const OperatorWork& work) const {
  return std::ranges::any_of(by_slide_, [&](const auto& entry) {
    const auto& [slide, agos] = entry;
    if (batch.value() % slide != 0) return false;
    const auto found = agos.find(work);
    return found != agos.end() && found->second.contains(batch.value() - of_rows.value());
  });
}

}  // namespace wavetank::runtime
