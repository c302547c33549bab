// World: what the conformance suite asks of a world, real or simulated, so that one test a
// guarantee runs against both.
//
// A test places processes on machines and runs them. Their bodies are coroutines over the seam that
// judge with gtest's EXPECT_ macros. Processes share no memory with each other or with the test
// (the real world forks each): they talk through the seam alone, and what a body captures is a
// copy. A machine's disk outlives Run, so a second Run sees what the first one left.
#ifndef WAVETANK_TESTS_CONFORMANCE_WORLD_H_
#define WAVETANK_TESTS_CONFORMANCE_WORLD_H_

#include <functional>
#include <memory>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "gtest/gtest.h"

#include "platform/network.h"
#include "platform/node.h"
#include "platform/step.h"
#include "platform/task.h"

namespace wavetank::conformance {

// Steps at which every world acts on the process that reaches them.
inline constexpr platform::StepName kDie{"conformance.die", "",
                                         "The process dies here, as by kill -9."};
inline constexpr platform::StepName kPause{"conformance.pause", "",
                                           "The process stops here until the run is over."};
// Only in worlds with Arm::loses_power.
inline constexpr platform::StepName kLosePower{"conformance.lose_power", "",
                                               "The machine of the process loses power here."};

struct WorldOptions {
  platform::NetworkOptions network;
  // In the simulator a draw says whether it was long enough.
  absl::Duration exit_drain = absl::Seconds(1);
};

struct PlacedProcess {
  std::string machine;
  platform::ProcessSpec process;
};

// How a process ended.
struct Ending {
  enum Kind {
    kFinished,  // every main returned (status 0), or a node called Exit(status)
    kDied,      // at kDie or kLosePower
    kPaused,    // still at kPause when all others had ended
  };
  Kind kind = kFinished;
  int status = 0;

  friend bool operator==(const Ending&, const Ending&) = default;
};

class World {
 public:
  virtual ~World() = default;

  // Starts the processes together, in order, and runs until each has ended or waits at kPause. The
  // endings are in the same order. A run that does not end within a generous bound fails the test.
  virtual std::vector<Ending> Run(std::vector<PlacedProcess> processes) = 0;

  // An address on `machine` that nobody uses: each call gives another.
  virtual std::string FreshAddress(const std::string& machine) = 0;
  // The machine's name for Listen and Connect: FreshAddress without the port.
  virtual std::string Host(const std::string& machine) = 0;
  // Keeps the node's loop busy for that long, as a user function does: nothing else on it runs.
  virtual platform::Task<void> KeepBusy(platform::Node& node, absl::Duration duration) = 0;

  // One process of one node on machine "alpha", expected to finish with status 0.
  void RunNode(platform::NodeMain main) {
    const std::vector<Ending> endings = Run({Process("alpha", "test", std::move(main))});
    EXPECT_EQ(endings, std::vector<Ending>{Ending{}});
  }
  static PlacedProcess Process(std::string machine, std::string name, platform::NodeMain main) {
    return {std::move(machine), {std::move(name), {{"node", std::move(main)}}}};
  }
};

// One way of making worlds: "Real", "SimFifo", "SimShuffleSeed7"...
struct Arm {
  std::string name;  // letters and digits
  bool loses_power = false;
  std::function<std::unique_ptr<World>(const WorldOptions&)> make;

  friend void PrintTo(const Arm& arm, std::ostream* out) { *out << arm.name; }
};

// The arms against which the suite is instantiated (arms.cc).
std::vector<Arm> AllArms();
std::vector<Arm> ArmsThatLosePower();

// The base of every suite: `TEST_P(DiskConformance, ...) { world().RunNode(...); }`.
class Conformance : public testing::TestWithParam<Arm> {
 protected:
  // The world of this test, made at the first call. `options` count at that call.
  World& world(const WorldOptions& options = {}) {
    if (world_ == nullptr) world_ = GetParam().make(options);
    return *world_;
  }

 private:
  std::unique_ptr<World> world_;
};

inline std::string ArmName(const testing::TestParamInfo<Arm>& info) { return info.param.name; }

std::ostream& operator<<(std::ostream& out, const Ending& ending);

}  // namespace wavetank::conformance

#endif  // WAVETANK_TESTS_CONFORMANCE_WORLD_H_
