#include "tests/architecture/includes.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace wavetank::architecture {
namespace {

using ::testing::ElementsAre;
using ::testing::Field;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

TEST(Includes, EveryHeaderIncludesWhatItNames) {
  EXPECT_THAT(CheckNamesAreIncluded(ReadSourceTree()), IsEmpty());
}

auto Says(const char* text) { return ElementsAre(Field(&Finding::message, HasSubstr(text))); }

TEST(Includes, ANameWithoutItsHeaderIsFound) {
  EXPECT_THAT(CheckNamesAreIncluded({{"a.h", "std::optional<int> a;\n"}}),
              Says("std::optional: include optional"));
  EXPECT_THAT(CheckNamesAreIncluded(
                  {{"a.h", "#include \"absl/status/status.h\"\nabsl::StatusOr<int> A();\n"}}),
              Says("absl::StatusOr: include absl/status/statusor.h"));
  EXPECT_THAT(CheckNamesAreIncluded({{"a.h", "#include <string_view>\nstd::string a;\n"}}),
              Says("std::string: include string"));
}

TEST(Includes, AHeaderOfTheTreeMayIncludeItForAnother) {
  const SourceFile user = {"b.h", "#include \"a.h\"\nstd::optional<int> b;\n"};
  EXPECT_THAT(CheckNamesAreIncluded({{"a.h", "#include <optional>\n"}, user}), IsEmpty());
  EXPECT_THAT(CheckNamesAreIncluded({{"a.h", "#include <vector>\n"}, user}), Says("std::optional"));
}

TEST(Includes, NamesInCommentsAndTextsAndSourcesAreNotLookedAt) {
  EXPECT_THAT(
      CheckNamesAreIncluded({{"a.h", "// A std::optional.\nconst char* a = \"std::map\";\n"},
                             {"a.cc", "std::optional<int> a;\n"}}),
      IsEmpty());
}

}  // namespace
}  // namespace wavetank::architecture
