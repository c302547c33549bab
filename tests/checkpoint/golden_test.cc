// Checkpoints as older builds wrote them (tests/data/checkpoint): they must stay readable for ever.
#include <algorithm>
#include <cstdlib>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "gtest/gtest.h"

#include "checkpoint/fenced_log.h"
#include "checkpoint/graph_history.h"
#include "checkpoint/local_store.h"
#include "checkpoint/metadata.h"
#include "checkpoint/query_history.h"
#include "checkpoint/state_store.h"
#include "checkpoint/unique.h"
#include "platform/check.h"
#include "simulator/sim_world.h"
#include "tests/checkpoint/golden_files.h"

namespace wavetank::checkpoint {
namespace {

using platform::Node;
using simulator::SimWorld;

using Files = GoldenFiles;

constexpr int kVersions = 12;  // a snapshot at version 11 and a delta upon it

template <typename Main>
void RunIn(SimWorld& world, const Main& main) {
  bool done = false;
  world.Start("m", {"p", {{"node", [&](Node& node) { return main(node, done); }}}});
  WT_CHECK(world.RunUntil([&done] { return done; }) == simulator::RunEnd::kDone);
}

Task<std::unique_ptr<MetadataLog>> TakeOver(Node& node, Store& store, std::string directory,
                                            MetadataFold& history, FencedLogOptions options = {}) {
  auto log = co_await MetadataLog::TakeOver(node, store, std::move(directory), history, options);
  WT_CHECK(log.ok(), log.ok() ? "" : std::string(log.status().message()));
  co_return *std::move(log);
}

Task<void> AppendOne(MetadataLog& log, MetadataRecord record) {
  const absl::Status appended = co_await log.Append(std::move(record));
  WT_CHECK(appended.ok(), std::string(appended.message()));
}

// A query of two batches, whose second owner finished the second; a DStream graph; and a log of
// plain records in two segments.
Task<void> Write(Node& node, bool& done) {
  LocalStore store(node, "");
  // State files have directories of their own (golden_state_test.cc): only their names are made
  // here.
  StateVersion state{.version = kVersions, .files = {}};
  for (int version = 11; version <= kVersions; ++version) {
    const std::string name = absl::StrCat("query/state/", version, "-", UniqueId(node));
    state.files.push_back(name + (version == 11 ? ".snapshot" : ".delta"));
  }
  QueryHistory query;
  {
    const std::unique_ptr<MetadataLog> log = co_await TakeOver(node, store, "query/log", query);
    QueryMetadata metadata;
    metadata.set_query_id("golden");
    metadata.set_job_version("1");
    co_await AppendOne(*log, Record(metadata));
    for (int64_t batch = 0; batch < 2; ++batch) {
      BatchDefinition definition;
      definition.set_batch_id(batch);
      definition.set_watermark_ms(1000 * batch);
      definition.set_timestamp_ms(1767225600000 + batch);
      SourceRange& range = *definition.add_sources();
      range.set_start_offset(absl::StrCat(batch));
      range.set_end_offset(absl::StrCat(batch + 1));
      range.add_files()->set_path(absl::StrCat("input/", batch));
      definition.set_hash(DefinitionHash(definition));
      co_await AppendOne(*log, Record(definition));
      Prepared prepared;
      prepared.set_batch_id(batch);
      prepared.set_attempt_id("1-1");
      if (batch == 1) {
        OperatorState& files = *prepared.add_states();
        files.set_version(state.version);
        for (const std::string& file : state.files) files.add_files(file);
      }
      co_await AppendOne(*log, Record(prepared));
      if (batch == 1) break;
      Commit commit;
      commit.set_batch_id(batch);
      commit.set_attempt_id("1-1");
      co_await AppendOne(*log, Record(commit));
    }
  }
  const std::unique_ptr<MetadataLog> second = co_await TakeOver(node, store, "query/log", query);
  Commit commit;
  commit.set_batch_id(1);
  commit.set_attempt_id("1-1");
  co_await AppendOne(*second, Record(commit));

  // Each batch's end begins a segment anew, with no batch but the newest.
  GraphHistory batches(1);
  const std::unique_ptr<MetadataLog> graph =
      co_await TakeOver(node, store, "graph", batches, {.segment_bytes = 200});
  co_await AppendOne(*graph, Record(GraphMetadata()));
  for (int64_t batch = 1; batch <= 3; ++batch) {
    BlockAdded block;
    block.set_block_id(absl::StrCat(batch));
    block.set_path(absl::StrCat("blocks/", batch));
    block.set_records(3);
    co_await AppendOne(*graph, Record(block));
    BatchInput input;
    input.set_batch_time_ms(1000 * batch);
    StreamInput& stream = *input.add_streams();
    *stream.add_blocks() = block;
    stream.add_files()->set_path(absl::StrCat("files/", batch));
    co_await AppendOne(*graph, Record(input));
    BatchCompleted completed;
    completed.set_batch_time_ms(1000 * batch);
    co_await AppendOne(*graph, Record(completed));
  }
  // The first owner leaves a segment upon a base of two groups, the second refers to both. It goes
  // before it has settled in, so that they are still there.
  RecordList records;
  const FencedLogOptions options{.segment_bytes = 100, .copied_bytes = 90, .group_bytes = 60};
  {
    const auto plain = co_await FencedLog::TakeOver(node, store, "plain", records, options);
    WT_CHECK(plain.ok());
    for (int i = 0; i < 4; ++i) {
      std::vector<std::string> group{std::string(40, static_cast<char>('a' + i))};
      const absl::Status appended = co_await (*plain)->Append(std::move(group));
      WT_CHECK(appended.ok());
      co_await node.clock().Sleep(absl::Seconds(1));  // for the next segment
    }
  }
  const auto plain = co_await FencedLog::TakeOver(node, store, "plain", records, options);
  WT_CHECK(plain.ok());
  done = true;
}

Files WrittenNow() {
  SimWorld world({.seed = 1});
  simulator::SimDisk& disk = world.AddMachine("m").disk();
  RunIn(world, [](Node& node, bool& done) { return Write(node, done); });
  Files files;
  for (const std::string& path : disk.image().Files("")) files[path] = *disk.Get(path);
  return files;
}

Files Golden(const std::string& version) {
  return ReadGoldenFiles(absl::StrCat("tests/data/checkpoint/", version));
}

Task<void> ReadState(Node& node, Store& store, StateVersion version,
                     std::vector<std::string>& found) {
  const auto state = co_await StateStore::Open(node, store, "query/state", std::move(version));
  EXPECT_TRUE(state.ok()) << state.status();
  if (!state.ok()) co_return;
  (*state)->ForEach([&found](std::string_view key, std::string_view value) {
    found.push_back(std::string(key).append("=").append(value));
  });
}

Task<void> ReadGolden(Node& node, std::vector<std::string>& found, bool& done) {
  LocalStore store(node, "");
  QueryHistory query;
  const std::unique_ptr<MetadataLog> log = co_await TakeOver(node, store, "query/log", query);
  found.push_back(absl::StrCat("query ", query.metadata()->query_id()));
  StateVersion version;
  for (const BatchHistory& batch : query.batches()) {
    found.push_back(absl::StrCat(
        "batch ", batch.definition.batch_id(), " of ", batch.definition.sources(0).files(0).path(),
        ", watermark ", batch.definition.watermark_ms(), batch.commit ? ", committed" : ""));
    if (batch.prepared->states_size() == 0) continue;
    const OperatorState& files = batch.prepared->states(0);
    version.version = files.version();
    version.files.assign(files.files().begin(), files.files().end());
  }
  const auto there = co_await store.List("query/state");
  EXPECT_TRUE(there.ok()) << there.status();
  if (!there->empty()) co_await ReadState(node, store, version, found);
  GraphHistory graph;
  const std::unique_ptr<MetadataLog> batches = co_await TakeOver(node, store, "graph", graph);
  for (const auto& [root, paths] : graph.seen(0).SeenByRoot()) {
    for (const std::string& path : paths) found.push_back("read before: " + path);
  }
  for (const auto& [time_ms, batch] : graph.batches()) {
    found.push_back(absl::StrCat("batch at ", time_ms, " ms of ",
                                 batch.input.streams(0).blocks(0).path(),
                                 batch.completed ? ", completed" : ""));
  }
  RecordList plain;
  const auto records = co_await FencedLog::TakeOver(node, store, "plain", plain);
  EXPECT_TRUE(records.ok()) << records.status();
  found.insert(found.end(), plain.records().begin(), plain.records().end());
  done = true;
}

std::string ReadByThisBuild(const std::string& version) {
  SimWorld world({.seed = 2});
  simulator::SimDisk& disk = world.AddMachine("m").disk();
  for (const auto& [path, content] : Golden(version)) disk.Put(path, content);
  std::vector<std::string> found;
  RunIn(world, [&found](Node& node, bool& done) { return ReadGolden(node, found, done); });
  return absl::StrJoin(found, "\n");
}

constexpr const char* kQuery =
    "query golden\n"
    "batch 0 of input/0, watermark 0, committed\n"
    "batch 1 of input/1, watermark 1000, committed\n";

TEST(GoldenCheckpoint, OfVersion1IsReadable) {
  EXPECT_EQ(ReadByThisBuild("v1"), absl::StrCat(kQuery,
                                                "changes=12\n"
                                                "key11=value11\n"
                                                "key12=value12\n"
                                                "batch at 1000 ms of blocks/1, completed"));
}

// The first segment of an epoch had no mark in version 2, and nothing had a base up to version 3.
TEST(GoldenCheckpoint, OfVersions2To4IsReadable) {
  const std::string expected =
      absl::StrCat(kQuery,
                   "read before: files/1\n"
                   "batch at 2000 ms of blocks/2, completed\n"
                   "batch at 3000 ms of blocks/3, completed\n",
                   std::string(40, 'a'), "\n", std::string(40, 'b'), "\n", std::string(40, 'c'));
  EXPECT_EQ(ReadByThisBuild("v2/logs"), expected);
  EXPECT_EQ(ReadByThisBuild("v3/logs"), expected);
  EXPECT_EQ(ReadByThisBuild("v4/logs"), absl::StrCat(expected, "\n", std::string(40, 'd')));
}

// A change of any format shows here: it needs a number of its own, and a directory beside the
// others.
TEST(GoldenCheckpoint, OfVersion4IsWhatThisBuildWrites) {
  const Files now = WrittenNow();
  if (const char* directory = std::getenv("WRITE_GOLDEN"); directory != nullptr) {
    WriteGoldenFiles(directory, now);
  }
  ExpectSameFiles(Golden("v4/logs"), now);
}

}  // namespace
}  // namespace wavetank::checkpoint
