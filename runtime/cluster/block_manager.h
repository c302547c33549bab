// BlockManager: what a worker keeps of what its tasks have put, within bounds of memory and of its
// scratch disk, and what it holds for other workers as their replica.
//
// What it guarantees: a block that is asked for is the one that the attempt put, or it is not
// there. What has no room in memory is written to a file, if its storage level allows that, or is
// forgotten, the oldest-used first; of what only files are left, these are read each time. What is
// lost, with a file that is damaged say, is not there any more: the driver has it made again.
// How it fails: MakeRoom, once what running graphs need has no room in memory nor on disk.
#ifndef WAVETANK_RUNTIME_CLUSTER_BLOCK_MANAGER_H_
#define WAVETANK_RUNTIME_CLUSTER_BLOCK_MANAGER_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

#include "platform/event.h"
#include "platform/node.h"
#include "platform/task_scope.h"
#include "runtime/cluster/block_bounds.h"
#include "runtime/cluster/scratch_files.h"
#include "runtime/cluster/shuffle_blocks.h"

namespace wavetank::runtime {

class BlockManager {
 public:
  // `name`: unlike that of any other node of the machine that is alive. `node` outlives it.
  BlockManager(platform::Node& node, BlockBounds bounds, const std::string& name);

  // Removes what an earlier node of the name has left on the scratch disk.
  Task<void> Start();

  // ShuffleBlocks, of a worker.
  void Put(const TaskId& task, std::map<int, BlockPointer> blocks,
           ShuffleBlocks::PutOptions options = {}) {
    blocks_.Put(task, std::move(blocks), options);
  }
  absl::StatusOr<BlockPointer> Find(const TaskId& task, int target) {
    return blocks_.Find(task, target);
  }
  bool Contains(const TaskId& task) const { return blocks_.Contains(task); }
  void LetGo(const TaskId& task, int target) { blocks_.LetGo(task, target); }
  void Drop(const TaskId& task);
  void DropGraph(const std::string& driver, int64_t graph, const std::set<int>& kept_stages);
  void DropStage(const std::string& driver, int64_t graph, int stage);
  void DropAll();
  std::vector<TaskId> TakeDropped() { return blocks_.TakeDropped(); }
  const ShuffleBlocks& blocks() const { return blocks_; }

  // What is too much for the memory goes elsewhere, or for good; returns when it has.
  // kOutOfRange: there is no room for what `put` has put besides what running graphs need, and what
  // to do about that. `put` is its name, for people.
  Task<absl::Status> MakeRoom(std::string put);
  // The same, when nobody waits for it.
  void Tidy();
  // The block of which Find gave only the place; kNotFound: it is lost, and forgotten.
  Task<absl::StatusOr<BlockPointer>> ReadBack(TaskId task, int target, BlockPointer spilled);

  // TaskContext::Hold.
  size_t Hold(size_t bytes);

  // For replicas: who this worker is to its driver; "", 0: it has none.
  void SetSession(std::string driver, int64_t worker) { session_ = {std::move(driver), worker}; }
  // kFailedPrecondition: it came for another session, or after its graph had ended.
  absl::Status PutReplica(const TaskId& task, int64_t worker, std::map<int, BlockPointer> blocks,
                          StorageLevel level);

 private:
  Task<void> Work();
  void SetBound();
  Task<void> Spill(TaskId task);
  bool MakeRoomOnDisk(size_t bytes);
  bool HasWork() const {
    return blocks_.NextToGo().has_value() || !unneeded_.empty() || !evicted_.empty();
  }
  void EvictWhatNeedsNoDisk();
  void TakeUnneeded();
  std::string TooMuch() const;
  Task<void> Step(const platform::StepName& step, TaskId task);

  platform::Node& node_;
  const BlockBounds bounds_;
  size_t held_bytes_ = 0;  // by bodies
  ShuffleBlocks blocks_;
  ScratchFiles files_;
  std::deque<std::string> unneeded_;  // files
  std::deque<TaskId> evicted_;        // that no step has told of
  std::string content_;               // of the file that is made
  int64_t next_file_ = 1;
  bool is_full_ = false;  // the disk, when this was last tried
  bool said_failed_ = false;
  platform::MonotonicTime trusted_from_;  // the disk
  std::pair<std::string, int64_t> session_;
  std::deque<int64_t> ended_;  // graphs of its driver, the last few
  bool is_working_ = false;
  platform::Event worked_;
  platform::TaskScope scope_;
};

}  // namespace wavetank::runtime

#endif  // WAVETANK_RUNTIME_CLUSTER_BLOCK_MANAGER_H_
