// What a failing test shows of a run, to people.
#ifndef WAVETANK_SCENARIOS_TESTING_EXPLANATION_H_
#define WAVETANK_SCENARIOS_TESTING_EXPLANATION_H_

#include <string>

#include "scenarios/report.h"

namespace wavetank::testing {

// The timeline around the first violation, and all that befell the world before it; of a run that
// holds, how it ends.
std::string WhatLedToIt(const scenarios::RunReport& report);

// Writes the run's page into the host's directory for temporary files, under the run's name
// and seed, over one of the same; a line that says where, or why there is none.
std::string WherePageIs(const scenarios::RunReport& report);

}  // namespace wavetank::testing

#endif  // WAVETANK_SCENARIOS_TESTING_EXPLANATION_H_
