// The inputs of a scenario by chance.
#ifndef WAVETANK_SCENARIOS_DRAW_INPUTS_H_
#define WAVETANK_SCENARIOS_DRAW_INPUTS_H_

#include <string>
#include <vector>

#include "properties/choices.h"
#include "scenarios/scenario.pb.h"

namespace wavetank::scenarios {

// The job that is to read them.
struct InputsFor {
  const std::vector<std::string>& names;  // of the inputs
  bool replayed = false;                  // it has no oracle: its lines are `records`
  bool structured = false;
  bool windowed = false;  // its lines begin with a time
  bool socket = false;
};

// One of each name. May set a parameter of the scenario's job that goes with what comes.
void DrawInputs(properties::Choices& choices, const InputsFor& inputs_for, Scenario& scenario);

}  // namespace wavetank::scenarios

#endif  // WAVETANK_SCENARIOS_DRAW_INPUTS_H_
