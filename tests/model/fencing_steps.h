// How the specification (fencing.h) goes on from a state: the rules are kept here.
#ifndef WAVETANK_TESTS_MODEL_FENCING_STEPS_H_
#define WAVETANK_TESTS_MODEL_FENCING_STEPS_H_

#include <optional>
#include <string>
#include <vector>

#include "tests/model/fencing_state.h"

namespace wavetank::model {

// All ways to go on, and what is broken, if anything.
struct Successors {
  std::vector<State> states;
  std::string broken;
};

Successors SuccessorsOf(const State& state, const Bounds& bounds, std::optional<Rule> without);

}  // namespace wavetank::model

#endif  // WAVETANK_TESTS_MODEL_FENCING_STEPS_H_
