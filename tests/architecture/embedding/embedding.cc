// Links the runtime and the real world, and runs a node that has nothing to do.
#include "platform/real/real_process.h"
#include "platform/task.h"
#include "runtime/steps.h"

using wavetank::platform::Node;
using wavetank::platform::RunNode;
using wavetank::platform::Task;

Task<void> Nothing(Node&) { co_return; }

int main() {
  const auto status = RunNode(Nothing);
  return status.ok() && *status == 0 && !wavetank::runtime::steps::All().empty() ? 0 : 1;
}
