// BlockFiles: removes blocks from the store once nothing will read them again. Best effort: what a
// crash leaves behind the next driver removes.
//
// Blocks of a batch go after its completion is durable and the remember duration is over. What a
// new driver finds and nothing will read goes too (blocks of batches that have ended, those that a
// receiver stored after it had been replaced), after the driver's first append has shown that the
// listing was of its own time: a block of a newer driver's receivers cannot be in it. A block that
// its receiver had stored and not got to report stays: the receiver that replaces it has it logged.
#ifndef WAVETANK_RUNTIME_DSTREAM_BLOCK_FILES_H_
#define WAVETANK_RUNTIME_DSTREAM_BLOCK_FILES_H_

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/btree_set.h"
#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"

#include "checkpoint/block_name.h"
#include "checkpoint/store.h"
#include "platform/node.h"
#include "platform/planted.h"
#include "platform/task.h"
#include "runtime/dstream/batch_log.h"

namespace wavetank::runtime {

class BlockFiles {
 public:
  using TimeOfBatch = std::function<absl::Time(BatchNumber batch)>;

  BlockFiles(platform::Node& node, checkpoint::Store& store, std::string directory)
      : node_(node), store_(store), directory_(std::move(directory)) {}

  // What there is that `recovered` does not need; what its completed batches had is removed in
  // their time.
  Task<void> FindLeftovers(const RecoveredStream& recovered, TimeOfBatch time_of) {
    absl::btree_set<std::string> needed;
    for (const Block& block : recovered.unallocated) needed.insert(block.path);
    for (const std::vector<BatchInput>* batches : {&recovered.unfinished, &recovered.completed}) {
      for (const BatchInput& batch : *batches) {
        for (const StreamInput& stream : batch.streams) {
          for (const Block& block : stream.blocks) needed.insert(block.path);
        }
      }
    }
    const auto listed = co_await store_.List(directory_);
    if (!listed.ok()) co_return;
    for (const checkpoint::StoredFile& file : *listed) {
      const bool removed_too = platform::Planted(node_, "stored_blocks_removed");
      if (!removed_too && IsAwaited(file.name, recovered)) continue;
      std::string path = absl::StrCat(directory_, "/", file.name);
      if (!needed.contains(path)) removable_.emplace(absl::InfinitePast(), std::move(path));
    }
    absl::btree_set<std::string> there;
    for (const checkpoint::StoredFile& file : *listed) {
      there.insert(absl::StrCat(directory_, "/", file.name));
    }
    for (const BatchInput& batch : recovered.completed) {
      for (const StreamInput& stream : batch.streams) {
        for (const Block& block : stream.blocks) {
          if (there.contains(block.path)) removable_.emplace(time_of(batch.batch), block.path);
        }
      }
    }
  }

  // Of a directory that nobody uses any more. OK, also when some stay.
  static Task<absl::Status> RemoveAll(platform::Node& node, checkpoint::Store& store,
                                      std::string directory) {
    BlockFiles files(node, store, std::move(directory));
    const RecoveredStream needed;
    co_await files.FindLeftovers(needed, [](BatchNumber) { return absl::InfinitePast(); });
    co_await files.RemoveUpTo(absl::InfinitePast(), [](absl::Time) { return false; });
    co_return absl::OkStatus();
  }

  // The batch's completion is durable.
  void Consumed(const BatchInput& batch, absl::Time batch_time) {
    for (const StreamInput& stream : batch.streams) {
      for (const Block& block : stream.blocks) removable_.emplace(batch_time, block.path);
    }
  }

  // Of batches up to that time, but for those that is_needed(batch time) says. REQUIRES: an append
  // to the log has succeeded since FindLeftovers.
  template <typename IsNeeded>
  Task<void> RemoveUpTo(absl::Time batch_time, IsNeeded is_needed) {
    std::vector<std::string> paths;
    for (auto next = removable_.begin(); next != removable_.end() && next->first <= batch_time;) {
      const auto at = next++;
      if (is_needed(at->first)) continue;
      paths.push_back(std::move(at->second));
      removable_.erase(at);
    }
    for (std::string& path : paths) {
      const absl::Status removed = co_await store_.Remove(std::move(path));
      if (!removed.ok()) node_.Log(platform::LogLevel::kWarning, std::string(removed.message()));
    }
  }

 private:
  static bool IsAwaited(const std::string& name, const RecoveredStream& recovered) {
    const std::optional<checkpoint::BlockName> block = checkpoint::ParseBlockName(name);
    if (!block.has_value()) return false;
    for (const checkpoint::GraphHistory::Receiver& receiver : recovered.receivers) {
      if (receiver.stream == block->stream && receiver.run == block->run) {
        return receiver.blocks_logged <= block->number;
      }
    }
    return false;
  }

  platform::Node& node_;
  checkpoint::Store& store_;
  const std::string directory_;
  std::multimap<absl::Time, std::string> removable_;  // by batch time
};

}  // namespace wavetank::runtime

#endif  // WAVETANK_RUNTIME_DSTREAM_BLOCK_FILES_H_
