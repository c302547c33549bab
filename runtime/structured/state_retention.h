// StateRetention: the driver's clean-up of its query's state: files that no batch of the log needs
// go, a few batches at a time, beside the batches that follow.
#ifndef WAVETANK_RUNTIME_STRUCTURED_STATE_RETENTION_H_
#define WAVETANK_RUNTIME_STRUCTURED_STATE_RETENTION_H_

#include <cstdint>
#include <string>
#include <utility>

#include "absl/status/status.h"

#include "checkpoint/metadata.h"
#include "checkpoint/query_history.h"
#include "checkpoint/state_cleanup.h"
#include "checkpoint/store.h"
#include "platform/node.h"
#include "platform/task_scope.h"

namespace wavetank::runtime {

class StateRetention {
 public:
  // Everything outlives it.
  StateRetention(platform::Node& node, checkpoint::Store& store, std::string checkpoint_directory,
                 checkpoint::MetadataLog& log, const checkpoint::QueryHistory& history)
      : node_(node),
        store_(store),
        checkpoint_directory_(std::move(checkpoint_directory)),
        log_(log),
        history_(history),
        scope_(node.executor()) {}

  // A batch is committed in the log.
  void Committed();
  // Removes what attempts have written that came to nothing, so that those of a query which dies
  // again and again do not fill its disk. REQUIRES: no attempt of this driver's is under way.
  platform::Task<absl::Status> RemoveAttempts();

 private:
  int64_t CommittedVersion() const;
  checkpoint::StateCleanup CleanupAt(int64_t committed_version) const;
  std::string StateDirectory() const;
  platform::Task<void> CleanUp(checkpoint::StateCleanup cleanup);

  platform::Node& node_;
  checkpoint::Store& store_;
  const std::string checkpoint_directory_;
  checkpoint::MetadataLog& log_;
  const checkpoint::QueryHistory& history_;
  int64_t cleaned_up_to_ = 0;  // batches committed by then
  bool cleaning_up_ = false;
  platform::TaskScope scope_;
};

}  // namespace wavetank::runtime

#endif  // WAVETANK_RUNTIME_STRUCTURED_STATE_RETENTION_H_
