// ShuffleBlocks: what the tasks of one worker have put for tasks of later stages, in memory, by the
// attempt that made it. A name never changes its content: blocks are immutable, and no two attempts
// share a name.
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

#include "platform/network.h"
#include "runtime/cluster/task.h"

namespace wavetank::runtime {

using BlockPointer = std::shared_ptr<const platform::Attachment>;

// The blocks of several attempts for one reader, as one attachment. A null place is an attempt that
// put none for this reader.
class ShuffleBundle final : public platform::Attachment {
 public:
  explicit ShuffleBundle(std::vector<BlockPointer> blocks) : blocks_(std::move(blocks)) {}
  std::string Encode() const override;

  // The blocks of a received message, of which so many were asked for: from the bundle itself, or
  // from its encoding.
  static absl::StatusOr<std::vector<ShuffleBlock>> Open(const platform::Message& message,
                                                        size_t asked_for);

 private:
  const std::vector<BlockPointer> blocks_;
};

class ShuffleBlocks {
 public:
  // All blocks of a finished attempt, by target partition. REQUIRES: once for each attempt.
  void Put(const TaskId& task, std::map<int, BlockPointer> blocks);
  // What `task` put for `target`, null if nothing; kNotFound when this worker does not have the
  // attempt, or not that any more.
  absl::StatusOr<BlockPointer> Find(const TaskId& task, int target) const;
  bool Contains(const TaskId& task) const { return blocks_.contains(KeyOf(task)); }
  // `target`'s reader is through with what `task` put for it. Who reads it again finds none, and
  // the driver has it made again: that is rare, and to keep it until the graph ends takes the
  // memory of the whole batch, always.
  void LetGo(const TaskId& task, int target);
  // But for the stages that are kept. Of what is, the oldest goes when it has become more than so
  // many bytes: it is the first that nobody will need any more.
  void DropGraph(const std::string& driver, int64_t graph, const std::set<int>& kept_stages = {});
  void DropStage(const std::string& driver, int64_t graph, int stage);
  void DropAll() {
    blocks_.clear();
    kept_.clear();
    dropped_.clear();
    kept_bytes_ = 0;
  }
  void SetMostKept(size_t bytes) { most_kept_ = bytes; }
  size_t kept_bytes() const { return kept_bytes_; }
  // What has gone since it was last asked.
  std::vector<TaskId> TakeDropped() { return std::exchange(dropped_, {}); }
  size_t attempt_count() const { return blocks_.size(); }

 private:
  using Key = std::tuple<std::string, int64_t, int, int, int>;
  // A target of which there is no entry was put nothing for, one whose entry is unset was read.
  using Output = std::map<int, std::optional<BlockPointer>>;
  static Key KeyOf(const TaskId& task) {
    return {task.driver, task.graph, task.stage, task.partition, task.attempt};
  }
  void Keep(const Key& key, const Output& output);
  void Forget(std::map<Key, size_t>::iterator kept);

  std::map<Key, Output> blocks_;
  std::map<Key, size_t> kept_;  // how many bytes each takes, by the order of their graphs
  size_t kept_bytes_ = 0;
  std::vector<TaskId> dropped_;
  size_t most_kept_ = std::numeric_limits<size_t>::max();
};

}  // namespace wavetank::runtime

#endif  // WAVETANK_RUNTIME_CLUSTER_SHUFFLE_BLOCKS_H_
