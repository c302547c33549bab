#include "scenarios/parse.h"

int main() { return wavetank::scenarios::ParseScenario("file", "no scenario").ok() ? 1 : 0; }
