// docs/faults.md, row by row: each names what holds it in the simulator and for real, and all of
// that is there.
#include <algorithm>
#include <filesystem>
#include <regex>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "simulator/file_pattern.h"
#include "tests/interposed/child.h"
#include "tests/interposed/real_faults.h"
#include "tests/runtime/fault_outcomes.h"

namespace wavetank::interposed {
namespace {

namespace fs = std::filesystem;

struct Row {
  std::string text;                         // for messages
  std::vector<std::string> simulated = {};  // scenarios and tests
  std::vector<std::string> real = {};       // cases, or "simulated alone"
};

// What stands between backquotes.
std::vector<std::string> Quoted(const std::string& cell) {
  const std::vector<std::string> parts = absl::StrSplit(cell, '`');
  std::vector<std::string> quoted;
  for (size_t i = 1; i < parts.size(); i += 2) quoted.push_back(parts[i]);
  return quoted;
}

// The rows of each table whose head ends so.
std::vector<std::vector<std::string>> CellsOfTables(const std::string& head_end) {
  std::vector<std::vector<std::string>> rows;
  const std::string document = ReadFile(WAVETANK_SOURCE "/docs/faults.md");
  bool in_table = false;
  bool wanted = false;
  for (const absl::string_view line : absl::StrSplit(document, '\n')) {
    if (!absl::StartsWith(line, "|")) {
      in_table = false;
      continue;
    }
    if (absl::StartsWith(line, "| ---")) {
      in_table = true;
      continue;
    }
    if (!in_table) wanted = absl::EndsWith(line, head_end);
    if (in_table && wanted) rows.push_back(absl::StrSplit(line, " | "));
  }
  return rows;
}

// Of the tables that have a column for the real world; the last two cells say what holds them.
std::vector<Row> Rows() {
  std::vector<Row> rows;
  for (const std::vector<std::string>& cells : CellsOfTables("| simulated | for real |")) {
    Row row{.text = absl::StrJoin(cells, " | ")};
    row.simulated = Quoted(cells[cells.size() - 2]);
    row.real = Quoted(cells.back());
    // Where only a power loss shows the outcome, the cell says so in words.
    if (absl::StartsWith(cells.back(), "simulated alone: ")) row.real = {"simulated alone"};
    rows.push_back(std::move(row));
  }
  return rows;
}

// Of those that tell of inputs and of people; the last cell says what holds them.
std::vector<Row> RowsOfScenariosAlone() {
  std::vector<Row> rows;
  for (const std::vector<std::string>& cells : CellsOfTables("| scenarios |")) {
    rows.push_back({.text = absl::StrJoin(cells, " | "), .simulated = Quoted(cells.back())});
  }
  return rows;
}

std::vector<std::string> Scenarios() {
  std::vector<std::string> names;
  const fs::path scenarios = WAVETANK_SOURCE "/scenarios";
  for (const auto& entry : fs::recursive_directory_iterator(scenarios)) {
    if (entry.path().extension() != ".textproto") continue;
    names.push_back(fs::relative(entry.path(), scenarios).replace_extension("").string());
  }
  return names;
}

// "Suite.Name", of every test that is written down in tests/.
std::vector<std::string> Tests() {
  static const std::regex kTest(R"(\nTEST(?:_F|_P)?\(\s*(\w+),\s*(\w+)\))");
  std::vector<std::string> names;
  for (const auto& entry : fs::recursive_directory_iterator(WAVETANK_SOURCE "/tests")) {
    if (entry.path().extension() != ".cc") continue;
    const std::string text = ReadFile(entry.path().string());
    for (std::sregex_iterator test(text.begin(), text.end(), kTest), end; test != end; ++test) {
      names.push_back(absl::StrCat((*test)[1].str(), ".", (*test)[2].str()));
    }
  }
  return names;
}

bool MatchesAny(const std::string& pattern, const std::vector<std::string>& names) {
  return std::ranges::any_of(
      names, [&](const std::string& name) { return simulator::MatchesFilePattern(pattern, name); });
}

// By name in fault_outcomes.h, which holds for both worlds.
std::set<std::string> WhileWriting() {
  std::set<std::string> names;
  for (const auto& fault : runtime::durable_writers::AllFaultOutcomes()) names.insert(fault.name);
  return names;
}
std::set<std::string> OfJobs() {
  std::set<std::string> names;
  for (const JobFault& fault : JobFaults()) names.insert(fault.name);
  return names;
}

TEST(FaultsDocument, EachRowIsHeldInTheSimulatorAndForReal) {
  const std::vector<std::string> scenarios = Scenarios();
  const std::vector<std::string> tests = Tests();
  const std::set<std::string> writing = WhileWriting();
  const std::set<std::string> jobs = OfJobs();
  int rows = 0;
  for (const Row& row : Rows()) {
    SCOPED_TRACE(row.text);
    ++rows;
    EXPECT_FALSE(row.simulated.empty()) << "nothing holds it in the simulator";
    EXPECT_FALSE(row.real.empty()) << "nothing holds it for real, and no reason why";
    for (const std::string& name : row.simulated) {
      EXPECT_TRUE(writing.contains(name) || MatchesAny(name, tests) || MatchesAny(name, scenarios))
          << name << " is no scenario and no test";
    }
    for (const std::string& name : row.real) {
      EXPECT_TRUE(writing.contains(name) || jobs.contains(name) || name == "simulated alone")
          << name << " is no test of the real world";
    }
  }
  EXPECT_GT(rows, 25);
}

// "Input that misbehaves" and "What people do".
TEST(FaultsDocument, EachRowOfInputsAndOfPeopleIsHeldByAScenarioOrATest) {
  const std::vector<std::string> scenarios = Scenarios();
  const std::vector<std::string> tests = Tests();
  int rows = 0;
  for (const Row& row : RowsOfScenariosAlone()) {
    SCOPED_TRACE(row.text);
    ++rows;
    EXPECT_FALSE(row.simulated.empty()) << "nothing holds it";
    for (const std::string& name : row.simulated) {
      EXPECT_TRUE(MatchesAny(name, scenarios) || MatchesAny(name, tests))
          << name << " is no scenario and no test";
    }
  }
  EXPECT_GE(rows, 16);
}

// So that none is left out by the head of its table.
TEST(FaultsDocument, EachTableSaysWhatHoldsItsRows) {
  EXPECT_EQ(CellsOfTables("|").size(), Rows().size() + RowsOfScenariosAlone().size());
}

TEST(FaultsDocument, EachTestForRealStandsInARow) {
  std::set<std::string> named;
  for (const Row& row : Rows()) named.insert(row.real.begin(), row.real.end());
  for (const std::string& name : WhileWriting()) EXPECT_TRUE(named.contains(name)) << name;
  for (const std::string& name : OfJobs()) EXPECT_TRUE(named.contains(name)) << name;
}

TEST(FaultsDocument, EachFaultWhileWritingIsMadeForReal) {
  std::set<std::string> made;
  for (const WritingFault& fault : WritingFaults()) made.insert(fault.name);
  EXPECT_EQ(made, WhileWriting());
}

}  // namespace
}  // namespace wavetank::interposed
