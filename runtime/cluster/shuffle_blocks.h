// ShuffleBlocks: what the tasks of one worker have put for tasks of later stages, in memory, by the
// attempt that made it. A name never changes its content: blocks are immutable, and no two attempts
// share a name.
#ifndef WAVETANK_RUNTIME_CLUSTER_SHUFFLE_BLOCKS_H_
#define WAVETANK_RUNTIME_CLUSTER_SHUFFLE_BLOCKS_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <tuple>
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
  void DropGraph(const std::string& driver, int64_t graph);
  void DropAll() { blocks_.clear(); }
  size_t attempt_count() const { return blocks_.size(); }

 private:
  using Key = std::tuple<std::string, int64_t, int, int, int>;
  // A target of which there is no entry was put nothing for, one whose entry is unset was read.
  using Output = std::map<int, std::optional<BlockPointer>>;
  static Key KeyOf(const TaskId& task) {
    return {task.driver, task.graph, task.stage, task.partition, task.attempt};
  }
  std::map<Key, Output> blocks_;
};

}  // namespace wavetank::runtime

#endif  // WAVETANK_RUNTIME_CLUSTER_SHUFFLE_BLOCKS_H_
