// What a job's workers run.
#include <memory>

#include "runtime/dstream/batch_task.h"
#include "runtime/dstream/driver.h"
#include "runtime/dstream/receiver_supervisor.h"
#include "runtime/dstream/wire.h"

namespace wavetank::runtime {

void RegisterTasks(const StreamingGraph& graph, TaskRegistry& registry) {
  registry[kBatchTaskKind] = std::make_unique<BatchTaskBody>(graph);
  registry[kReceiverTaskKind] = std::make_unique<ReceiverBody>(graph);
}

Task<void> DrainReceivers(const TaskRegistry& registry) {
  const auto found = registry.find(kReceiverTaskKind);
  if (found == registry.end()) co_return;
  co_await dynamic_cast<ReceiverBody&>(*found->second).Drain();
}

}  // namespace wavetank::runtime
