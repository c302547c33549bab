// Each row of the recovery tables is reached by a scenario, which names it, or cannot arise, for a
// reason that stands here.
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <set>
#include <string>

#include "gtest/gtest.h"

#include "checkpoint/recovery.h"
#include "scenarios/parse.h"

namespace wavetank::scenarios {
namespace {

const std::map<std::string, std::string>& CannotArise() {
  static const std::map<std::string, std::string> reasons = {
      // A group counts whole, and in order: a log with a hole is corrupt before it is a history.
      {"gap_in_the_log", "ReadQueryHistory refuses a log that is out of order"},
      {"commit_without_definition", "ReadQueryHistory refuses a log that is out of order"},
      {"prepared_without_definition", "ReadQueryHistory refuses a log that is out of order"},
      {"commit_without_prepared", "ReadQueryHistory refuses a log that is out of order"},
      {"batch_completed_without_input", "ReadGraphHistory refuses a log that is out of order"},
      // Of a sink that keeps what it shows and what became of an attempt in two places.
      {"prepared_visible_and_not_shown", "a file sink answers both questions from one manifest"},
      {"prepared_and_another_shown", "a file sink refuses an attempt where it shows another"},
  };
  return reasons;
}

// Row to scenario.
std::multimap<std::string, std::string> ExpectedRows() {
  std::multimap<std::string, std::string> rows;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(WAVETANK_SCENARIOS)) {
    if (entry.path().extension() != ".textproto") continue;
    std::ifstream file(entry.path());
    const std::string text{std::istreambuf_iterator<char>(file), {}};
    const auto parsed = ParseScenario(entry.path().string(), text);
    EXPECT_TRUE(parsed.ok()) << parsed.status();
    if (!parsed.ok()) continue;
    for (const std::string& row : parsed->scenario->expect().recovery_row()) {
      rows.emplace(row, parsed->scenario->name());
    }
  }
  return rows;
}

TEST(RecoveryTables, EachRowIsReachedByAScenarioOrCannotArise) {
  const std::multimap<std::string, std::string> expected = ExpectedRows();
  std::set<std::string> names;
  for (const std::string_view name : checkpoint::RecoveryRowNames()) {
    const std::string row(name);
    EXPECT_TRUE(names.insert(row).second) << row << " is the name of two rows";
    const bool cannot_arise = CannotArise().contains(row);
    EXPECT_NE(expected.contains(row), cannot_arise)
        << row
        << (cannot_arise ? ": reached, though it is said that it cannot be"
                         : ": write a scenario that expects it, or say why none can");
  }
  for (const auto& [row, reason] : CannotArise()) {
    EXPECT_TRUE(names.contains(row)) << row << " is no row";
  }
}

}  // namespace
}  // namespace wavetank::scenarios
