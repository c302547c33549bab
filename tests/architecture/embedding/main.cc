#include <cstdio>

#include "platform/random.h"

int main() {
  wavetank::platform::Random random(1);
  std::printf("%d\n", random.Between(1, 6) <= 6 ? 0 : 1);
}
