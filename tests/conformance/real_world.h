// The real world as an arm of the suite: a forked child for each process, a folder for each
// machine's disk, 127.0.0.1 for every machine.
#ifndef WAVETANK_TESTS_CONFORMANCE_REAL_WORLD_H_
#define WAVETANK_TESTS_CONFORMANCE_REAL_WORLD_H_

#include "tests/conformance/world.h"

namespace wavetank::conformance {

Arm RealArm();

}  // namespace wavetank::conformance

#endif  // WAVETANK_TESTS_CONFORMANCE_REAL_WORLD_H_
