// What the log of a DStream graph says of accumulators; and such a log as version 12 began to write
// it.
#include <cstdlib>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "checkpoint/graph_history.h"
#include "checkpoint/history_parts.h"
#include "checkpoint/local_store.h"
#include "checkpoint/metadata.h"
#include "platform/check.h"
#include "simulator/sim_world.h"
#include "tests/checkpoint/golden_files.h"

namespace wavetank::checkpoint::accumulator_totals {
namespace {

using platform::Node;
using simulator::SimWorld;
using testing::ElementsAre;
using testing::HasSubstr;

constexpr char kGolden[] = "tests/data/checkpoint/v12/accumulators";

MetadataRecord Begins() {
  GraphMetadata metadata;
  metadata.set_batch_interval_ms(1);
  return Record(metadata);
}
MetadataRecord Input(int64_t time_ms) {
  BatchInput input;
  input.set_batch_time_ms(time_ms);
  return Record(input);
}
MetadataRecord Completed(int64_t time_ms, std::string bad, std::string good) {
  BatchCompleted completed;
  completed.set_batch_time_ms(time_ms);
  for (auto& [name, total] : {std::pair("bad", std::move(bad)), std::pair("good", good)}) {
    AccumulatorTotal& added = *completed.add_accumulators();
    added.set_name(name);
    added.set_total(total);
  }
  return Record(completed);
}

// Batch 2 failed, and is complete behind batch 3.
std::vector<MetadataRecord> Records() {
  return {Begins(),
          Input(1),
          Completed(1, "b1", "g1"),
          Input(2),
          Input(3),
          Completed(3, "b3", "g3"),
          Completed(2, "b5", "g5")};
}

std::vector<std::string> TextOf(const GraphHistory& history) {
  std::vector<std::string> totals;
  for (const AccumulatorTotal& each : history.accumulators()) {
    totals.push_back(absl::StrCat(each.name(), " ", each.total()));
  }
  return totals;
}

TEST(GraphHistoryOfAccumulators, SaysWhatTheLastMarkThatWasWrittenSays) {
  std::vector<MetadataRecord> records = Records();
  const auto so_far = [&records](size_t count) {
    GraphHistory history(1);
    const std::vector<MetadataRecord> first(records.begin(),
                                            records.begin() + static_cast<ptrdiff_t>(count));
    EXPECT_TRUE(AddRecords("graph", first, history).ok());
    return TextOf(history);
  };
  EXPECT_THAT(so_far(2), ElementsAre());
  EXPECT_THAT(so_far(4), ElementsAre("bad b1", "good g1"));
  EXPECT_THAT(so_far(6), ElementsAre("bad b3", "good g3"));
  EXPECT_THAT(so_far(7), ElementsAre("bad b5", "good g5"));
}

TEST(GraphHistoryOfAccumulators, KeepsThemWhenTheLogIsBegunAnew) {
  GraphHistory history(1);
  ASSERT_TRUE(AddRecords("graph", Records(), history).ok());
  GraphHistory anew(1);
  ASSERT_TRUE(AddRecords("graph", history.Base().Rest(), anew).ok());
  EXPECT_THAT(TextOf(anew), ElementsAre("bad b5", "good g5"));
  anew.Clear();
  EXPECT_THAT(TextOf(anew), ElementsAre());
}

TEST(GraphHistoryOfAccumulators, RefusesThemBeforeTheGraph) {
  GraphHistory history;
  EXPECT_THAT(AddRecords("graph", {Record(AccumulatorTotals())}, history).ToString(),
              HasSubstr("the graph's metadata is missing before it"));
}

// --- version 12 ---

Task<void> Write(Node& node, bool& done) {
  LocalStore store(node, "");
  GraphHistory history(1);
  auto log = co_await MetadataLog::TakeOver(node, store, "graph", history);
  WT_CHECK(log.ok());
  for (MetadataRecord& record : Records()) {
    WT_CHECK((co_await (*log)->Append(std::move(record))).ok());
  }
  done = true;
}

Task<void> Read(Node& node, std::vector<std::string>& found, bool& done) {
  LocalStore store(node, "");
  GraphHistory history;
  const auto log = co_await MetadataLog::TakeOver(node, store, "graph", history);
  EXPECT_TRUE(log.ok()) << log.status();
  found = TextOf(history);
  done = true;
}

template <typename Main>
void RunIn(SimWorld& world, const Main& main) {
  bool done = false;
  world.Start("m", {"p", {{"node", [&](Node& node) { return main(node, done); }}}});
  WT_CHECK(world.RunUntil([&done] { return done; }) == simulator::RunEnd::kDone);
}

TEST(GoldenAccumulators, OfVersion12AreReadable) {
  SimWorld world({.seed = 2});
  simulator::SimDisk& disk = world.AddMachine("m").disk();
  for (const auto& [path, content] : ReadGoldenFiles(kGolden)) disk.Put(path, content);
  std::vector<std::string> found;
  RunIn(world, [&found](Node& node, bool& done) { return Read(node, found, done); });
  EXPECT_THAT(found, ElementsAre("bad b5", "good g5"));
}

TEST(GoldenAccumulators, OfVersion12AreWhatThisBuildWrites) {
  SimWorld world({.seed = 1});
  simulator::SimDisk& disk = world.AddMachine("m").disk();
  RunIn(world, [](Node& node, bool& done) { return Write(node, done); });
  GoldenFiles now;
  for (const std::string& path : disk.image().Files("")) now[path] = *disk.Get(path);
  if (const char* directory = std::getenv("WRITE_GOLDEN_ACCUMULATORS"); directory != nullptr) {
    WriteGoldenFiles(directory, now);
  }
  ExpectSameFiles(ReadGoldenFiles(kGolden), now);
}

}  // namespace
}  // namespace wavetank::checkpoint::accumulator_totals
