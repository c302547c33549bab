// Reductions: the ways in which a scenario can be made smaller, as a table.
//
// A reduction gives candidates, each smaller than the scenario by one thing, the boldest first;
// that they are valid is not promised. None undoes another, so applying them comes to an end.
#ifndef WAVETANK_SCENARIOS_SHRINK_REDUCTIONS_H_
#define WAVETANK_SCENARIOS_SHRINK_REDUCTIONS_H_

#include <functional>
#include <span>
#include <string>
#include <vector>

#include "scenarios/scenario.pb.h"

namespace wavetank::scenarios {

struct Reduction {
  std::string name;  // "fewer faults"
  std::function<std::vector<Scenario>(const Scenario&)> candidates;
};

// In the order in which they are tried.
std::span<const Reduction> Reductions();

}  // namespace wavetank::scenarios

#endif  // WAVETANK_SCENARIOS_SHRINK_REDUCTIONS_H_
