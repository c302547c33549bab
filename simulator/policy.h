// SchedulingPolicy: which of several things that could happen now does.
//
// A policy never makes an event early, only late within its bound; it reorders events of different
// actors at one time, and the waiters of one node that are ready together. Its choices are keyed by
// actor, time and the actor's own count, so that a change elsewhere in the run leaves them alone.
#ifndef WAVETANK_SIMULATOR_POLICY_H_
#define WAVETANK_SIMULATOR_POLICY_H_

#include <cstddef>
#include <cstdint>
#include <memory>

#include "absl/time/time.h"

namespace wavetank::simulator {

// An actor as policies know it: by a hash of its name, the same in every run.
using ActorKey = uint64_t;

class SchedulingPolicy {
 public:
  virtual ~SchedulingPolicy() = default;
  // Smaller goes first among events of one time; equal ones go in the order of their making.
  virtual uint64_t TieBreak(ActorKey actor, int64_t time_ns) = 0;
  // Which of `ready` waiters runs in the actor's `turn`-th turn. REQUIRES: ready > 0.
  virtual size_t Pick(ActorKey actor, uint64_t turn, size_t ready) = 0;
  // How much later than it could an idle node's next turn, or a link's next delivery, happens.
  virtual int64_t HoldBackNs(ActorKey actor) = 0;
  // An event of `actor` is about to be dispatched.
  virtual void Dispatched(ActorKey actor) = 0;
};

enum class PolicyKind {
  kFifo,     // nothing is reordered
  kShuffle,  // ties and ready queues in an order drawn from the seed
  // Nodes and links have priorities; those of low priority are held back, up to the bound; at
  // `change_points` drawn events the actor of that event falls to the lowest priority. After
  // Burckhardt et al., "A randomized scheduler with probabilistic guarantees of finding bugs",
  // 2010.
  kPriorities,
};

struct PolicyOptions {
  PolicyKind kind = PolicyKind::kShuffle;
  // For kPriorities.
  absl::Duration hold_back_max = absl::Milliseconds(5);
  int change_points = 3;
  // Change points are drawn among the first so many events.
  uint64_t expected_events = 10'000;
};

std::unique_ptr<SchedulingPolicy> MakePolicy(const PolicyOptions& options, uint64_t seed);

}  // namespace wavetank::simulator

#endif  // WAVETANK_SIMULATOR_POLICY_H_
