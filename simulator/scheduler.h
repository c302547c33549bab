// Scheduler: virtual time, and the loop that takes the next event and lets it happen.
//
// Time moves only from event to event. Everything that happens is hashed into the trace before it
// happens. An event of a life that has ended is dropped, and moves nothing.
#ifndef WAVETANK_SIMULATOR_SCHEDULER_H_
#define WAVETANK_SIMULATOR_SCHEDULER_H_

#include <cstdint>
#include <limits>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "platform/random.h"
#include "simulator/event_queue.h"
#include "simulator/policy.h"
#include "simulator/trace.h"

namespace wavetank::simulator {

// Whose event it is. `payload` goes into the trace's hash.
struct EventOf {
  ActorId actor = {};
  LifeId life = {};
  EventKind kind = EventKind::kDue;
  uint64_t payload = 0;
};

class Scheduler {
 public:
  Scheduler(uint64_t seed, const PolicyOptions& policy, Retain retain);

  int64_t now_ns() const { return now_ns_; }
  // Only ever forked, with the name and keys of what a draw is for.
  const platform::Random& random() const { return random_; }
  SchedulingPolicy& policy() { return *policy_; }
  Trace& trace() { return trace_; }

  // `name` is the actor's identity for policies and people.
  ActorId NewActor(std::string name);
  const std::string& name(ActorId actor) const { return Of(actor).name; }
  ActorKey key(ActorId actor) const { return Of(actor).key; }

  LifeId NewLife();
  void EndLife(LifeId life) { alive_[static_cast<size_t>(life.value())] = false; }
  bool alive(LifeId life) const { return alive_[static_cast<size_t>(life.value())]; }

  // REQUIRES: time_ns >= now_ns(). The result revokes the event until it happens.
  template <typename Action>
  uint32_t At(int64_t time_ns, const EventOf& of, Action action) {
    CheckNotPast(time_ns);
    const uint64_t tie = policy_->TieBreak(key(of.actor), time_ns);
    return queue_.Push({time_ns, tie, next_sequence_++, of.life, of.actor, of.kind, of.payload},
                       std::move(action));
  }
  // Before everything else of its time, in the order of these calls, and hashed only by what it
  // does: so a fault acts alike whether a plan lists it or a random draw brought it about.
  template <typename Action>
  uint32_t FirstAt(int64_t time_ns, LifeId life, Action action) {
    CheckNotPast(time_ns);
    return queue_.Push({time_ns, 0, next_first_sequence_++, life, ActorId(0), EventKind::kFault, 0},
                       std::move(action));
  }
  void Revoke(uint32_t event) { queue_.Revoke(event); }

  // Something that happens now, within the present event.
  template <typename Describe>
  void Record(ActorId actor, EventKind kind, uint64_t payload, Describe describe) {
    trace_.Add({now_ns_, 0, actor, kind, payload}, std::move(describe));
  }

  // Lets the next event happen unless it lies after `limit_ns`; false when there is none before.
  bool RunOne(int64_t limit_ns = std::numeric_limits<int64_t>::max());
  // REQUIRES: no event lies before `time_ns`.
  void AdvanceTo(int64_t time_ns);
  bool empty() const { return queue_.empty(); }
  // Nothing happens before. REQUIRES: not empty().
  int64_t next_time_ns() const { return queue_.next_time_ns(); }
  // Drops every pending event, before what they refer to goes.
  void Clear() { queue_.Clear(); }

 private:
  struct Actor {
    std::string name;
    ActorKey key;
  };
  const Actor& Of(ActorId actor) const { return actors_[static_cast<size_t>(actor.value())]; }
  void CheckNotPast(int64_t time_ns) const;

  const platform::Random random_;
  std::unique_ptr<SchedulingPolicy> policy_;
  Trace trace_;
  int64_t now_ns_ = 0;
  uint64_t next_sequence_ = uint64_t{1} << 32;
  uint64_t next_first_sequence_ = 0;
  std::vector<Actor> actors_;
  std::vector<bool> alive_;
  EventQueue queue_;
};

}  // namespace wavetank::simulator

#endif  // WAVETANK_SIMULATOR_SCHEDULER_H_
