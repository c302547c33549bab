// StepCoverage: which steps were reached, with which attributes, by which nodes, and how often.
#ifndef WAVETANK_SIMULATOR_STEP_COVERAGE_H_
#define WAVETANK_SIMULATOR_STEP_COVERAGE_H_

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"

#include "platform/step.h"

namespace wavetank::simulator {

struct StepCount {
  std::string step;
  std::string process;
  std::string node;
  std::vector<std::pair<std::string, platform::StepValue>> attributes;
  uint64_t count = 0;
};

class StepCoverage {
 public:
  // A hash of the step, its numbers and the node's name. Text is not in it: it says whose step that
  // is, which the calls on its files tell as well.
  uint64_t Add(const platform::StepEvent& event);
  // In the order in which they were first reached.
  const std::vector<StepCount>& counts() const { return counts_; }
  uint64_t Count(std::string_view step) const;

 private:
  std::vector<StepCount> counts_;
  absl::flat_hash_map<uint64_t, size_t> by_hash_;  // into counts_; never iterated
};

}  // namespace wavetank::simulator

#endif  // WAVETANK_SIMULATOR_STEP_COVERAGE_H_
