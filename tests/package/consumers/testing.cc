#include "scenarios/testing/explore.h"

int main() {
  using wavetank::testing::Cluster;
  return wavetank::testing::Explore([](Cluster&) {}, {.runs = 1}) ? 1 : 0;
}
