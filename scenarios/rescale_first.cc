#include "scenarios/rescale_first.h"

#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"

#include "runtime/structured/rescale.h"

namespace wavetank::scenarios {
namespace {

using platform::Task;

Task<void> Run(platform::Node& node, int partitions, std::vector<std::string> checkpoints,
               runtime::Deployment deployment, platform::NodeMain main) {
  {
    const std::unique_ptr<checkpoint::Store> store = runtime::OpenStore(node, deployment);
    for (const std::string& checkpoint : checkpoints) {
      const auto rescaled =
          co_await runtime::RescaleCheckpoint(node, *store, checkpoint, partitions);
      if (rescaled.ok()) continue;
      node.Log(platform::LogLevel::kWarning,
               absl::StrCat(checkpoint, ": not rescaled: ", rescaled.status().message()));
    }
  }
  co_await main(node);
}

}  // namespace

platform::NodeMain RescaleFirst(int partitions, std::vector<std::string> checkpoints,
                                runtime::Deployment deployment, platform::NodeMain main) {
  return [partitions, checkpoints = std::move(checkpoints), deployment = std::move(deployment),
          main = std::move(main)](platform::Node& node) {
    return Run(node, partitions, checkpoints, deployment, main);
  };
}

}  // namespace wavetank::scenarios
