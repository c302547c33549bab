// What befalls the owners of logs: two of them live at once, and one stands still, or dies, between
// two steps of the other.
#ifndef WAVETANK_SCENARIOS_EXPLORE_DRAW_OWNERS_H_
#define WAVETANK_SCENARIOS_EXPLORE_DRAW_OWNERS_H_

#include <string>

#include "properties/choices.h"
#include "scenarios/explore/aim.h"
#include "scenarios/explore/draw_faults.h"
#include "scenarios/scenario.pb.h"

namespace wavetank::scenarios {

// A driver that is replaced while it lives, or, while one that was replaced so stands still,
// something that befalls its replacement until then. False: no driver of this job can be replaced,
// or none has come to a step of a log.
bool AddFaultOfOwners(const properties::Choices& choices, const std::string& name,
                      const FaultTargets& targets, const Aim& aim, Scenario& scenario);

}  // namespace wavetank::scenarios

#endif  // WAVETANK_SCENARIOS_EXPLORE_DRAW_OWNERS_H_
