// Swarm: what a seed makes of a run: most families of faults off, a few fully on, and run-time
// knobs anywhere in their ranges.
//
// After Groce et al., "Swarm testing", 2012: runs that each leave most features out reach states
// that runs with a little of everything never do.
#ifndef WAVETANK_SIMULATOR_SWARM_H_
#define WAVETANK_SIMULATOR_SWARM_H_

#include <cstdint>
#include <string_view>
#include <vector>

#include "absl/time/time.h"

#include "platform/random.h"
#include "simulator/fault_plan.h"
#include "simulator/policy.h"

namespace wavetank::simulator {

class Swarm {
 public:
  explicit Swarm(uint64_t seed) : random_(platform::Random(seed).Fork("swarm")) {}

  // The faults that this seed turns on, among those that the table allows, in a window that ends at
  // `until`.
  std::vector<RandomFault> Faults(absl::Duration until) const;
  PolicyOptions Policy() const;
  // A knob of that name: often an end of its range, else its order of magnitude is drawn first.
  // REQUIRES: 0 <= low <= high.
  int64_t Knob(std::string_view name, int64_t low, int64_t high) const;
  absl::Duration Knob(std::string_view name, absl::Duration low, absl::Duration high) const {
    return absl::Nanoseconds(
        Knob(name, absl::ToInt64Nanoseconds(low), absl::ToInt64Nanoseconds(high)));
  }

 private:
  const platform::Random random_;
};

}  // namespace wavetank::simulator

#endif  // WAVETANK_SIMULATOR_SWARM_H_
