// Placement: which worker a partition is at home on. A partition's state, and what is kept of it,
// is where its tasks have run: so one that comes takes of the others what is its share, no more,
// and of one that goes the partitions go to those who have the fewest.
#ifndef WAVETANK_RUNTIME_CLUSTER_PLACEMENT_H_
#define WAVETANK_RUNTIME_CLUSTER_PLACEMENT_H_

#include <cstddef>
#include <string>
#include <vector>

#include "runtime/cluster/task.h"

namespace wavetank::runtime {

class Placement {
 public:
  // The index of the worker, among those that there are now, in order of their names. Partition p
  // of one that has not been asked for before is at home on the p-th (mod their number), unless
  // workers have come and gone since others were. The first partitions, however many, are spread
  // evenly whenever a worker has come. A worker that comes back is who it was. REQUIRES: there are
  // some.
  size_t Of(int partition, const std::vector<WorkerRef>& workers);

 private:
  void Change(const std::vector<WorkerRef>& workers);
  void GiveToTheLeast(size_t partition);

  std::vector<std::string> workers_;  // name and address
  std::vector<size_t> homes_;         // by partition: indexes of workers_
  std::vector<size_t> load_;          // by worker: partitions
};

}  // namespace wavetank::runtime

#endif  // WAVETANK_RUNTIME_CLUSTER_PLACEMENT_H_
