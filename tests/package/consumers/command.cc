#include "scenarios/shell/command_line.h"

int main() {
  char name[] = "consumer";
  char version[] = "--version";
  char* arguments[] = {name, version};
  return wavetank::scenarios::CommandLine().Run(2, arguments);
}
