#include "scenarios/scenario.pb.h"

int main() {
  wavetank::scenarios::Scenario scenario;
  scenario.set_name("a");
  return scenario.name() == "a" ? 0 : 1;
}
