// A machine's disk under a node that does nothing else.
#ifndef WAVETANK_TESTS_SIMULATOR_DISK_MAIN_H_
#define WAVETANK_TESTS_SIMULATOR_DISK_MAIN_H_

#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "gtest/gtest.h"

#include "simulator/sim_world.h"

namespace wavetank::simulator {

using Codes = std::vector<absl::StatusCode>;
inline constexpr auto kOk = absl::StatusCode::kOk;

inline constexpr platform::StepName kDiskHere{"test.disk_here", "",
                                              "Where a test lets a disk fault act."};

// Runs `main` as the one node of machine "m" until nothing is left to do.
inline void RunDiskMain(SimWorld& world, platform::NodeMain main) {
  if (!world.HasMachine("m")) world.AddMachine("m");
  world.Start("m", {"p", {{"n", std::move(main)}}});
  EXPECT_TRUE(world.RunUntilIdle());
}

}  // namespace wavetank::simulator

#endif  // WAVETANK_TESTS_SIMULATOR_DISK_MAIN_H_
