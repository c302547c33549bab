#include "runtime/steps.h"

#include "runtime/cluster/block_steps.h"
#include "runtime/dstream/stream_steps.h"

namespace wavetank::runtime::steps {

std::vector<const StepName*> All() {
  std::vector<const StepName*> all;
  all.insert(all.end(), std::begin(kClusterSteps), std::end(kClusterSteps));
  all.insert(all.end(), std::begin(kBlockSteps), std::end(kBlockSteps));
  all.insert(all.end(), std::begin(kJobSteps), std::end(kJobSteps));
  all.insert(all.end(), std::begin(kStructuredSteps), std::end(kStructuredSteps));
  all.insert(all.end(), std::begin(kInputSteps), std::end(kInputSteps));
  all.insert(all.end(), std::begin(kDStreamSteps), std::end(kDStreamSteps));
  all.insert(all.end(), std::begin(kStreamSteps), std::end(kStreamSteps));
  return all;
}

const StepName* Find(std::string_view name) {
  for (const StepName* step : All()) {
    if (step->name == name || (!step->alias.empty() && step->alias == name)) return step;
  }
  return nullptr;
}

}  // namespace wavetank::runtime::steps
