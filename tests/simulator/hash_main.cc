// Prints the trace hashes of some runs: a fresh process must print the same.
#include <cinttypes>
#include <cstdio>

#include "simulator/fault_injector.h"
#include "simulator/swarm.h"
#include "tests/simulator/echo_cluster.h"

int main() {
  using namespace wavetank::simulator;
  for (uint64_t seed = 0; seed < 20; ++seed) {
    const Swarm swarm(seed);
    SimWorld world({.seed = seed, .policy = swarm.Policy()});
    int answered = 0;
    StartEchoCluster(world, 50, &answered);
    FaultInjector injector(world, {.random = swarm.Faults(absl::Minutes(1))});
    world.RunFor(absl::Minutes(1));
    world.Heal();
    world.RunUntil([&] { return answered >= 50; });
    std::printf("%016" PRIx64 " %" PRIu64 "\n", world.trace().hash(), world.trace().events());
  }
}
