#include "scenarios/testing/explore.h"
#include "scenarios/testing/property_test.h"

int main() {
  using wavetank::testing::Cluster;
  // A job without a query.
  const auto refused = wavetank::testing::PropertyTest(
      {.name = "none", .structured = [](auto&, const auto&) {}}, {.runs = 1});
  return wavetank::testing::Explore([](Cluster&) {}, {.runs = 1}) || refused.ok() ? 1 : 0;
}
