// KeptStages: what a driver knows of the stages whose output workers keep for graphs to come.
#ifndef WAVETANK_RUNTIME_CLUSTER_KEPT_STAGES_H_
#define WAVETANK_RUNTIME_CLUSTER_KEPT_STAGES_H_

#include <cstdint>
#include <map>
#include <set>
#include <utility>

#include "runtime/cluster/task.h"

namespace wavetank::runtime {

class KeptStages {
 public:
  // `workers` may have some of it, also of attempts that do not count.
  void Keep(int64_t graph, int stage, const std::set<int64_t>& workers) {
    stages_[{graph, stage}].workers = workers;
  }
  // What a worker that is there has no more; 0: nobody has it.
  void Lose(TaskId output, int64_t worker = 0) {
    const auto stage = stages_.find({output.graph, output.stage});
    if (stage != stages_.end()) stage->second.lost.emplace(std::move(output), worker);
  }
  // Whether it is kept, and that worker has not lost it. (Whether it is there, others know.)
  bool Has(const TaskId& output, int64_t worker) const {
    const auto stage = stages_.find({output.graph, output.stage});
    return stage != stages_.end() && !stage->second.lost.contains({output, worker}) &&
           !stage->second.lost.contains({output, 0});
  }
  // Forgets a stage; the workers to tell.
  std::set<int64_t> LetGo(int64_t graph, int stage) {
    auto kept = stages_.extract({graph, stage});
    return kept.empty() ? std::set<int64_t>() : std::move(kept.mapped().workers);
  }

 private:
  struct Stage {
    std::set<int64_t> workers;
    std::set<std::pair<TaskId, int64_t>> lost;  // by workers; 0: by all
  };
  std::map<std::pair<int64_t, int>, Stage> stages_;  // by graph and number
};

}  // namespace wavetank::runtime

#endif  // WAVETANK_RUNTIME_CLUSTER_KEPT_STAGES_H_
