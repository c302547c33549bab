// StateStore: versioned keyed state of one (operator, partition): bytes to bytes.
//
// A version is named by the unique ids of the files that make it up (its lineage: one snapshot and
// the deltas after it, or nothing for version 0), never by its number alone: a zombie's or a second
// attempt's commit of the "same" version is another version, and cannot change a committed one. The
// driver puts the version that counts into the batch's prepared and commit records.
#ifndef WAVETANK_CHECKPOINT_STATE_STORE_H_
#define WAVETANK_CHECKPOINT_STATE_STORE_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

#include "checkpoint/store.h"
#include "platform/node.h"

namespace wavetank::checkpoint {

// What brings a version back: the files in the order they are applied. Empty: version 0, no keys.
struct StateVersion {
  int64_t version = 0;
  std::vector<std::string> files;  // paths in the store, each written once under a unique name

  friend bool operator==(const StateVersion&, const StateVersion&) = default;
};

class StateStore {
 public:
  virtual ~StateStore() = default;

  // Opens `version`, reading its files. kDataLoss or kNotFound name the file that is damaged or
  // gone; there is no fallback to an older version.
  static Task<absl::StatusOr<std::unique_ptr<StateStore>>> Open(platform::Node& node, Store& store,
                                                                std::string directory,
                                                                StateVersion version);

  // The committed version this store stands on; uncommitted changes come on top.
  virtual const StateVersion& version() const = 0;
  virtual size_t size() const = 0;

  // Views stay valid until the next change.
  virtual bool Get(std::string_view key, std::string_view* value) const = 0;
  virtual void Put(std::string_view key, std::string_view value) = 0;
  virtual void Remove(std::string_view key) = 0;
  // Every key once, in insertion order, which replays the same. `visit` must not change the store.
  virtual void ForEach(
      const std::function<void(std::string_view key, std::string_view value)>& visit) const = 0;

  // Writes the uncommitted changes durably under a fresh unique name. The store then stands on the
  // new version.
  virtual Task<absl::StatusOr<StateVersion>> Commit() = 0;
  // Forgets the uncommitted changes.
  virtual void Abort() = 0;
};

}  // namespace wavetank::checkpoint

#endif  // WAVETANK_CHECKPOINT_STATE_STORE_H_
