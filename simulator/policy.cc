#include "simulator/policy.h"

#include <algorithm>
#include <set>
#include <vector>

#include "platform/check.h"
#include "platform/random.h"

namespace wavetank::simulator {
namespace {

using platform::MixBits;
using platform::Random;

class Fifo final : public SchedulingPolicy {
 public:
  uint64_t TieBreak(ActorKey, int64_t) override { return 0; }
  size_t Pick(ActorKey, uint64_t, size_t) override { return 0; }
  int64_t HoldBackNs(ActorKey) override { return 0; }
  void Dispatched(ActorKey) override {}
};

class Shuffle : public SchedulingPolicy {
 public:
  explicit Shuffle(uint64_t seed) : seed_(MixBits(seed ^ platform::StableHash("policy"))) {}

  uint64_t TieBreak(ActorKey actor, int64_t time_ns) override {
    return MixBits(seed_ ^ actor ^ static_cast<uint64_t>(time_ns) * 0x9e3779b97f4a7c15ULL);
  }
  size_t Pick(ActorKey actor, uint64_t turn, size_t ready) override {
    if (ready == 1) return 0;
    return Scaled(MixBits(MixBits(seed_ + actor) ^ turn), ready);
  }
  int64_t HoldBackNs(ActorKey) override { return 0; }
  void Dispatched(ActorKey) override {}

 protected:
  static uint64_t Scaled(uint64_t draw, uint64_t bound) {
    return static_cast<uint64_t>((static_cast<unsigned __int128>(draw) * bound) >> 64);
  }
  const uint64_t seed_;
};

class Priorities final : public Shuffle {
 public:
  Priorities(const PolicyOptions& options, uint64_t seed)
      : Shuffle(seed), bound_ns_(absl::ToInt64Nanoseconds(options.hold_back_max)) {
    WT_CHECK(bound_ns_ >= 0 && options.expected_events > 0);
    Random random = Random(seed).Fork("change points");
    for (int point = 0; point < options.change_points; ++point) {
      change_at_.push_back(random.Below(options.expected_events));
    }
    std::sort(change_at_.begin(), change_at_.end());
  }

  int64_t HoldBackNs(ActorKey actor) override {
    if (demoted_.contains(actor)) return bound_ns_;
    const uint64_t priority = MixBits(seed_ ^ MixBits(actor + 1));
    return static_cast<int64_t>(Scaled(priority, static_cast<uint64_t>(bound_ns_) + 1));
  }
  void Dispatched(ActorKey actor) override {
    while (next_change_ < change_at_.size() && change_at_[next_change_] == events_) {
      demoted_.insert(actor);
      ++next_change_;
    }
    ++events_;
  }

 private:
  const int64_t bound_ns_;
  std::vector<uint64_t> change_at_;
  size_t next_change_ = 0;
  uint64_t events_ = 0;
  std::set<ActorKey> demoted_;
};

}  // namespace

std::unique_ptr<SchedulingPolicy> MakePolicy(const PolicyOptions& options, uint64_t seed) {
  switch (options.kind) {
    case PolicyKind::kFifo:
      return std::make_unique<Fifo>();
    case PolicyKind::kShuffle:
      return std::make_unique<Shuffle>(seed);
    case PolicyKind::kPriorities:
      return std::make_unique<Priorities>(options, seed);
  }
  WT_CHECK(false, "a policy that is not there");
}

}  // namespace wavetank::simulator
