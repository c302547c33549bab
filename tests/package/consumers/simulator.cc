#include "simulator/sim_world.h"

int main() {
  wavetank::simulator::SimWorld world({.seed = 1});
  world.AddMachine("m1");
  return world.RunUntilIdle() ? 0 : 1;
}
