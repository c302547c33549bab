// WaitingTasks: the tasks of a graph that may start, each at the worker where it should run. To
// find the next one takes as long as there are workers, however many tasks wait.
#ifndef WAVETANK_RUNTIME_CLUSTER_WAITING_TASKS_H_
#define WAVETANK_RUNTIME_CLUSTER_WAITING_TASKS_H_

#include <compare>
#include <cstddef>
#include <optional>
#include <vector>

#include "absl/container/btree_set.h"

namespace wavetank::runtime {

struct TaskKey {
  int stage = 0;
  int partition = 0;
  friend auto operator<=>(const TaskKey&, const TaskKey&) = default;
};

class WaitingTasks {
 public:
  struct Placed {
    TaskKey key;
    size_t worker = 0;  // its index
  };

  // Forgets all of them. Workers are those with an index below `workers`.
  void Clear(size_t workers) {
    places_.clear();
    places_.resize(workers);
  }
  void Add(const Placed& task, bool takes_slot) {
    Place& place = places_[task.worker];
    (takes_slot ? place.with_slot : place.without_slot).insert(task.key);
  }
  // The first, by stage and partition, of those that take no slot or whose worker has one free; it
  // waits no more. `free`: slots, by worker.
  std::optional<Placed> TakeFirst(const std::vector<int>& free) {
    std::optional<Placed> first;
    Tasks* from = nullptr;
    const auto look = [&](Tasks& tasks, size_t worker) {
      if (tasks.empty() || (first && first->key < *tasks.begin())) return;
      first = {*tasks.begin(), worker};
      from = &tasks;
    };
    for (size_t worker = 0; worker < places_.size(); ++worker) {
      look(places_[worker].without_slot, worker);
      if (free[worker] > 0) look(places_[worker].with_slot, worker);
    }
    if (first) from->erase(from->begin());
    return first;
  }

 private:
  using Tasks = absl::btree_set<TaskKey>;
  struct Place {
    Tasks with_slot;
    Tasks without_slot;
  };
  std::vector<Place> places_;
};

}  // namespace wavetank::runtime

#endif  // WAVETANK_RUNTIME_CLUSTER_WAITING_TASKS_H_
