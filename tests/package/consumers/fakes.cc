#include "scenarios/fakes/line_server.h"

int main() { return wavetank::scenarios::fakes::steps::kLineServerSteps[0] == nullptr ? 1 : 0; }
