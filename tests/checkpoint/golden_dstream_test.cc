// The log of a DStream graph with receivers, as version 4 began to write it.
#include <cstdlib>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "checkpoint/block_name.h"
#include "checkpoint/fenced_log.h"
#include "checkpoint/graph_history.h"
#include "checkpoint/local_store.h"
#include "checkpoint/metadata.h"
#include "platform/check.h"
#include "simulator/sim_world.h"
#include "tests/checkpoint/golden_files.h"

namespace wavetank::checkpoint::dstream_logs {
namespace {

using platform::Node;
using simulator::SimWorld;
using testing::ElementsAre;

constexpr char kGolden[] = "tests/data/checkpoint/v4/dstream";

BlockName NameOf(std::string run, int64_t number) {
  return {.stream = 0, .run = std::move(run), .number = number, .records = 2, .crc32c = 0xb10c};
}

MetadataRecord Adds(const BlockName& name) {
  BlockAdded block;
  block.set_block_id(name.Text());
  block.set_path("graph/blocks/" + name.Text());
  block.set_records(name.records);
  block.set_size_bytes(4);
  block.set_crc32c(name.crc32c);
  return Record(block);
}

template <typename Message>
MetadataRecord OfRun(Message message, std::string run) {
  message.set_run(std::move(run));
  return Record(std::move(message));
}

// Two receivers that were replaced, of which the first has ended, and a third.
std::vector<std::vector<MetadataRecord>> Groups() {
  std::vector<std::vector<MetadataRecord>> groups;
  groups.push_back({Record(GraphMetadata())});
  groups.push_back({OfRun(ReceiverStarted(), "r1")});
  groups.push_back({Adds(NameOf("r1", 0))});
  groups.push_back({OfRun(ReceiverStarted(), "r2")});
  groups.push_back({Adds(NameOf("r1", 1)), OfRun(ReceiverEnded(), "r1")});
  groups.push_back({OfRun(ReceiverStarted(), "r3")});
  return groups;
}

Task<void> Write(Node& node, bool& done) {
  LocalStore store(node, "");
  GraphHistory history(1);
  auto log = co_await MetadataLog::TakeOver(node, store, "graph", history);
  WT_CHECK(log.ok());
  for (std::vector<MetadataRecord>& group : Groups()) {
    const absl::Status appended = co_await (*log)->Append(std::move(group));
    WT_CHECK(appended.ok());
  }
  done = true;
}

Task<void> ReadRecords(Node& node, RecordList& records, bool& done) {
  LocalStore store(node, "");
  const auto log = co_await FencedLog::TakeOver(node, store, "graph", records);
  EXPECT_TRUE(log.ok()) << log.status();
  done = true;
}

Task<void> Read(Node& node, GraphHistory& history, bool& done) {
  LocalStore store(node, "");
  const auto log = co_await MetadataLog::TakeOver(node, store, "graph", history);
  EXPECT_TRUE(log.ok()) << log.status();
  done = true;
}

template <typename Main>
void RunIn(SimWorld& world, const Main& main) {
  bool done = false;
  world.Start("m", {"p", {{"node", [&](Node& node) { return main(node, done); }}}});
  WT_CHECK(world.RunUntil([&done] { return done; }) == simulator::RunEnd::kDone);
}

std::vector<std::string> Receivers(const GraphHistory& history) {
  std::vector<std::string> receivers;
  for (const GraphHistory::Receiver& receiver : history.receivers()) {
    receivers.push_back(absl::StrCat(receiver.run, ": ", receiver.blocks_logged));
  }
  return receivers;
}

TEST(GoldenDStreamLog, OfVersion4IsReadable) {
  SimWorld world({.seed = 2});
  simulator::SimDisk& disk = world.AddMachine("m").disk();
  for (const auto& [path, content] : ReadGoldenFiles(kGolden)) disk.Put(path, content);
  GraphHistory history;
  RunIn(world, [&history](Node& node, bool& done) { return Read(node, history, done); });
  EXPECT_THAT(Receivers(history), ElementsAre("r2: 0", "r3: 0"));
  ASSERT_EQ(history.unallocated_blocks().size(), 2u);
  EXPECT_EQ(history.unallocated_blocks()[1].block_id(), NameOf("r1", 1).Text());
}

// The records; how a log holds them is another format's matter.
TEST(GoldenDStreamLog, OfVersion4HasTheRecordsThatThisBuildWrites) {
  if (const char* directory = std::getenv("WRITE_GOLDEN_DSTREAM"); directory != nullptr) {
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
  RecordList golden;
  RunIn(world, [&golden](Node& node, bool& done) { return ReadRecords(node, golden, done); });
  std::vector<std::string> now;
  for (const std::vector<MetadataRecord>& group : Groups()) {
    for (const MetadataRecord& record : group) now.push_back(EncodeMetadata(record));
  }
  EXPECT_EQ(golden.records(), now);
}

// --- what the records say ---

GraphHistory HistoryOf(const std::vector<MetadataRecord>& records) {
  const absl::StatusOr<GraphHistory> history = ReadGraphHistory("graph", records);
  EXPECT_TRUE(history.ok()) << history.status();
  return history.ok() ? *history : GraphHistory();
}

TEST(GraphHistoryOfReceivers, AwaitsWhatARunThatHasNotEndedStoredBeyondWhatIsLogged) {
  const MetadataRecord graph = Record(GraphMetadata());
  const GraphHistory history =
      HistoryOf({graph, OfRun(ReceiverStarted(), "r1"), Adds(NameOf("r1", 0)),
                 Adds(NameOf("r1", 1)), OfRun(ReceiverStarted(), "r2")});
  EXPECT_THAT(Receivers(history), ElementsAre("r1: 2", "r2: 0"));
  EXPECT_FALSE(history.Awaits(NameOf("r1", 1)));
  EXPECT_TRUE(history.Awaits(NameOf("r1", 2)));
  EXPECT_TRUE(history.Awaits(NameOf("r2", 0)));
  EXPECT_FALSE(history.Awaits(NameOf("r0", 0)));
  BlockName of_another_stream = NameOf("r1", 2);
  of_another_stream.stream = 1;
  EXPECT_FALSE(history.Awaits(of_another_stream));
}

TEST(GraphHistoryOfReceivers, RememberHowFarTheyAreLoggedWhenTheLogIsBegunAnew) {
  const MetadataRecord graph = Record(GraphMetadata());
  const GraphHistory history = HistoryOf(
      {graph, OfRun(ReceiverStarted(), "r1"), Adds(NameOf("r1", 0)), OfRun(ReceiverStarted(), "r2"),
       OfRun(ReceiverEnded(), "r1"), Adds(NameOf("r2", 0)), Adds(NameOf("r2", 1))});
  const GraphHistory anew = HistoryOf(history.Base().Rest());
  EXPECT_THAT(Receivers(anew), ElementsAre("r2: 2"));
  EXPECT_EQ(anew.unallocated_blocks().size(), 3u);
}

TEST(GraphHistoryOfReceivers, AreRefusedTwiceOrWithoutAStart) {
  const MetadataRecord graph = Record(GraphMetadata());
  const auto refused = [](const std::vector<MetadataRecord>& records) {
    return std::string(ReadGraphHistory("graph", records).status().message());
  };
  EXPECT_THAT(refused({graph, OfRun(ReceiverEnded(), "r1")}),
              testing::HasSubstr("ended, and never started"));
  EXPECT_THAT(refused({graph, OfRun(ReceiverStarted(), "r1"), OfRun(ReceiverStarted(), "r1")}),
              testing::HasSubstr("starts twice"));
  EXPECT_THAT(refused({OfRun(ReceiverStarted(), "r1")}), testing::HasSubstr("metadata is missing"));
}

}  // namespace
}  // namespace wavetank::checkpoint::dstream_logs
