// ShuffleBlocks: what the tasks of one worker have put for tasks of later stages, by the attempt
// that made it, and what of it goes when memory is short. A name never changes its content: blocks
// are immutable, and no two attempts share a name. It neither waits nor touches a disk: that does
// the BlockManager.
#ifndef WAVETANK_RUNTIME_CLUSTER_SHUFFLE_BLOCKS_H_
#define WAVETANK_RUNTIME_CLUSTER_SHUFFLE_BLOCKS_H_

#include <cstddef>
#include <cstdint>
#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

#include "runtime/cluster/block_bundle.h"
#include "runtime/cluster/storage_level.h"
#include "runtime/cluster/task.h"

namespace wavetank::runtime {

class ShuffleBlocks {
 public:
  struct PutOptions {
    StorageLevel level = StorageLevel::kMemoryOnly;
    bool is_replica = false;  // another worker has them, too
  };
  // All blocks of a finished attempt, by target partition. REQUIRES: once for each attempt.
  void Put(const TaskId& task, std::map<int, BlockPointer> blocks, PutOptions options);
  void Put(const TaskId& task, std::map<int, BlockPointer> blocks) {
    Put(task, std::move(blocks), PutOptions());
  }
  // What `task` put for `target`, null if nothing; a SpilledBlock if only a file is left;
  // kNotFound when this worker does not have the attempt, or not that any more.
  absl::StatusOr<BlockPointer> Find(const TaskId& task, int target);
  bool Contains(const TaskId& task) const { return blocks_.contains(KeyOf(task)); }
  // `target`'s reader is through with what `task` put for it. Who reads it again finds none, and
  // the driver has it made again: that is rare, and to keep it until the graph ends takes the
  // memory of the whole batch, always.
  void LetGo(const TaskId& task, int target);
  // But for the stages that are kept: of these, what has no room may go from now on.
  void DropGraph(const std::string& driver, int64_t graph, const std::set<int>& kept_stages = {});
  void DropStage(const std::string& driver, int64_t graph, int stage);
  void Drop(const TaskId& task);
  void DropAll();

  // How many bytes may be in memory, and whether what is more may go to files.
  void SetBound(size_t memory_bytes, bool may_spill);
  size_t memory_bytes() const { return memory_bytes_; }
  size_t spilled_bytes() const { return spilled_bytes_; }
  bool IsBeyond() const { return memory_bytes_ > most_in_memory_; }
  size_t attempt_count() const { return blocks_.size(); }

  // What is to go from memory next, and how; nullopt: nothing is, or nothing can. What is on disk
  // only goes at once; of the others, beyond the bound, the oldest-used. What a running graph needs
  // and may not be on disk stays.
  struct ToGo {
    TaskId task;
    bool to_disk = false;  // else it goes, and is made again if somebody asks for it
  };
  std::optional<ToGo> NextToGo() const;
  // Its blocks that are in memory.
  std::map<int, BlockPointer> InMemory(const TaskId& task) const;
  // What InMemory gave is in this file of so many bytes now, there by target. False: the attempt
  // was dropped meanwhile, and nothing needs the file.
  bool SetSpilled(const TaskId& task, const std::string& file, size_t bytes,
                  const std::map<int, SpilledBlock::Place>& places);
  // It cannot be written: it goes if it may, or stays in memory until TryAgain.
  enum class Unwritten { kGone, kStays };
  Unwritten SetUnwritten(const TaskId& task);
  void TryAgain();
  // Of what is in files, the oldest-used that no running graph has made.
  std::optional<TaskId> OldestSpilled() const;
  // Forgets it, for want of room or because it is damaged. What `is_forgotten` = false is for: see
  // planted_bugs.h.
  void Evict(const TaskId& task, bool is_forgotten = true);

  // What of the stages that are kept, and of replicas, has gone since it was last asked.
  std::vector<TaskId> TakeDropped() { return std::exchange(dropped_, {}); }
  // Files that are not needed any more, since it was last asked.
  std::vector<std::string> TakeUnneededFiles() { return std::exchange(unneeded_files_, {}); }

 private:
  using Key = std::tuple<std::string, int64_t, int, int, int>;
  // Unset: it was read, and let go.
  struct Block {
    std::optional<BlockPointer> pointer;
    size_t memory_bytes = 0;
  };
  struct Output {
    std::map<int, Block> blocks;  // by target; a target that is not there was put nothing for
    PutOptions options;
    bool is_kept = false;
    bool is_unwritten = false;
    uint64_t used = 0;
    size_t memory_bytes = 0;
    size_t spilled_bytes = 0;
    std::string file = {};
    // A running graph needs it, and nobody else has it.
    bool is_needed() const { return !is_kept && !options.is_replica; }
  };
  using Outputs = std::map<Key, Output>;
  static Key KeyOf(const TaskId& task) {
    return {task.driver, task.graph, task.stage, task.partition, task.attempt};
  }
  static TaskId TaskOf(const Key& key);
  static bool MustGo(const Output& output);
  bool MaySpill(const Output& output) const {
    return may_spill_ && MayBeOnDisk(output.options.level) && !output.is_unwritten;
  }
  void Index(const Key& key, Output& output);
  void Unindex(const Key& key, const Output& output);
  Outputs::iterator Erase(Outputs::iterator entry);

  Outputs blocks_;
  // By when they were last used: what may go from memory, and what is in files.
  std::map<uint64_t, Key> may_go_;
  std::map<uint64_t, Key> in_files_;
  std::set<Key> must_go_;    // on disk only, and in memory
  std::set<Key> unwritten_;  // needed
  uint64_t uses_ = 0;
  size_t memory_bytes_ = 0;
  size_t spilled_bytes_ = 0;
  std::vector<TaskId> dropped_;
  std::vector<std::string> unneeded_files_;
  size_t most_in_memory_ = std::numeric_limits<size_t>::max();
  bool may_spill_ = false;
};

}  // namespace wavetank::runtime

#endif  // WAVETANK_RUNTIME_CLUSTER_SHUFFLE_BLOCKS_H_
