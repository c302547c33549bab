#include <algorithm>
#include <iterator>

#include "tests/conformance/real_world.h"
#include "tests/conformance/sim_world.h"
#include "tests/conformance/world.h"

namespace wavetank::conformance {

std::vector<Arm> AllArms() {
  std::vector<Arm> arms = SimArms();
  arms.push_back(RealArm());
  return arms;
}

std::vector<Arm> ArmsThatLosePower() {
  std::vector<Arm> arms;
  std::ranges::copy_if(AllArms(), std::back_inserter(arms), &Arm::loses_power);
  return arms;
}

std::ostream& operator<<(std::ostream& out, const Ending& ending) {
  switch (ending.kind) {
    case Ending::kFinished:
      return out << "finished with " << ending.status;
    case Ending::kDied:
      return out << "died";
    case Ending::kPaused:
      break;
  }
  return out << "paused";
}

}  // namespace wavetank::conformance
