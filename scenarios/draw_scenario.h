// Draws a scenario: a job with its parameters, a cluster, its input, and faults that the guarantees
// cover. What is drawn is a Scenario itself, so whatever fails can be saved, replayed and shrunk.
#ifndef WAVETANK_SCENARIOS_DRAW_SCENARIO_H_
#define WAVETANK_SCENARIOS_DRAW_SCENARIO_H_

#include <string>

#include "properties/choices.h"
#include "scenarios/scenario.pb.h"

namespace wavetank::scenarios {

// One of the built-in jobs (jobs.h). With every choice at its low end: a word count in one process,
// one record, no faults. It expects the guarantee of the job's engine.
Scenario DrawScenario(properties::Choices& choices);

// As a file that `wavetank run` replays. `comment` is a line for people.
std::string ToText(const Scenario& scenario, const std::string& comment);

}  // namespace wavetank::scenarios

#endif  // WAVETANK_SCENARIOS_DRAW_SCENARIO_H_
