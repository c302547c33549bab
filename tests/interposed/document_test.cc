// docs/faults.md, row by row: each names what holds it in the simulator and for real, and all of
// that is there.
#include <algorithm>
#include <filesystem>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
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

// The rows of each table that has a column for the real world; the last two cells say what holds
// them. (The others tell of inputs and of people, which scenarios alone hold.)
std::vector<Row> Rows() {
  std::vector<Row> rows;
  const std::string document = ReadFile(WAVETANK_SOURCE "/docs/faults.md");
  bool in_table = false;
  bool has_both_worlds = false;
  for (const absl::string_view line : absl::StrSplit(document, '\n')) {
    if (!absl::StartsWith(line, "|")) {
      in_table = false;
      continue;
    }
    if (absl::StartsWith(line, "| ---")) {
      in_table = true;
      continue;
    }
    if (!in_table) has_both_worlds = absl::EndsWith(line, "| simulated | for real |");  // its head
    if (!in_table || !has_both_worlds) continue;
    const std::vector<std::string> cells = absl::StrSplit(line, " | ");
    Row row{.text = std::string(line)};
    row.simulated = Quoted(cells[cells.size() - 2]);
    row.real = Quoted(cells.back());
    // Where only a power loss shows the outcome, the cell says so in words.
    if (absl::StartsWith(cells.back(), "simulated alone: ")) row.real = {"simulated alone"};
    rows.push_back(std::move(row));
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
  const std::set<std::string> writing = WhileWriting();
  const std::set<std::string> jobs = OfJobs();
  int rows = 0;
  for (const Row& row : Rows()) {
    SCOPED_TRACE(row.text);
    ++rows;
    EXPECT_FALSE(row.simulated.empty()) << "nothing holds it in the simulator";
    EXPECT_FALSE(row.real.empty()) << "nothing holds it for real, and no reason why";
    for (const std::string& name : row.simulated) {
      const bool is_test =
          writing.contains(name) || name == "FencedLogChaos.OwnersSurviveFailedSyncs";
      const bool is_scenario = std::ranges::any_of(scenarios, [&](const std::string& scenario) {
        return simulator::MatchesFilePattern(name, scenario);
      });
      EXPECT_TRUE(is_test || is_scenario) << name << " is no scenario and no test";
    }
    for (const std::string& name : row.real) {
      EXPECT_TRUE(writing.contains(name) || jobs.contains(name) || name == "simulated alone")
          << name << " is no test of the real world";
    }
  }
  EXPECT_GT(rows, 25);
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
