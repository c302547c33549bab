#include "platform/real/real_process.h"

using wavetank::platform::Node;

wavetank::platform::Task<void> Nothing(Node&) { co_return; }

int main() {
  const auto status = wavetank::platform::RunNode(Nothing);
  return status.ok() ? *status : 1;
}
