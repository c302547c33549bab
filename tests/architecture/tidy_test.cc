#include "tests/architecture/tidy.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace wavetank::architecture {
namespace {

using ::testing::ElementsAre;
using ::testing::Field;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

TEST(Tidy, TheTreeIsTidy) { EXPECT_THAT(CheckStyle(ReadSourceTree()), IsEmpty()); }

TEST(Tidy, EveryFolderOfTheTreeHasAReadme) {
  EXPECT_THAT(CheckReadmes(ReadSourceTree()), IsEmpty());
}

TEST(Tidy, TheMakefileHasEveryVerbThatTheReadmesName) {
  EXPECT_THAT(CheckVerbs(ReadSourceTree()), IsEmpty());
}

auto Says(const char* text) { return ElementsAre(Field(&Finding::message, HasSubstr(text))); }

TEST(Tidy, ALongLineIsFoundAndCharactersAreCountedNotBytes) {
  EXPECT_THAT(CheckStyle({{"a.cc", std::string(101, 'x') + "\n"}}), Says("100 characters"));
  std::string accents;
  for (int i = 0; i < 100; ++i) accents += "é";
  EXPECT_THAT(CheckStyle({{"a.cc", accents + "\n"}}), IsEmpty());
}

TEST(Tidy, PagesAreReadableToo) {
  for (const char* file : {"a.js", "a.css", "a.html"}) {
    EXPECT_THAT(CheckStyle({{file, std::string(101, 'x') + "\n"}}), Says("100 characters"));
    std::string many;
    for (int i = 0; i < 501; ++i) many += "x\n";
    EXPECT_THAT(CheckStyle({{file, many}}), Says("500 lines"));
  }
}

TEST(Tidy, TabsAndSpacesAtTheEndAndAMissingNewlineAreFound) {
  EXPECT_THAT(CheckStyle({{"a.cc", "\tint x;\n"}}), Says("tab"));
  EXPECT_THAT(CheckStyle({{"Makefile", "all:\n\ttrue\n"}}), IsEmpty());
  EXPECT_THAT(CheckStyle({{"a.md", "text \n"}}), Says("space"));
  EXPECT_THAT(CheckStyle({{"a.cc", "int x;"}}), Says("newline"));
}

TEST(Tidy, MarksOfUnfinishedWorkAreFound) {
  for (const char* mark : {"// TO"
                           "DO: later",
                           "// FIX"
                           "ME",
                           "GTEST_"
                           "SKIP();",
                           "TEST(A, DIS"
                           "ABLED_B) {}"}) {
    EXPECT_THAT(CheckStyle({{"a.cc", std::string(mark) + "\n"}}), Says("finish it")) << mark;
  }
}

TEST(Tidy, AHeaderGuardThatDoesNotMatchThePathIsFound) {
  EXPECT_THAT(CheckStyle({{"runtime/task_set.h", "#ifndef TASK_SET_H\n#define TASK_SET_H\n"}}),
              Says("WAVETANK_RUNTIME_TASK_SET_H_"));
}

TEST(Tidy, UsingNamespaceInAHeaderIsFound) {
  EXPECT_THAT(CheckStyle({{"a.h",
                           "#ifndef WAVETANK_A_H_\n#define WAVETANK_A_H_\n"
                           "using namespace std;\n#endif\n"}}),
              Says("using namespace"));
}

TEST(Tidy, ADocumentThatIsNotInTheTreeIsFound) {
  const SourceFile there{"docs/faults.md", "Faults.\n"};
  EXPECT_THAT(CheckStyle({there, {"a/b.cc", "// docs/faults.md, ../docs/faults.md, faults.md.\n"}}),
              IsEmpty());
  EXPECT_THAT(CheckStyle({there, {"a/b.cc", "int x;\n// As plan.md says.\n"}}),
              Says("plan.md is not in this tree"));
  EXPECT_THAT(CheckStyle({{"a/b.cc",
                           "// As in design "
                           "section 5.\n"}}),
              Says("name a document of this tree"));
}

TEST(Tidy, AFileOfMoreThan500LinesIsFound) {
  std::string text;
  for (int i = 0; i < 501; ++i) text += "int x;\n";
  EXPECT_THAT(CheckStyle({{"a.cc", text}}), Says("split"));
}

TEST(Tidy, ASourceThatDoesNotIncludeItsOwnHeaderFirstIsFound) {
  const SourceFile header{"runtime/a.h",
                          "#ifndef WAVETANK_RUNTIME_A_H_\n#define WAVETANK_RUNTIME_A_H_\n#endif\n"};
  EXPECT_THAT(
      CheckStyle({header, {"runtime/a.cc", "#include <string>\n#include \"runtime/a.h\"\n"}}),
      Says("own header first"));
  EXPECT_THAT(CheckStyle({header, {"runtime/a.cc", "#include \"runtime/a.h\"\n"}}), IsEmpty());
}

TEST(Tidy, AFolderWithSourcesNeedsAReadme) {
  const SourceFile root{"README.md", "# Wavetank\n\n    make demo\n"};
  const SourceFile source{"runtime/sql/a.cc", "int x;\n"};
  EXPECT_THAT(CheckReadmes({root, source}),
              ElementsAre(Field(&Finding::path, "runtime/sql/README.md")));
  EXPECT_THAT(CheckReadmes({root, source, {"runtime/sql/README.md", "# SQL\n"}}), IsEmpty());
  EXPECT_THAT(CheckReadmes({root, source, {"runtime/README.md", "# Runtime\n\n## sql: …\n"}}),
              IsEmpty());
}

TEST(Tidy, AReadmeThatIsTooLongOrShowsNoCommandIsFound) {
  std::string lines;
  for (int i = 0; i < 60; ++i) lines += "line\n";
  EXPECT_THAT(CheckReadmes({{"README.md", lines}}), Says("first command"));
  EXPECT_THAT(CheckReadmes({{"README.md", "    make\n"}, {"docs/README.md", lines}}),
              Says("longer than 59"));
}

TEST(Tidy, EveryTestOfTheTreeIsBuilt) {
  EXPECT_THAT(CheckTestsAreBuilt(ReadSourceTree()), IsEmpty());
}

TEST(Tidy, ATestThatNobodyBuildsIsFound) {
  const SourceFile test{"tests/a/sum_test.cc", ""};
  const auto built_by = [&](const char* path, const char* text) {
    return CheckTestsAreBuilt({{path, text}, test}).empty();
  };
  EXPECT_TRUE(built_by("tests/CMakeLists.txt", "wavetank_test(a a/sum_test.cc)"));
  EXPECT_TRUE(built_by("tests/a/CMakeLists.txt", "wavetank_test(a\n  sum_test.cc)"));
  EXPECT_FALSE(built_by("tests/a/CMakeLists.txt", "wavetank_test(a other_sum_test.cc)"));
  EXPECT_FALSE(built_by("tests/b/CMakeLists.txt", "wavetank_test(a sum_test.cc)"));
}

TEST(Tidy, AVerbThatTheMakefileHasNotIsFound) {
  const SourceFile makefile{"Makefile", "test: all\n\t@ctest\n"};
  EXPECT_THAT(CheckVerbs({makefile, {"README.md", "    make test\n`make test RUNS=2`\n"}}),
              IsEmpty());
  EXPECT_THAT(CheckVerbs({makefile, {"README.md", "Use `make bench`.\n"}}), Says("bench"));
  EXPECT_THAT(CheckVerbs({makefile, {"a/README.md", "So:\n\n    make asan\n"}}), Says("asan"));
}

}  // namespace
}  // namespace wavetank::architecture
