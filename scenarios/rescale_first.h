// An operator who rescales the state of a job's queries (runtime/structured/rescale.h) between two
// starts of its driver.
#ifndef WAVETANK_SCENARIOS_RESCALE_FIRST_H_
#define WAVETANK_SCENARIOS_RESCALE_FIRST_H_

#include <string>
#include <vector>

#include "platform/node.h"
#include "runtime/job/deployment.h"

namespace wavetank::scenarios {

// Lays the state in each of the checkpoints out in so many partitions, where that is not refused (a
// batch is under way, say), and then is `main`. What fails is in the node's log.
platform::NodeMain RescaleFirst(int partitions, std::vector<std::string> checkpoints,
                                runtime::Deployment deployment, platform::NodeMain main);

}  // namespace wavetank::scenarios

#endif  // WAVETANK_SCENARIOS_RESCALE_FIRST_H_
