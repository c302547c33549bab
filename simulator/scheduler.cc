#include "simulator/scheduler.h"

#include "platform/check.h"

namespace wavetank::simulator {

Scheduler::Scheduler(uint64_t seed, const PolicyOptions& policy, Retain retain)
    : random_(seed), policy_(MakePolicy(policy, seed)), trace_(retain) {
  NewActor("world");
  NewLife();
}

ActorId Scheduler::NewActor(std::string name) {
  const ActorKey key = platform::StableHash(name);
  actors_.push_back({std::move(name), key});
  return ActorId(static_cast<int64_t>(actors_.size()) - 1);
}

LifeId Scheduler::NewLife() {
  alive_.push_back(true);
  return LifeId(static_cast<int64_t>(alive_.size()) - 1);
}

void Scheduler::CheckNotPast(int64_t time_ns) const {
  WT_CHECK(time_ns >= now_ns_, "nothing happens in the past");
}

bool Scheduler::RunOne(int64_t limit_ns) {
  bool ran = false;
  while (!ran && !queue_.empty() && queue_.next_time_ns() <= limit_ns) {
    queue_.Pop([&](const Event& event, auto run) {
      if (!alive(event.life)) return;
      ran = true;
      now_ns_ = event.time_ns;
      if (event.kind != EventKind::kFault) {
        trace_.Add({event.time_ns, event.sequence, event.actor, event.kind, event.payload});
        policy_->Dispatched(key(event.actor));
      }
      run();
    });
  }
  return ran;
}

void Scheduler::AdvanceTo(int64_t time_ns) {
  CheckNotPast(time_ns);
  now_ns_ = time_ns;
}

}  // namespace wavetank::simulator
