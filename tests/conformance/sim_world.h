// The simulator as arms of the suite: one for each way of scheduling.
#ifndef WAVETANK_TESTS_CONFORMANCE_SIM_WORLD_H_
#define WAVETANK_TESTS_CONFORMANCE_SIM_WORLD_H_

#include <vector>

#include "tests/conformance/world.h"

namespace wavetank::conformance {

std::vector<Arm> SimArms();

}  // namespace wavetank::conformance

#endif  // WAVETANK_TESTS_CONFORMANCE_SIM_WORLD_H_
