#include <cstdio>
#include <string>

#include "gtest/gtest.h"

namespace wavetank::simulator {
namespace {

std::string OutputOfAFreshProcess() {
  std::string output;
  std::FILE* pipe = ::popen(WAVETANK_SIMULATOR_HASH, "r");
  EXPECT_NE(pipe, nullptr);
  char buffer[4096];
  for (size_t read; (read = std::fread(buffer, 1, sizeof buffer, pipe)) > 0;) {
    output.append(buffer, read);
  }
  EXPECT_EQ(::pclose(pipe), 0);
  return output;
}

TEST(Determinism, FreshProcessesWithOtherAddressesGiveTheSameHashes) {
  const std::string first = OutputOfAFreshProcess();
  EXPECT_GT(first.size(), 20u * 17);
  EXPECT_EQ(first, OutputOfAFreshProcess());
}

}  // namespace
}  // namespace wavetank::simulator
