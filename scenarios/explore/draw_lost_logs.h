// Files of logs that go, or become what they were, while whoever has them in memory dies: what
// counts is missing, which the next owner must say, by name, however little of it is.
#ifndef WAVETANK_SCENARIOS_EXPLORE_DRAW_LOST_LOGS_H_
#define WAVETANK_SCENARIOS_EXPLORE_DRAW_LOST_LOGS_H_

#include <string>

#include "properties/choices.h"
#include "scenarios/explore/draw_faults.h"
#include "scenarios/scenario.pb.h"
#include "scenarios/survey.h"

namespace wavetank::scenarios {

// Beyond the contract: what the scenario expects then says so. False: no log has come so far.
// REQUIRES: the targets have known files.
bool AddLossOfALog(const properties::Choices& choices, const std::string& name,
                   const FaultTargets& targets, const Survey& survey, Scenario& scenario);

}  // namespace wavetank::scenarios

#endif  // WAVETANK_SCENARIOS_EXPLORE_DRAW_LOST_LOGS_H_
