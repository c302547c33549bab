// Links what an embedding program's own tests may use.
#include "properties/verdict.h"
#include "scenarios/parse.h"
#include "simulator/sim_world.h"

int main() {
  wavetank::simulator::SimWorld world({.seed = 1});
  world.AddMachine("m1");
  const bool idle = world.RunUntilIdle();
  const bool refused = !wavetank::scenarios::ParseScenario("file", "no scenario").ok();
  return idle && refused && !wavetank::properties::AllViolationKinds().empty() ? 0 : 1;
}
