#include "checkpoint/crc32c.h"

int main() { return wavetank::checkpoint::Crc32c("123456789") == 0xe3069283 ? 0 : 1; }
