// EpochFence: how a store service refuses what is late. A changing request may say under which
// epoch of which fenced log it is made; once a newer epoch of that log exists, it has no effect any
// more.
//
// Nothing durable is kept for it: the newest epoch is the highest epoch file that the log's
// directory lists, which is durable, and every epoch is created through the service that looks.
#ifndef WAVETANK_CHECKPOINT_EPOCH_FENCE_H_
#define WAVETANK_CHECKPOINT_EPOCH_FENCE_H_

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
  // `store` must outlive it, and be changed through its owner alone.
  explicit EpochFence(Store& store) : store_(store) {}
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
  Task<absl::StatusOr<Pass>> Enter(StoreFence token);
  static bool IsEpochFile(const std::string& path);
  // For the creation of an epoch file. REQUIRES: its caller holds no pass of that log.
  Task<Pass> EnterCreation(std::string path);

  // Logs that it remembers anything of: at most this many beside those in use.
  static constexpr size_t kMostIdle = 64;
  size_t remembered() const { return scopes_.size(); }

 private:
  struct Scope {
    int requests = 0;
    int creations = 0;  // under way, or waiting for the requests to end
    std::optional<int64_t> newest;
    int64_t used = 0;  // the last time, by uses_

    bool idle() const { return requests == 0 && creations == 0; }
  };

  // Rules refuse_the_late and creation_waits of the specification (tests/model/fencing.h).
  Scope& Use(const std::string& directory);
  void LetGo(const std::string& directory);

  Store& store_;
  int64_t uses_ = 0;
  // By directory: those in use, and a few more, so that a log that is in use is not listed again
  // and again.
  std::map<std::string, Scope> scopes_;
  platform::Event released_;
};

}  // namespace wavetank::checkpoint

#endif  // WAVETANK_CHECKPOINT_EPOCH_FENCE_H_
