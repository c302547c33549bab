// Shrink: the simplest choices that still fail.
//
// After Hypothesis's internal reduction (MacIver and Donaldson, "Test-Case Reduction via Test-Case
// Generation", 2020): not the generated value is made smaller but the choices that it came from, so
// every candidate is something that the generator could have made.
#ifndef WAVETANK_PROPERTIES_SHRINK_H_
#define WAVETANK_PROPERTIES_SHRINK_H_

#include <functional>

#include "properties/choices.h"

namespace wavetank::properties {

// Tries each choice at 0, then at half its height, until a whole round changes nothing or
// `tries_max` candidates were tried. REQUIRES: `fails(heights)`; `fails` is a pure function.
ChosenHeights Shrink(ChosenHeights heights, const std::function<bool(const ChosenHeights&)>& fails,
                     int tries_max);

}  // namespace wavetank::properties

#endif  // WAVETANK_PROPERTIES_SHRINK_H_
