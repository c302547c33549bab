// DriverLease: how a driver that stands by knows that the one at work is silent.
//
// The driver at work shows in the job's store, time and again, that it is there; one that stands by
// looks, and when it has seen nothing new for as long as was agreed, it takes over as any other
// driver does: by the fence. Only that decides who owns a job. What a lease says may be late, lost
// or wrong: then two drivers are at work for a while, and the older is fenced at its next append.
//
// The store, not the network, because who cannot reach the store is no driver: one that is cut off
// from it falls silent, though those beside it hear it well; one that is cut off from those beside
// it goes on. While the store is away nobody is silent, for nobody could speak.
//
//   <checkpoint>/drivers/lease-<T>-<N>   the N-th word of the T-th driver; those before it are gone
//   <checkpoint>/drivers/left-<T>        it was asked to stop: the next one need not wait
//   <checkpoint>/drivers/finished-<T>    the job has come to its end: there is nothing to take over
#ifndef WAVETANK_RUNTIME_JOB_DRIVER_LEASE_H_
#define WAVETANK_RUNTIME_JOB_DRIVER_LEASE_H_

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"

#include "checkpoint/store.h"
#include "platform/node.h"
#include "platform/task.h"

namespace wavetank::runtime {

// The newest word of the newest driver.
struct LeaseWord {
  enum class Kind { kNone, kAtWork, kLeft, kFinished };
  int64_t term = 0;  // counts the drivers that had a lease, from 1; 0: there was none
  int64_t word = 0;  // counts its words, from 0
  Kind kind = Kind::kNone;

  // By the names in a lease's directory. Others mean nothing.
  static LeaseWord Newest(const std::vector<std::string>& names);
  friend auto operator<=>(const LeaseWord&, const LeaseWord&) = default;
};

class DriverLease {
 public:
  struct Options {
    std::string checkpoint;  // the job's directory
    // Of silence, after which another driver may take over.
    absl::Duration timeout;
  };
  // Both outlive the lease.
  DriverLease(platform::Node& node, checkpoint::Store& store, Options options)
      : node_(node), store_(store), options_(std::move(options)) {}

  enum class Watched { kTaken, kFinished };
  // Stands by until the lease is this driver's: the one before has been silent for the timeout, or
  // has left. As long as no driver has ever had one, nothing can be told, which is said.
  platform::Task<Watched> StandBy();
  // At once, whoever has it.
  platform::Task<void> Take();
  // Shows that this driver is there, until it is destroyed; gives why, if for the timeout that was
  // not possible: another may be at work by then, which has no workers as long as this one holds
  // them. A driver that has taken the lease since has it alone: this one says no more, unless that
  // one falls silent. REQUIRES: it is taken.
  platform::Task<absl::Status> Keep();
  // Says that nothing more will be said, and why, if that can be said.
  platform::Task<void> End(LeaseWord::Kind why);

 private:
  std::string directory() const;
  platform::Task<absl::StatusOr<LeaseWord>> Look();
  // kAlreadyExists: another driver has come first.
  platform::Task<absl::Status> TakeAfter(LeaseWord newest);
  platform::Task<absl::Status> SayNext();
  // Between two words, or two looks.
  absl::Duration Beat() const { return options_.timeout / 4; }

  platform::Node& node_;
  checkpoint::Store& store_;
  const Options options_;
  LeaseWord mine_;
  // The newest word that was seen, and since when it has been the newest.
  LeaseWord seen_;
  platform::MonotonicTime seen_since_;
};

}  // namespace wavetank::runtime

#endif  // WAVETANK_RUNTIME_JOB_DRIVER_LEASE_H_
