// The determinism rules: what makes a run depend on anything but its scenario and seed, as far as
// the text of the sources shows it.
#ifndef WAVETANK_TESTS_ARCHITECTURE_DETERMINISM_H_
#define WAVETANK_TESTS_ARCHITECTURE_DETERMINISM_H_

#include <vector>

#include "tests/architecture/source_tree.h"

namespace wavetank::architecture {

// Breaches in the sources and .proto files given; each message names the replacement. Only the real
// world, the command's shell and benchmarks may reach the outside. Tests may too, but may not wait
// on the wall clock.
std::vector<Finding> CheckDeterminism(const std::vector<SourceFile>& files);

}  // namespace wavetank::architecture

#endif  // WAVETANK_TESTS_ARCHITECTURE_DETERMINISM_H_
