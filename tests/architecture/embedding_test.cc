// An embedding program finds an installed Wavetank and links no more than it was promised.
#include <algorithm>
#include <filesystem>
#include <set>
#include <sstream>
#include <string>
#include <string_view>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "tests/architecture/command.h"

namespace wavetank::architecture {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

// Abseil, Protobuf, spdlog with fmt, ISA-L, LZ4, Zstandard, Nettle, and what C++ programs link anyway.
// (Asio and XXH3 are headers.)
constexpr std::string_view kPromised[] = {
    "libwavetank_", "libabsl_", "libprotobuf.", "libspdlog.",  "libfmt.",  "libisal.",
    "liblz4.",      "libzstd.", "libnettle.",   "libpthread.", "-latomic", "-lpthread"};

// The libraries, static and shared, in the command that links a program, without the promised ones.
std::set<std::string> UnpromisedLibraries(const std::string& link_command) {
  std::set<std::string> libraries;
  std::istringstream words(link_command);
  for (std::string word; words >> word;) {
    const std::string name = word.substr(word.rfind('/') + 1);
    const bool is_library =
        name.starts_with("-l") || name.ends_with(".a") || name.find(".so") != std::string::npos;
    const bool promised = std::ranges::any_of(
        kPromised, [&](std::string_view prefix) { return name.starts_with(prefix); });
    if (is_library && !promised) libraries.insert(name);
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
  for (const char* program : {"/build/embedding", "/build/embedding_tests"}) {
    const CommandResult run = RunCommand(folder + program);
    EXPECT_EQ(run.status, 0) << program << ": " << run.output;
  }
  const CommandResult link =
      RunCommand("ninja -C " + folder + "/build -t commands embedding | tail -n 1");
  EXPECT_THAT(link.output, HasSubstr("libwavetank_platform.a"));
  EXPECT_THAT(UnpromisedLibraries(link.output), IsEmpty());
}

TEST(Embedding, ALibraryBeyondThePromiseIsFound) {
  EXPECT_THAT(UnpromisedLibraries("c++ main.o -o main /usr/lib/libabsl_status.a "
                                  "/usr/lib/librdkafka.so /usr/lib/libgtest.a -lz"),
              UnorderedElementsAre("librdkafka.so", "libgtest.a", "-lz"));
}

}  // namespace
}  // namespace wavetank::architecture
