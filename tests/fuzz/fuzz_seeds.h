// The inputs that a fuzzing program begins with, made by the encoders of today.
#ifndef WAVETANK_TESTS_FUZZ_FUZZ_SEEDS_H_
#define WAVETANK_TESTS_FUZZ_FUZZ_SEEDS_H_

#include <string>
#include <vector>

namespace wavetank::fuzz {

// Each program defines it.
std::vector<std::string> Seeds();

}  // namespace wavetank::fuzz

#endif  // WAVETANK_TESTS_FUZZ_FUZZ_SEEDS_H_
