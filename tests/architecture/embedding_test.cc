// An embedding program finds an installed Wavetank and links no more than it was promised.
#include <algorithm>
#include <filesystem>
#include <set>
#include <string>
#include <string_view>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "tests/architecture/command.h"
#include "tests/architecture/source_tree.h"

namespace wavetank::architecture {
namespace {

using ::testing::IsEmpty;
using ::testing::Not;

// Abseil, Protobuf, spdlog with fmt, ISA-L, and what every C++ program links. (Asio is headers.)
constexpr std::string_view kPromised[] = {"libabsl_", "libprotobuf.", "libspdlog.", "libfmt.",
                                          "libisal.", "libstdc++.",   "libm.",      "libgcc_s.",
                                          "libc.",    "ld-linux"};

// The shared libraries that a program names itself, without the promised ones.
std::set<std::string> UnpromisedLibraries(const std::string& program) {
  const CommandResult readelf = RunCommand("readelf --dynamic --wide " + program);
  EXPECT_EQ(readelf.status, 0) << readelf.output;
  std::set<std::string> libraries;
  for (const std::string_view line : Lines(readelf.output)) {
    const size_t open = line.find('[');
    if (line.find("(NEEDED)") == std::string_view::npos || open == std::string_view::npos) continue;
    const std::string name(line.substr(open + 1, line.find(']') - open - 1));
    const bool promised = std::ranges::any_of(
        kPromised, [&](std::string_view prefix) { return name.starts_with(prefix); });
    if (!promised) libraries.insert(name);
  }
  return libraries;
}

TEST(Embedding, ABuiltConsumerOfAnInstalledWavetankRunsAndLinksOnlyWhatWasPromised) {
  const std::string folder = BuildDirectory() + "/embedding";
  std::filesystem::remove_all(folder);
  const CommandResult built =
      RunCommand("cmake --install " + BuildDirectory() + " --prefix " + folder +
                 "/prefix > /dev/null && " + "cmake -S tests/architecture/embedding -B " + folder +
                 "/build -G Ninja" + " -DCMAKE_CXX_COMPILER=g++ -DCMAKE_PREFIX_PATH=" + folder +
                 "/prefix > /dev/null && " + "cmake --build " + folder + "/build");
  ASSERT_EQ(built.status, 0) << built.output;
  const std::string program = folder + "/build/embedding";
  const CommandResult run = RunCommand(program);
  EXPECT_EQ(run.status, 0) << run.output;
  EXPECT_THAT(UnpromisedLibraries(program), IsEmpty());
}

TEST(Embedding, ALibraryBeyondThePromiseIsFound) {
  EXPECT_THAT(UnpromisedLibraries("/proc/self/exe"), Not(IsEmpty()));  // GoogleTest
}

}  // namespace
}  // namespace wavetank::architecture
