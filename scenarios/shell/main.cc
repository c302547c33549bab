#include "scenarios/shell/command_line.h"

int main(int argc, char** argv) { return wavetank::scenarios::CommandLine().Run(argc, argv); }
