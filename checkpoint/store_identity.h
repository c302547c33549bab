// Which store a node has. Nodes that were started with different ones must not work together: what
// one of them has written, the others cannot find.
#ifndef WAVETANK_CHECKPOINT_STORE_IDENTITY_H_
#define WAVETANK_CHECKPOINT_STORE_IDENTITY_H_

#include <string>

#include "absl/status/statusor.h"

#include "checkpoint/store.h"
#include "platform/task.h"

namespace wavetank::checkpoint {

// A store that can tell.
class IdentifiedStore {
 public:
  virtual ~IdentifiedStore() = default;
  // The same from every node that reaches this store and after every restart, and another for
  // another store.
  virtual Task<absl::StatusOr<std::string>> Identity() = 0;
};

// Empty: the store cannot tell.
inline Task<absl::StatusOr<std::string>> IdentityOf(Store& store) {
  auto* const identified = dynamic_cast<IdentifiedStore*>(&store);
  if (identified == nullptr) co_return std::string();
  co_return co_await identified->Identity();
}

}  // namespace wavetank::checkpoint

#endif  // WAVETANK_CHECKPOINT_STORE_IDENTITY_H_
