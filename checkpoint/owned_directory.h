// OwnedDirectory: the directory of a fenced log, as the owner of an epoch changes it. A store that
// can refuses the owner as soon as there is a newer one; with any other, the owner looks after it
// has changed something.
#ifndef WAVETANK_CHECKPOINT_OWNED_DIRECTORY_H_
#define WAVETANK_CHECKPOINT_OWNED_DIRECTORY_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"

#include "checkpoint/epoch_log.h"
#include "checkpoint/store.h"
#include "platform/node.h"

namespace wavetank::checkpoint {

class OwnedDirectory {
 public:
  // `node` and `store` must outlive it.
  OwnedDirectory(platform::Node& node, Store& store, std::string directory, Epoch epoch);

  Store& store() { return store_; }
  const std::string& path() const { return directory_; }
  Epoch epoch() const { return epoch_; }
  // Whether the store refuses what is late.
  bool refusing() const { return refusing_ != nullptr; }

  // Changes, of which kAborted says that there is a newer owner. Done or not: that one knows.
  Task<absl::Status> Create(std::string path, std::string content);
  Task<absl::Status> Append(std::string path, uint64_t offset, std::string bytes);
  Task<absl::Status> RemoveAll(std::vector<std::string> paths);

  // OK: when the changes that were acknowledged became durable, there was no newer owner.
  Task<absl::Status> Confirm();
  // kAborted: there is a newer owner. kDataLoss: the epoch's own file is gone, and with it whatever
  // told of its owner.
  Task<absl::Status> Look();
  // The same of what was listed.
  Task<absl::Status> LookAt(EpochList list);

 private:
  Store& changed() { return refusing_ != nullptr ? *refusing_ : store_; }
  Task<absl::Status> Outcome(absl::Status status);

  platform::Node& node_;
  Store& store_;
  std::unique_ptr<Store> refusing_;
  std::string directory_;
  Epoch epoch_;
};

}  // namespace wavetank::checkpoint

#endif  // WAVETANK_CHECKPOINT_OWNED_DIRECTORY_H_
