// Drivers are replaced while they live, and logs lose files: of each sort, where there are such.
#include <cstdint>
#include <map>
#include <set>
#include <string>

#include "absl/strings/match.h"
#include "gtest/gtest.h"

#include "scenarios/explore/exploration.h"
#include "scenarios/explore/summary.h"
#include "scenarios/jobs.h"

namespace wavetank::scenarios {
namespace {

// The faults of the longest run of each of some seeds, and the runs.
struct OwnersDrawn {
  ExplorationSummary summary;
  std::map<std::string, int> faults;  // by kind, where they are aimed at an instant
  std::set<std::string> lost;         // files of logs, without their numbers
  std::set<std::string> spares;       // that a driver was replaced on
  int together = 0;                   // replacements beside others
};

const OwnersDrawn& OfWordCount() {
  static const OwnersDrawn drawn = [] {
    OwnersDrawn of;
    ScenarioJobs jobs;
    AddBuiltInJobs(jobs);
    const auto exploration = Exploration::Make(jobs, {.jobs = {"word_count"}});
    EXPECT_TRUE(exploration.ok()) << exploration.status();
    for (uint64_t seed = 1; seed <= 80; ++seed) {
      Scenario longest;
      exploration->Explore(seed, [&](int, const Scenario& scenario, const RunReport& report) {
        EXPECT_FALSE(Fails(report)) << Summary(report) << ToText(scenario, "failed");
        of.summary.Add(scenario, report);
        longest = scenario;
        return true;
      });
      int replaced = 0;
      for (const Fault& fault : longest.fault()) {
        if (!fault.has_at_ns() && !fault.has_at_file_call()) continue;
        ++of.faults[fault.kind()];
        if (fault.kind() == "process.zombie" && replaced++ > 0) ++of.together;
        if (fault.kind() == "process.zombie") of.spares.insert(fault.peer());
        for (const char* const file : {"/log-*", "/log-", "/base-"}) {
          const bool is_lost = fault.kind() == "disk.lost_files";
          if (is_lost && absl::StrContains(fault.files(), file)) of.lost.insert(file);
        }
      }
    }
    return of;
  }();
  return drawn;
}

TEST(FaultsOfOwners, ReplaceDriversThatLiveOnOneMachineAndOnSpares) {
  const OwnersDrawn& drawn = OfWordCount();
  EXPECT_GT(drawn.faults.at("process.zombie"), 40);
  EXPECT_GT(drawn.together, 10);
  EXPECT_TRUE(drawn.spares.contains(""));
  EXPECT_TRUE(drawn.spares.contains("m-spare"));
  EXPECT_TRUE(drawn.spares.contains("m-spare-2"));
  EXPECT_TRUE(drawn.faults.contains("process.pause"));
  EXPECT_TRUE(drawn.faults.contains("process.crash"));
  EXPECT_TRUE(drawn.faults.contains("disk.slow"));
}

TEST(FaultsOfOwners, LoseEachSortOfALogsFiles) {
  const OwnersDrawn& drawn = OfWordCount();
  EXPECT_EQ(drawn.lost, (std::set<std::string>{"/log-*", "/log-", "/base-"}));
  EXPECT_TRUE(drawn.faults.contains("disk.restore"));
  EXPECT_TRUE(drawn.faults.contains("disk.back_up"));
}

TEST(FaultsOfOwners, StrikeWhereTheyAreAimedAt) {
  ExplorationSummary summary = OfWordCount().summary;
  EXPECT_LE(10 * summary.verdicts["inconclusive"], summary.runs) << ToText(summary);
}

}  // namespace
}  // namespace wavetank::scenarios
