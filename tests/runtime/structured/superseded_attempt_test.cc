// A prepared attempt whose committable is gone for good: a new attempt supersedes it, with output
// and state of its own. Never the output of one with the state of the other.
#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "runtime/connectors/manifest.pb.h"
#include "runtime/connectors/part_name.h"
#include "tests/runtime/structured/query_jobs.h"
#include "tests/runtime/structured/query_world.h"

namespace wavetank::runtime {
namespace {

using checkpoint::Prepared;
using checkpoint::RecoveryDecision;
using ::testing::Contains;
using ::testing::Not;

std::vector<std::string> StagedParts(const Prepared& prepared) {
  ManifestEntry entry;
  EXPECT_TRUE(entry.ParseFromString(prepared.sink_committable()));
  std::vector<std::string> staged;
  for (const ManifestPart& part : entry.parts()) staged.push_back(StagedPath("out", part));
  return staged;
}

// The file of each state that this attempt itself wrote: the last of its list, as the ones before
// are its predecessor's.
std::set<std::string> NewStateFiles(const Prepared& prepared, const Prepared* before) {
  std::set<std::string> files;
  for (const checkpoint::OperatorState& state : prepared.states()) {
    files.insert(state.names().begin(), state.names().end());
  }
  if (before == nullptr) return files;
  for (const checkpoint::OperatorState& state : before->states()) {
    for (const std::string& file : state.names()) files.erase(file);
  }
  return files;
}

Task<void> RemoveFile(platform::Node& node, std::string path) {
  checkpoint::LocalStore store(node, "store");
  EXPECT_TRUE((co_await store.Remove(path)).ok());
}

enum class Loss { kRemoved, kDamaged, kCutShort };

void Lose(QueryWorld& world, const std::string& path, Loss loss) {
  switch (loss) {
    case Loss::kRemoved:
      world.RunAside([path](platform::Node& node) { return RemoveFile(node, path); });
      break;
    case Loss::kDamaged:
      world.Overwrite(path, "to,999\n");
      break;
    case Loss::kCutShort:
      world.Overwrite(path, "");
      break;
  }
}

class SupersededAttempt : public testing::TestWithParam<Loss> {};

TEST_P(SupersededAttempt, BringsItsOwnOutputAndItsOwnState) {
  for (const char* mode : {"update", "complete"}) {
    for (const uint64_t crash_at : {1U, 2U, 3U}) {
      SCOPED_TRACE(absl::StrCat(mode, ", batch ", crash_at - 1));
      QueryWorld world(300 + crash_at, WordCountJob(mode), AvailableNowStaged());
      PutWords(world);
      world.SetFault({.step = "batch.prepared", .process = "", .number = crash_at});
      ASSERT_FALSE(world.RunDriver().has_value());
      const auto before = world.History();
      ASSERT_TRUE(before.ok()) << before.status();
      const auto batch = static_cast<size_t>(crash_at) - 1;
      ASSERT_EQ(before->batches().size(), batch + 1);
      const Prepared lost = *before->batches()[batch].prepared;
      const std::vector<std::string> staged = StagedParts(lost);
      ASSERT_FALSE(staged.empty());
      Lose(world, staged.front(), GetParam());

      ASSERT_TRUE(world.RunToTheEnd().ok());
      EXPECT_THAT(world.steps, Contains("sink.asked " + std::to_string(batch)));
      EXPECT_THAT(world.decisions, Contains(RecoveryDecision::kRunBatch));
      const auto after = world.History();
      ASSERT_TRUE(after.ok()) << after.status();
      const Prepared& counts = *after->batches()[batch].prepared;
      EXPECT_NE(counts.attempt_id(), lost.attempt_id());
      EXPECT_EQ(after->batches()[batch].commit->attempt_id(), counts.attempt_id());
      EXPECT_EQ(after->batches()[batch].definition.hash(),
                before->batches()[batch].definition.hash());
      for (const std::string& part : StagedParts(counts)) EXPECT_THAT(staged, Not(Contains(part)));
      const Prepared* predecessor = batch == 0 ? nullptr : &*after->batches()[batch - 1].prepared;
      const std::set<std::string> lost_state = NewStateFiles(lost, predecessor);
      EXPECT_FALSE(lost_state.empty());
      for (const std::string& file : NewStateFiles(counts, predecessor)) {
        EXPECT_THAT(lost_state, Not(Contains(file)));
      }
      // Nor does a later batch build upon the state that lost.
      for (size_t later = batch; later < after->batches().size(); ++later) {
        for (const std::string& file : NewStateFiles(*after->batches()[later].prepared, nullptr)) {
          EXPECT_THAT(lost_state, Not(Contains(file)));
        }
      }
      const auto table = world.Table();
      ASSERT_TRUE(table.ok()) << table.status();
      EXPECT_EQ(WordsOf(*table), CountWords());
    }
  }
}

TEST(PreparedAttempt, IsCommittedAsItIsWhileItIsWhole) {
  QueryWorld world(310, WordCountJob("update"), AvailableNow());
  PutWords(world);
  world.SetFault({.step = "batch.prepared", .process = "", .number = 2});
  ASSERT_FALSE(world.RunDriver().has_value());
  const auto before = world.History();
  ASSERT_TRUE(world.RunToTheEnd().ok());
  EXPECT_THAT(world.decisions, Not(Contains(RecoveryDecision::kRunBatch)));
  const auto after = world.History();
  EXPECT_EQ(after->batches()[1].prepared->SerializeAsString(),
            before->batches()[1].prepared->SerializeAsString());
  EXPECT_EQ(WordsOf(*world.Table()), CountWords());
}

// The committable of a batch that the sink shows is not gone, whatever became of its staged names.
TEST(PreparedAttempt, IsNotSupersededOnceTheSinkShowsIt) {
  QueryWorld world(320, WordCountJob("update"), AvailableNow());
  PutWords(world);
  world.SetFault({.step = "sink.committed", .process = "", .number = 2});
  ASSERT_FALSE(world.RunDriver().has_value());
  const auto before = world.History();
  const std::string attempt = before->batches()[1].prepared->attempt_id();
  ASSERT_TRUE(world.RunToTheEnd().ok());
  const auto after = world.History();
  EXPECT_EQ(after->batches()[1].commit->attempt_id(), attempt);
  EXPECT_THAT(world.decisions, Contains(RecoveryDecision::kLogCommit));
  EXPECT_EQ(WordsOf(*world.Table()), CountWords());
}

std::string NameOfLoss(const testing::TestParamInfo<Loss>& info) {
  switch (info.param) {
    case Loss::kRemoved:
      return "Removed";
    case Loss::kDamaged:
      return "Damaged";
    case Loss::kCutShort:
      return "CutShort";
  }
  return "";
}
INSTANTIATE_TEST_SUITE_P(WhenAStagedPartIs, SupersededAttempt,
                         testing::Values(Loss::kRemoved, Loss::kDamaged, Loss::kCutShort),
                         NameOfLoss);

}  // namespace
}  // namespace wavetank::runtime
