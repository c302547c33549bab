// Draws what befalls the requests to an external system, a partitioned log: each where the run so
// far shows that a request comes which it can befall.
#ifndef WAVETANK_SCENARIOS_EXPLORE_DRAW_EXTERNAL_H_
#define WAVETANK_SCENARIOS_EXPLORE_DRAW_EXTERNAL_H_

#include <string>

#include "properties/choices.h"
#include "scenarios/explore/aim.h"
#include "scenarios/explore/draw_faults.h"
#include "scenarios/scenario.pb.h"

namespace wavetank::scenarios {

// Adds it, or two that belong together: a request that is done late by a log that is slow, or one
// that something befalls while whoever waits for it dies or stands still. False: none comes any
// more. REQUIRES: there is an external system.
bool AddFaultOfRequests(const properties::Choices& choices, const std::string& name,
                        const FaultTargets& targets, const Aim& aim, Scenario& scenario);

}  // namespace wavetank::scenarios

#endif  // WAVETANK_SCENARIOS_EXPLORE_DRAW_EXTERNAL_H_
