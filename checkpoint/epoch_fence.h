// EpochFence: how a store service refuses what is late. A changing request may say under which
// epoch of which fenced log it is made; once a newer epoch of that log exists, it has no effect any
// more. The log's own directory takes no change without such a token, but for a new epoch.
//
// Nothing durable is kept for it: the newest epoch is the highest epoch file that the log's
// directory lists, which is durable, and every epoch is created through the service that looks.
#ifndef WAVETANK_CHECKPOINT_EPOCH_FENCE_H_
#define WAVETANK_CHECKPOINT_EPOCH_FENCE_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>

#include "absl/status/statusor.h"

#include "checkpoint/store.h"
#include "platform/event.h"

namespace wavetank::checkpoint {

class EpochFence {
 public:
  static constexpr size_t kMostScopes = 512;

  // `store` must outlive it, and be changed through its owner alone. So many logs it remembers
  // anything of, and those in use.
  explicit EpochFence(Store& store, size_t most_scopes = kMostScopes)
      : store_(store), most_scopes_(most_scopes) {}
  EpochFence(const EpochFence&) = delete;
  EpochFence& operator=(const EpochFence&) = delete;

  // While it lives: as a request's, no newer epoch comes into being; as a creation's, no request
  // under a token is under way. REQUIRES: the fence outlives it.
  class Pass {
   public:
    Pass() = default;
    Pass(Pass&& other) noexcept
        : fence_(std::exchange(other.fence_, nullptr)),
          directory_(std::move(other.directory_)),
          creates_(other.creates_) {}
    Pass& operator=(Pass&&) = delete;
    ~Pass();

   private:
    friend class EpochFence;
    Pass(EpochFence& fence, std::string directory, bool creates);

    EpochFence* fence_ = nullptr;
    std::string directory_;
    bool creates_ = false;
  };

  // For a request that is made under `token`. kAborted, by name, if a newer epoch exists.
  Task<absl::StatusOr<Pass>> Enter(StoreFence token) {
    return EnterScope(std::move(token.directory), token.epoch);
  }
  // For a change in `directory` that is made under no token of it. kFailedPrecondition, by name, if
  // it has an epoch. Whoever enters several enters them in the order of their names: creations wait
  // for those who are in, who must not wait for them in a circle.
  Task<absl::StatusOr<Pass>> EnterUnowned(std::string directory) {
    return EnterScope(std::move(directory), std::nullopt);
  }
  static bool IsEpochFile(const std::string& path);
  // For the creation of an epoch file. REQUIRES: its caller holds no pass of that log.
  Task<Pass> EnterCreation(std::string path);

  size_t remembered() const { return scopes_.size(); }

 private:
  struct Scope {
    int requests = 0;
    int creations = 0;  // under way, or waiting for the requests to end
    std::optional<int64_t> newest;
    uint64_t used = 0;  // when last, in passes
    bool idle() const { return requests == 0 && creations == 0; }
  };
  Task<absl::StatusOr<Pass>> EnterScope(std::string directory, std::optional<int64_t> epoch);

  // Forgets what has not been used for longest: it would be looked up again.
  void Bound();

  // Rules refuse_the_late and creation_waits of the specification (tests/model/fencing.h).
  Store& store_;
  const size_t most_scopes_;
  uint64_t passes_ = 0;
  std::map<std::string, Scope> scopes_;  // by directory
  platform::Event released_;
};

}  // namespace wavetank::checkpoint

#endif  // WAVETANK_CHECKPOINT_EPOCH_FENCE_H_
