#include "runtime/steps.h"

#include <set>
#include <string_view>

#include "gtest/gtest.h"

namespace wavetank::runtime::steps {
namespace {

TEST(RuntimeSteps, NamesAndAliasesAreUniqueAndWellFormed) {
  std::set<std::string_view> names;
  for (const StepName* step : All()) {
    EXPECT_TRUE(names.insert(step->name).second) << step->name;
    if (!step->alias.empty()) EXPECT_TRUE(names.insert(step->alias).second) << step->alias;
    EXPECT_EQ(step->name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_."),
              std::string_view::npos)
        << step->name;
    EXPECT_NE(step->name.find('.'), std::string_view::npos) << step->name;
    EXPECT_TRUE(step->meaning.ends_with('.')) << step->name;
  }
}

TEST(RuntimeSteps, FindKnowsEveryNameAndNoOther) {
  for (const StepName* step : All()) EXPECT_EQ(Find(step->name), step);
  EXPECT_EQ(Find("task.nonesuch"), nullptr);
  EXPECT_EQ(Find(""), nullptr);
}

}  // namespace
}  // namespace wavetank::runtime::steps
