// BackgroundSnapshot: a snapshot of a committed version, written bit by bit while the store whose
// version it is goes on. It changes nothing by itself: the store takes it into its lineage with a
// later commit, once it is durable, or lets it go.
#ifndef WAVETANK_CHECKPOINT_STATE_SNAPSHOT_H_
#define WAVETANK_CHECKPOINT_STATE_SNAPSHOT_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"

#include "checkpoint/state_file.h"
#include "checkpoint/state_version.h"
#include "checkpoint/store.h"
#include "platform/node.h"
#include "platform/task_scope.h"

namespace wavetank::checkpoint {

class BackgroundSnapshot {
 public:
  // Begins at once. REQUIRES: the tables are those of `base`, without changes, and outlive this; so
  // do node and store. `header` is complete but for what a snapshot of `base` makes of it.
  BackgroundSnapshot(platform::Node& node, Store& store, std::string directory, StateVersion base,
                     std::vector<StateTable*> tables, StateFileHeader header, uint64_t part_bytes);
  // What is in flight may turn out done: a file that nothing refers to.
  ~BackgroundSnapshot();

  bool running() const { return scope_.size() > 0; }
  // The file is there for good, and may be referred to.
  bool durable() const { return durable_; }
  const StateVersion& base() const { return base_; }
  const std::string& path() const { return path_; }
  uint64_t size_bytes() const { return size_bytes_; }

  // Whether `version` is `base` with more deltas, so that the snapshot may stand for its beginning.
  bool IsOfLineage(const StateVersion& version) const;

 private:
  Task<void> Run();
  Task<absl::Status> Write();

  platform::Node& node_;
  Store& store_;
  const StateVersion base_;
  const std::vector<StateTable*> tables_;
  StateFileHeader header_;
  std::string path_;
  const uint64_t part_bytes_;
  uint64_t size_bytes_ = 0;
  bool durable_ = false;
  platform::TaskScope scope_;
};

}  // namespace wavetank::checkpoint

#endif  // WAVETANK_CHECKPOINT_STATE_SNAPSHOT_H_
