// StreamStateFiles: the driver's clean-up of a stream's state: files that no mark names any more
// go, a few batches at a time, beside the batches that follow.
#ifndef WAVETANK_RUNTIME_DSTREAM_STREAM_STATE_FILES_H_
#define WAVETANK_RUNTIME_DSTREAM_STREAM_STATE_FILES_H_

#include <cstdint>
#include <map>
#include <string>
#include <utility>

#include "checkpoint/state_cleanup.h"
#include "checkpoint/store.h"
#include "platform/node.h"
#include "platform/task_scope.h"
#include "runtime/dstream/batch_log.h"

namespace wavetank::runtime {

class StreamStateFiles {
 public:
  // All outlive it.
  StreamStateFiles(platform::Node& node, checkpoint::Store& store, std::string checkpoint_directory,
                   BatchLog& log)
      : node_(node),
        store_(store),
        checkpoint_directory_(std::move(checkpoint_directory)),
        log_(log),
        scope_(node.executor()) {}

  // A batch is complete; `states` are those that are needed from now on, and `graph` has the
  // operators that they are of.
  void Completed(const StreamingGraph& graph, const StateBook& states);
  // Removes what attempts have written that came to nothing, so that those of a stream which dies
  // again and again do not fill its disk. REQUIRES: no attempt of this driver's is under way.
  Task<void> RemoveAttempts(const StreamingGraph& graph, const StateBook& states);

 private:
  using Cleanups = std::map<std::string, checkpoint::StateCleanup>;  // by directory
  Cleanups CleanupsOf(const StreamingGraph& graph, const StateBook& states, bool attempts) const;
  Task<void> CleanUp(Cleanups cleanups);

  platform::Node& node_;
  checkpoint::Store& store_;
  const std::string checkpoint_directory_;
  BatchLog& log_;
  int64_t completed_ = 0;  // batches since the last clean-up
  bool cleaning_up_ = false;
  platform::TaskScope scope_;
};

}  // namespace wavetank::runtime

#endif  // WAVETANK_RUNTIME_DSTREAM_STREAM_STATE_FILES_H_
