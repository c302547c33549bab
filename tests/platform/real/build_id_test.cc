#include "platform/real/build_id.h"

#include <fstream>
#include <iterator>
#include <string>

#include "absl/strings/escaping.h"
#include "gtest/gtest.h"

namespace wavetank::platform {
namespace {

TEST(BuildId, IsTheOneInTheProgramsFile) {
  const std::string id = BuildId();
  ASSERT_EQ(id.size(), 40U);
  std::ifstream file("/proc/self/exe", std::ios::binary);
  const std::string program(std::istreambuf_iterator<char>(file), {});
  // The note: sizes of name and value, its type, its name, its value.
  const std::string note = std::string("\4\0\0\0\x14\0\0\0\3\0\0\0GNU\0", 16);
  EXPECT_NE(program.find(note + absl::HexStringToBytes(id)), std::string::npos);
}

}  // namespace
}  // namespace wavetank::platform
