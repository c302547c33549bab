#include "tests/architecture/layers.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace wavetank::architecture {
namespace {

using ::testing::ElementsAre;
using ::testing::Field;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

TEST(Layers, EveryIncludeOfTheTreeIsAllowed) {
  EXPECT_THAT(CheckIncludes(ReadSourceTree()), IsEmpty());
}

TEST(Layers, EveryTargetOfTheTreeLinksWhatItsFolderIncludes) {
  EXPECT_THAT(CheckTargets(ReadSourceTree()), IsEmpty());
}

TEST(Layers, AnIncludeOfAHigherLayerIsFound) {
  EXPECT_THAT(CheckIncludes({{"checkpoint/log.h", "\n#include \"runtime/batch.h\"\n"}}),
              ElementsAre(AllOf(Field(&Finding::line, 2),
                                Field(&Finding::message, HasSubstr("may not include runtime")))));
}

TEST(Layers, TheRuntimeDoesNotKnowWhichWorldItIsIn) {
  EXPECT_EQ(CheckIncludes({{"runtime/a.cc", "#include \"platform/real/posix_disk.h\"\n"}}).size(),
            1u);
  EXPECT_EQ(CheckIncludes({{"runtime/a.cc", "#include \"simulator/sim_disk.h\"\n"}}).size(), 1u);
  EXPECT_EQ(CheckIncludes({{"simulator/a.cc", "#include \"runtime/batch.h\"\n"}}).size(), 1u);
}

TEST(Layers, NothingIncludesTestsBenchmarksOrExamples) {
  for (const char* header : {"tests/a.h", "benchmarks/a.h", "examples/a.h"}) {
    const std::string line = std::string("#include \"") + header + "\"\n";
    EXPECT_EQ(CheckIncludes({{"scenarios/a.cc", line}}).size(), 1u) << header;
  }
}

TEST(Layers, ASourceInAFolderOfItsOwnIsFound) {
  EXPECT_EQ(CheckIncludes({{"util/strings.cc", "int x;\n"}}).size(), 1u);
}

TEST(Layers, ALibraryOutsideItsLayersIsFound) {
  EXPECT_EQ(CheckIncludes({{"runtime/a.cc", "#include <asio.hpp>\n"}}).size(), 1u);
  EXPECT_EQ(CheckIncludes({{"simulator/a.cc", "#include \"gtest/gtest.h\"\n"}}).size(), 1u);
  EXPECT_THAT(CheckIncludes({{"platform/real/a.cc", "#include <asio.hpp>\n"}}), IsEmpty());
}

const SourceFile kPlatform{"platform/CMakeLists.txt", "wavetank_library(platform a.cc)\n"};
const SourceFile kCheckpoint{"checkpoint/CMakeLists.txt",
                             "wavetank_library(checkpoint a.cc # wavetank::runtime\n"
                             "  DEPENDS wavetank::platform)\n"};

TEST(Layers, ATargetThatLinksAHigherLayerIsFound) {
  const SourceFile upside_down{"platform/real/CMakeLists.txt",
                               "wavetank_library(real a.cc\n  DEPENDS wavetank::checkpoint)\n"};
  EXPECT_THAT(CheckTargets({kPlatform, kCheckpoint, upside_down}),
              ElementsAre(Field(&Finding::message,
                                HasSubstr("platform/real may not link wavetank::checkpoint"))));
}

TEST(Layers, AnIncludedLayerThatTheTargetDoesNotLinkIsFound) {
  const SourceFile include{"runtime/batch.cc", "#include \"checkpoint/log.h\"\n"};
  const SourceFile forgets{"runtime/CMakeLists.txt",
                           "wavetank_library(runtime batch.cc DEPENDS wavetank::platform)\n"};
  const SourceFile links{"runtime/CMakeLists.txt",
                         "wavetank_library(runtime batch.cc DEPENDS wavetank::checkpoint)\n"};
  EXPECT_EQ(CheckTargets({kPlatform, kCheckpoint, include, forgets}).size(), 1u);
  EXPECT_THAT(CheckTargets({kPlatform, kCheckpoint, include, links}), IsEmpty());
}

}  // namespace
}  // namespace wavetank::architecture
