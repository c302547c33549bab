#include "scenarios/testing/explore.h"
#include "scenarios/testing/property_test.h"
#include "scenarios/testing/sink_conformance.h"
#include "scenarios/testing/source_conformance.h"

namespace {

// A sink that forgets everything.
wavetank::platform::Task<absl::Status> Forget(wavetank::runtime::PreparedBatch&) {
  co_return absl::OkStatus();
}
wavetank::platform::Task<absl::StatusOr<std::vector<std::string>>> SeeNothing(
    wavetank::platform::Node&, wavetank::checkpoint::Store&) {
  co_return std::vector<std::string>();
}

}  // namespace

int main() {
  using wavetank::testing::Cluster;
  // A job without a query.
  const auto refused = wavetank::testing::PropertyTest(
      {.name = "none", .structured = [](auto&, const auto&) {}}, {.runs = 1});
  const auto forgetful = wavetank::testing::SinkConformance(
      {.format = {.name = "forgetful", .meaning = "forgets", .apply = Forget}, .read = SeeNothing});
  const bool lost = forgetful.Is("may lose rows") && !forgetful.ok();
  const bool found = wavetank::testing::Explore([](Cluster&) {}, {.runs = 1}).has_value();
  return found || refused.ok() || !lost ? 1 : 0;
}
