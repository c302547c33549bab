// Each cell of the matrix of guarantees is shown by scenarios on both of its sides, and
// docs/guarantees.md holds the matrix as it is now: WRITE_GUARANTEES=docs/guarantees.md writes it.
#include "scenarios/guarantee_matrix.h"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <string>
#include <vector>

#include "gtest/gtest.h"

#include "scenarios/jobs.h"
#include "scenarios/prepare.h"

namespace wavetank::scenarios {
namespace {

std::string ReadFile(const std::filesystem::path& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::map<size_t, CellScenarios> Shown() {
  ScenarioJobs jobs;
  AddBuiltInJobs(jobs);
  std::vector<std::filesystem::path> paths;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(WAVETANK_SCENARIOS)) {
    if (entry.path().extension() == ".textproto") paths.push_back(entry.path());
  }
  std::sort(paths.begin(), paths.end());
  std::map<size_t, CellScenarios> shown;
  for (const std::filesystem::path& path : paths) {
    const auto beside = [&path](const std::string& file) -> absl::StatusOr<std::string> {
      return ReadFile(path.parent_path() / file);
    };
    const auto parsed = ParseScenario(path.string(), ReadFile(path), beside);
    EXPECT_TRUE(parsed.ok()) << parsed.status();
    if (!parsed.ok()) continue;
    const GuaranteeSide side = SideOf(*parsed->scenario);
    if (side == GuaranteeSide::kNeither) continue;
    RunOptions options;
    options.read_host_file = [](const std::string&) { return std::string("a line\n"); };
    const auto prepared = Prepare(*parsed, jobs, options);
    EXPECT_TRUE(prepared.ok()) << prepared.status();
    if (!prepared.ok()) continue;
    const std::string name =
        std::filesystem::relative(path, WAVETANK_SCENARIOS).replace_extension();
    const UnderDeaths deaths = DeathsIn(*parsed->scenario);
    for (const JobPart& part : prepared->job.shape.parts) {
      // Of several parts in one cell, once.
      const auto add = [&name](std::vector<std::string>& names) {
        if (names.empty() || names.back() != name) names.push_back(name);
      };
      for (const size_t place : CellsOf(part)) {
        CellScenarios& cell = shown[place];
        add(side == GuaranteeSide::kHolds ? cell.hold : cell.break_);
        if (side == GuaranteeSide::kHolds && deaths.zombie) add(cell.zombie);
        if (side == GuaranteeSide::kHolds && deaths.recovery_twice) add(cell.recovery_twice);
        if (side == GuaranteeSide::kHolds && deaths.standby) add(cell.standby);
        if (side == GuaranteeSide::kHolds && deaths.ran_twice) add(cell.ran_twice);
      }
    }
  }
  return shown;
}

TEST(GuaranteeMatrix, EachCellIsSeenToHoldAndItsNextStrongerPromiseToBreak) {
  const std::map<size_t, CellScenarios> shown = Shown();
  for (size_t i = 0; i < GuaranteeCells().size(); ++i) {
    const GuaranteeCell& cell = GuaranteeCells()[i];
    const bool by_scenarios = cell.shown_by.empty() && !cell.stronger.empty();
    EXPECT_EQ(shown.contains(i), by_scenarios)
        << cell.source << ", " << cell.engine << ", " << cell.sink;
    if (!shown.contains(i)) continue;
    EXPECT_FALSE(shown.at(i).hold.empty()) << "nothing shows it: " << cell.sink;
    EXPECT_FALSE(shown.at(i).break_.empty()) << "nothing shows its limit: " << cell.sink;
  }
}

TEST(GuaranteeMatrix, OfDStreamsHoldsUnderAZombieAndARecoveryThatDiesTwice) {
  for (const auto& [i, scenarios] : Shown()) {
    const GuaranteeCell& cell = GuaranteeCells()[i];
    if (!IsOfStreams(cell)) continue;
    EXPECT_FALSE(scenarios.zombie.empty()) << cell.source << ", " << cell.engine;
    EXPECT_FALSE(scenarios.recovery_twice.empty()) << cell.source << ", " << cell.engine;
  }
}

TEST(GuaranteeMatrix, StandsInTheDocument) {
  constexpr char kBegin[] =
      "<!-- the matrix: written by tests/scenarios/guarantee_matrix_test -->\n";
  constexpr char kEnd[] = "<!-- end of the matrix -->\n";
  const std::filesystem::path path =
      std::filesystem::path(WAVETANK_SCENARIOS) / "../docs/guarantees.md";
  const std::string document = ReadFile(path);
  const size_t begin = document.find(kBegin);
  const size_t end = document.find(kEnd);
  ASSERT_NE(begin, std::string::npos);
  ASSERT_NE(end, std::string::npos);
  const size_t from = begin + std::string(kBegin).size();
  const std::string matrix = MatrixText(Shown());
  if (const char* target = std::getenv("WRITE_GUARANTEES"); target != nullptr) {
    std::ofstream(target) << document.substr(0, from) << matrix << document.substr(end);
    return;
  }
  EXPECT_EQ(document.substr(from, end - from), matrix)
      << "write it anew: WRITE_GUARANTEES=docs/guarantees.md build/release/bin/scenarios_test "
         "--gtest_filter=GuaranteeMatrix.*";
}

}  // namespace
}  // namespace wavetank::scenarios
