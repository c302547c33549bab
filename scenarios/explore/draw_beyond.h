// Draws a fault that goes beyond what the guarantees cover (docs/faults.md): each is told by name,
// or changes no answer.
#ifndef WAVETANK_SCENARIOS_EXPLORE_DRAW_BEYOND_H_
#define WAVETANK_SCENARIOS_EXPLORE_DRAW_BEYOND_H_

#include <string>

#include "scenarios/explore/aim.h"
#include "scenarios/explore/draw_faults.h"

namespace wavetank::scenarios {

// Adds it, and to what is expected the error that tells of it. False: there is none to add.
bool AddFaultBeyond(const properties::Choices& choices, const std::string& name,
                    const FaultTargets& targets, const Aim& aim, Scenario& scenario);

}  // namespace wavetank::scenarios

#endif  // WAVETANK_SCENARIOS_EXPLORE_DRAW_BEYOND_H_
