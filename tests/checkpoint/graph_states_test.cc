// What the log of a DStream graph says of its state, and for how long; and a checkpoint with state
// as version 10 began to write it.
#include <cstdlib>
#include <memory>
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
#include "checkpoint/named_files.h"
#include "checkpoint/state_store.h"
#include "platform/check.h"
#include "simulator/sim_world.h"
#include "tests/checkpoint/golden_files.h"

namespace wavetank::checkpoint::graph_states {
namespace {

using platform::Node;
using simulator::SimWorld;
using testing::ElementsAre;

constexpr char kGolden[] = "tests/data/checkpoint/v10/stream_state";

MetadataRecord Input(int64_t time_ms) {
  BatchInput input;
  input.set_batch_time_ms(time_ms);
  return Record(input);
}

KeptState Kept(int64_t time_ms, int partition, const StateVersion& version) {
  KeptState kept;
  kept.set_batch_time_ms(time_ms);
  kept.mutable_state()->set_operator_id(1);
  kept.mutable_state()->set_partition(partition);
  kept.mutable_state()->set_version(version.version);
  for (const std::string& file : version.files) {
    kept.mutable_state()->add_names(file.substr(file.rfind('/') + 1));
  }
  return kept;
}

MetadataRecord Completed(int64_t time_ms, const std::vector<KeptState>& states = {}) {
  BatchCompleted completed;
  completed.set_batch_time_ms(time_ms);
  completed.mutable_states()->Assign(states.begin(), states.end());
  return Record(completed);
}

std::vector<int64_t> TimesOf(const GraphHistory& history) {
  std::vector<int64_t> times;
  for (const auto& [time_ms, batch] : history.batches()) times.push_back(time_ms);
  return times;
}

GraphHistory HistoryOf(std::vector<MetadataRecord> records, GraphHistory history = GraphHistory()) {
  const absl::Status added = AddRecords("graph", records, history);
  EXPECT_TRUE(added.ok()) << added;
  return history;
}

TEST(GraphHistoryOfStates, KeepsThemWhenTheLogIsBegunAnew) {
  const StateVersion version{.version = 7, .files = {"x/7-a.delta"}};
  const GraphHistory history =
      HistoryOf({Record(GraphMetadata()), Input(1), Completed(1, {Kept(1, 0, version)}), Input(2),
                 Completed(2, {Kept(1, 0, version), Kept(1, 1, version)}), Input(3)});
  const GraphHistory anew = HistoryOf(history.Base().Rest());
  ASSERT_THAT(TimesOf(anew), ElementsAre(1, 2, 3));
  const auto& states = anew.batches().at(2).states;
  ASSERT_EQ(states.size(), 2u);
  EXPECT_EQ(states[1].batch_time_ms(), 1);
  EXPECT_EQ(states[1].state().partition(), 1);
  EXPECT_THAT(StateFiles("ck", states[1].state()), ElementsAre("ck/state/1/1/7-a.delta"));
  EXPECT_TRUE(anew.batches().at(3).states.empty());
}

TEST(GraphHistoryOfStates, KeepsWhatABatchThatHasNotEndedMayNeed) {
  std::vector<MetadataRecord> records = {Record(GraphMetadata())};
  for (int64_t time_ms = 1; time_ms <= 12; ++time_ms) {
    records.push_back(Input(time_ms));
    if (time_ms != 6) records.push_back(Completed(time_ms));
  }
  // By its windows; by its state alone.
  EXPECT_THAT(TimesOf(HistoryOf(records, GraphHistory(2, 2))), ElementsAre(4, 5, 6, 11, 12));
  EXPECT_THAT(TimesOf(HistoryOf(records, GraphHistory(1, 0))), ElementsAre(5, 6, 12));
  records.push_back(Completed(6));
  EXPECT_THAT(TimesOf(HistoryOf(records, GraphHistory(2, 2))), ElementsAre(11, 12));
}

// --- version 10 ---

Task<StateVersion> Next(StateStore& store, const std::string& key, const std::string& value) {
  store.Put(key, value);
  auto version = co_await store.Commit();
  WT_CHECK(version.ok());
  co_return *std::move(version);
}

const StateStoreOptions kOptions = {.operator_fingerprint = "UpdateStateByKey() gives count"};

// Two partitions, of which the first has two files.
Task<void> Write(Node& node, bool& done) {
  LocalStore store(node, "");
  GraphHistory history(1);
  auto log = co_await MetadataLog::TakeOver(node, store, "graph", history);
  WT_CHECK(log.ok());
  GraphMetadata metadata;
  metadata.set_batch_interval_ms(1);
  StatePartitions& partitions = *metadata.add_state_partitions();
  partitions.set_operator_id(1);
  partitions.set_partitions(2);
  std::vector<std::unique_ptr<StateStore>> states;
  for (const int partition : {0, 1}) {
    auto opened =
        co_await StateStore::Open(node, store, StateDirectory("graph", 1, partition), {}, kOptions);
    WT_CHECK(opened.ok());
    states.push_back(*std::move(opened));
  }
  std::vector<KeptState> first;
  std::vector<KeptState> second;
  first.push_back(Kept(1, 0, co_await Next(*states[0], "a", "1")));
  first.push_back(Kept(1, 1, co_await Next(*states[1], "b", "1")));
  second.push_back(Kept(2, 0, co_await Next(*states[0], "a", "2")));
  second.push_back(Kept(2, 1, co_await Next(*states[1], "b", "1")));
  for (std::vector<MetadataRecord> group : {std::vector{Record(metadata)},
                                            {Input(1)},
                                            {Completed(1, first)},
                                            {Input(2)},
                                            {Completed(2, second)},
                                            {Input(3)}}) {
    WT_CHECK((co_await (*log)->Append(std::move(group))).ok());
  }
  done = true;
}

Task<void> Read(Node& node, std::vector<std::string>& found, bool& done) {
  LocalStore store(node, "");
  GraphHistory history;
  const auto log = co_await MetadataLog::TakeOver(node, store, "graph", history);
  EXPECT_TRUE(log.ok()) << log.status();
  EXPECT_EQ(history.metadata()->state_partitions(0).partitions(), 2);
  EXPECT_THAT(TimesOf(history), ElementsAre(1, 2, 3));
  for (const KeptState& kept : history.batches().at(2).states) {
    StateVersion version{.version = kept.state().version(),
                         .files = StateFiles("graph", kept.state())};
    const auto opened =
        co_await StateStore::Open(node, store, StateDirectory("graph", 1, kept.state().partition()),
                                  std::move(version), kOptions);
    EXPECT_TRUE(opened.ok()) << opened.status();
    if (!opened.ok()) continue;
    (*opened)->ForEach([&](std::string_view key, std::string_view value) {
      found.push_back(absl::StrCat(std::string(key), "=", std::string(value)));
    });
  }
  done = true;
}

template <typename Main>
void RunIn(SimWorld& world, const Main& main) {
  bool done = false;
  world.Start("m", {"p", {{"node", [&](Node& node) { return main(node, done); }}}});
  WT_CHECK(world.RunUntil([&done] { return done; }) == simulator::RunEnd::kDone);
}

TEST(GoldenStreamState, OfVersion10IsReadable) {
  if (const char* directory = std::getenv("WRITE_GOLDEN_STREAM_STATE"); directory != nullptr) {
    SimWorld writer({.seed = 1});
    simulator::SimDisk& disk = writer.AddMachine("m").disk();
    RunIn(writer, [](Node& node, bool& done) { return Write(node, done); });
    GoldenFiles now;
    for (const std::string& path : disk.image().Files("")) now[path] = *disk.Get(path);
    WriteGoldenFiles(directory, now);
  }
  SimWorld world({.seed = 2});
  simulator::SimDisk& disk = world.AddMachine("m").disk();
  for (const auto& [path, content] : ReadGoldenFiles(kGolden)) disk.Put(path, content);
  std::vector<std::string> found;
  RunIn(world, [&found](Node& node, bool& done) { return Read(node, found, done); });
  EXPECT_THAT(found, ElementsAre("a=2", "b=1"));
}

}  // namespace
}  // namespace wavetank::checkpoint::graph_states
