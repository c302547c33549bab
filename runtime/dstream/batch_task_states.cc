// The state that a worker has in memory between the tasks of one batch and the next.
#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"

#include "checkpoint/paths.h"
#include "platform/planted.h"
#include "runtime/dstream/batch_task.h"

namespace wavetank::runtime {

// The partitions of an operator go on together, so what is behind has moved to another worker.
std::unique_ptr<checkpoint::StateStore> BatchTaskBody::TakeState(platform::Node& node,
                                                                 const TaskState& task) {
  const std::string of_operator = checkpoint::ParentPath(task.directory);
  std::erase_if(states_, [&](const auto& entry) {
    return entry.second.state->version().version < task.version &&
           checkpoint::ParentPath(entry.first) == of_operator;
  });
  const auto found = states_.find(task.directory);
  if (found == states_.end()) return nullptr;
  LeftState left = std::move(found->second);
  states_.erase(found);
  const checkpoint::StateVersion kept{task.version, task.files};
  const bool is_that = task.newest.empty() ? left.is_kept && left.state->version() == kept
                                           : left.attempt == task.newest;
  if (is_that || platform::Planted(node, "stream_state_not_compared")) return std::move(left.state);
  return nullptr;
}

int64_t BatchTaskBody::MakeRoomForStates(TaskContext& context) {
  size_t held = 0;
  for (const auto& [directory, left] : states_) held += left.state->table().live_bytes();
  const size_t most = context.Hold(held);
  int64_t gone = 0;
  for (; held > most && !states_.empty(); ++gone) {
    const auto oldest =
        std::ranges::min_element(states_, {}, [](const auto& entry) { return entry.second.used; });
    held -= oldest->second.state->table().live_bytes();
    states_.erase(oldest);
  }
  if (gone == 0) return gone;
  context.Hold(held);
  if (!std::exchange(said_no_room_, true)) {
    context.node().Log(
        platform::LogLevel::kWarning,
        absl::StrCat("there is no room in memory for all state, kept-bytes allows ", most,
                     ": what is left out is read from the checkpoint for each "
                     "batch, and made again of the batches since; allow more, or "
                     "start more workers"));
  }
  return gone;
}

}  // namespace wavetank::runtime
