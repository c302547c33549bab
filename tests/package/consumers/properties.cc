#include "properties/verdict.h"

int main() { return wavetank::properties::AllViolationKinds().empty() ? 1 : 0; }
