// What is drawn of who may do another's work: a driver that stands by, and a second attempt of a
// task that takes long.
#ifndef WAVETANK_SCENARIOS_EXPLORE_DRAW_TAKEOVER_H_
#define WAVETANK_SCENARIOS_EXPLORE_DRAW_TAKEOVER_H_

#include "properties/choices.h"
#include "scenarios/scenario.pb.h"

namespace wavetank::scenarios {

// In some scenarios of several machines. REQUIRES: the cluster is drawn.
void DrawStandby(const properties::Choices& choices, Scenario& scenario);
// In some; the options are such that it happens.
void DrawSpeculation(const properties::Choices& choices, Job& job);

}  // namespace wavetank::scenarios

#endif  // WAVETANK_SCENARIOS_EXPLORE_DRAW_TAKEOVER_H_
