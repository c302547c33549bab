// What the log of a DStream graph says of streams of partitioned logs, and for how long; and such a
// log as version 11 began to write it.
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

namespace wavetank::checkpoint::log_ranges {
namespace {

using platform::Node;
using simulator::SimWorld;
using testing::ElementsAre;

constexpr char kGolden[] = "tests/data/checkpoint/v11/log_stream";

// Of two partitions: from where to where.
StreamInput Ranges(int64_t begin0, int64_t end0, int64_t begin1, int64_t end1) {
  StreamInput stream;
  stream.set_stream(2);
  stream.set_log_id("5e0c9f1b22a4d718");
  for (const auto& [begin, end] : {std::pair(begin0, end0), std::pair(begin1, end1)}) {
    OffsetRange& range = *stream.add_ranges();
    range.set_partition(absl::StrCat(stream.ranges_size() - 1));
    range.set_begin(begin);
    range.set_end(end);
  }
  return stream;
}

MetadataRecord Begins() {
  GraphMetadata metadata;
  metadata.set_batch_interval_ms(1);
  *metadata.add_log_begins() = Ranges(4, 4, 0, 0);
  return Record(metadata);
}

MetadataRecord Input(int64_t time_ms, StreamInput stream) {
  BatchInput input;
  input.set_batch_time_ms(time_ms);
  *input.add_streams() = std::move(stream);
  return Record(input);
}

MetadataRecord Completed(int64_t time_ms) {
  BatchCompleted completed;
  completed.set_batch_time_ms(time_ms);
  return Record(completed);
}

std::vector<MetadataRecord> Records() {
  return {Begins(),     Input(1, Ranges(4, 6, 0, 3)), Completed(1), Input(2, Ranges(6, 6, 3, 7)),
          Completed(2), Input(3, Ranges(6, 9, 7, 7))};
}

// Each batch, with its ranges.
std::vector<std::string> TextOf(const GraphHistory& history) {
  std::vector<std::string> lines;
  const auto add = [&lines](std::string line, const StreamInput& stream) {
    absl::StrAppend(&line, " ", stream.log_id());
    for (const OffsetRange& range : stream.ranges()) {
      absl::StrAppend(&line, " ", range.partition(), ":", range.begin(), "-", range.end());
    }
    lines.push_back(std::move(line));
  };
  for (const StreamInput& begin : history.metadata()->log_begins()) add("begins", begin);
  for (const auto& [time_ms, batch] : history.batches()) {
    for (const StreamInput& stream : batch.input.streams()) {
      add(absl::StrCat(time_ms, batch.completed ? " done" : ""), stream);
    }
  }
  return lines;
}

TEST(GraphHistoryOfLogs, SaysWhereTheyGoOnWhenTheLogIsBegunAnew) {
  GraphHistory history(1);
  ASSERT_TRUE(AddRecords("graph", Records(), history).ok());
  GraphHistory anew(1);
  ASSERT_TRUE(AddRecords("graph", history.Base().Rest(), anew).ok());
  EXPECT_THAT(TextOf(anew),
              ElementsAre("begins 5e0c9f1b22a4d718 0:4-4 1:0-0",
                          "2 done 5e0c9f1b22a4d718 0:6-6 1:3-7", "3 5e0c9f1b22a4d718 0:6-9 1:7-7"));
}

// --- version 11 ---

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

TEST(GoldenLogStream, OfVersion11IsReadable) {
  SimWorld world({.seed = 2});
  simulator::SimDisk& disk = world.AddMachine("m").disk();
  for (const auto& [path, content] : ReadGoldenFiles(kGolden)) disk.Put(path, content);
  std::vector<std::string> found;
  RunIn(world, [&found](Node& node, bool& done) { return Read(node, found, done); });
  EXPECT_THAT(
      found,
      ElementsAre("begins 5e0c9f1b22a4d718 0:4-4 1:0-0", "1 done 5e0c9f1b22a4d718 0:4-6 1:0-3",
                  "2 done 5e0c9f1b22a4d718 0:6-6 1:3-7", "3 5e0c9f1b22a4d718 0:6-9 1:7-7"));
}

TEST(GoldenLogStream, OfVersion11IsWhatThisBuildWrites) {
  SimWorld world({.seed = 1});
  simulator::SimDisk& disk = world.AddMachine("m").disk();
  RunIn(world, [](Node& node, bool& done) { return Write(node, done); });
  GoldenFiles now;
  for (const std::string& path : disk.image().Files("")) now[path] = *disk.Get(path);
  if (const char* directory = std::getenv("WRITE_GOLDEN_LOG_STREAM"); directory != nullptr) {
    WriteGoldenFiles(directory, now);
  }
  ExpectSameFiles(ReadGoldenFiles(kGolden), now);
}

}  // namespace
}  // namespace wavetank::checkpoint::log_ranges
