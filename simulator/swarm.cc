#include "simulator/swarm.h"

#include <algorithm>
#include <bit>

#include "platform/check.h"
#include "simulator/fault_table.h"

namespace wavetank::simulator {

using platform::Random;

std::vector<RandomFault> Swarm::Faults(absl::Duration until) const {
  std::vector<RandomFault> faults;
  for (const FaultInfo& info : FaultTable()) {
    Random family = random_.Fork("family", {static_cast<uint64_t>(info.family)});
    const bool family_on = family.Below(3) == 0;
    Random kind = random_.Fork(info.name);
    const bool kind_on = kind.Below(2) == 0;
    const int64_t times = int64_t{1} << kind.Below(5);
    if (!info.on || !family_on || !kind_on) continue;
    faults.push_back({.kind = info.kind,
                      .rate = std::min<int64_t>(info.rate * times, 1'000'000),
                      .until = until});
  }
  return faults;
}

PolicyOptions Swarm::Policy() const {
  Random draw = random_.Fork("policy");
  PolicyOptions policy;
  policy.kind = static_cast<PolicyKind>(draw.Below(3));
  policy.change_points = static_cast<int>(draw.Below(6));
  policy.hold_back_max = Knob("hold back", absl::Microseconds(100), absl::Milliseconds(50));
  return policy;
}

int64_t Swarm::Knob(std::string_view name, int64_t low, int64_t high) const {
  WT_CHECK(0 <= low && low <= high);
  Random draw = random_.Fork("knob", {platform::StableHash(name)});
  const uint64_t manner = draw.Below(8);
  if (manner == 0) return low;
  if (manner == 1) return high;
  const int most_bits = std::bit_width(static_cast<uint64_t>(high - low));
  const uint64_t bits = draw.Below(static_cast<uint64_t>(most_bits) + 1);
  const int64_t reach =
      std::min<int64_t>(high - low, (int64_t{1} << std::min<uint64_t>(bits, 62)) - 1);
  return low + draw.Between(0, reach);
}

}  // namespace wavetank::simulator
