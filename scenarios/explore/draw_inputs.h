// The inputs of a scenario by chance.
#ifndef WAVETANK_SCENARIOS_EXPLORE_DRAW_INPUTS_H_
#define WAVETANK_SCENARIOS_EXPLORE_DRAW_INPUTS_H_

#include <map>
#include <string>
#include <vector>

#include "properties/choices.h"
#include "scenarios/scenario.pb.h"

namespace wavetank::scenarios {

// The job that is to read them.
struct InputsFor {
  const std::vector<std::string>& names;          // of the inputs
  const std::map<std::string, Records>& schemas;  // of some of them
  bool records = false;  // its lines are `records`, a key and perhaps a number each
  bool numbers = true;
  bool structured = false;
  bool timed = false;  // its lines begin with a time
  bool socket = false;
  bool log = false;      // they are topics
  bool forgets = false;  // it has the parameter "forget-after"
};

// One of each name. May set a parameter of the scenario's job that goes with what comes.
void DrawInputs(const properties::Choices& choices, const InputsFor& inputs_for,
                Scenario& scenario);

}  // namespace wavetank::scenarios

#endif  // WAVETANK_SCENARIOS_EXPLORE_DRAW_INPUTS_H_
