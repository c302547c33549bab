// Checkpoints as older builds wrote them (tests/data/checkpoint): they must stay readable for ever.
#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "gtest/gtest.h"

#include "checkpoint/local_store.h"
#include "checkpoint/metadata.h"
#include "checkpoint/state_store.h"
#include "platform/check.h"
#include "simulator/sim_world.h"

namespace wavetank::checkpoint {
namespace {

using platform::Node;
using simulator::SimWorld;

using Files = std::map<std::string, std::string>;

constexpr const char* kGolden = "tests/data/checkpoint/v1";
constexpr int kVersions = 12;  // enough for a snapshot and a delta upon it

template <typename Main>
void RunIn(SimWorld& world, const Main& main) {
  bool done = false;
  world.Start("m", {"p", {{"node", [&](Node& node) { return main(node, done); }}}});
  WT_CHECK(world.RunUntil([&done] { return done; }) == simulator::RunEnd::kDone);
}

Task<std::unique_ptr<MetadataLog>> TakeOver(Node& node, Store& store, std::string directory) {
  auto log = co_await MetadataLog::TakeOver(node, store, std::move(directory));
  WT_CHECK(log.ok(), log.ok() ? "" : std::string(log.status().message()));
  co_return *std::move(log);
}

Task<void> AppendOne(MetadataLog& log, MetadataRecord record) {
  const absl::Status appended = co_await log.Append(std::move(record));
  WT_CHECK(appended.ok(), std::string(appended.message()));
}

// A query of two batches, whose second owner finished the second; its state; and a DStream graph.
Task<void> Write(Node& node, bool& done) {
  LocalStore store(node, "");
  auto opened = co_await StateStore::Open(node, store, "query/state", StateVersion());
  WT_CHECK(opened.ok());
  StateStore& state = **opened;
  for (int version = 1; version <= kVersions; ++version) {
    state.Put(absl::StrCat("key", version), absl::StrCat("value", version));
    state.Put("changes", absl::StrCat(version));
    if (version > 2) state.Remove(absl::StrCat("key", version - 2));
    const auto committed = co_await state.Commit();
    WT_CHECK(committed.ok());
  }
  {
    const std::unique_ptr<MetadataLog> log = co_await TakeOver(node, store, "query/log");
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
        files.set_version(state.version().version);
        for (const std::string& file : state.version().files) files.add_files(file);
      }
      co_await AppendOne(*log, Record(prepared));
      if (batch == 1) break;
      Commit commit;
      commit.set_batch_id(batch);
      commit.set_attempt_id("1-1");
      co_await AppendOne(*log, Record(commit));
    }
  }
  const std::unique_ptr<MetadataLog> second = co_await TakeOver(node, store, "query/log");
  Commit commit;
  commit.set_batch_id(1);
  commit.set_attempt_id("1-1");
  co_await AppendOne(*second, Record(commit));

  const std::unique_ptr<MetadataLog> graph = co_await TakeOver(node, store, "graph");
  co_await AppendOne(*graph, Record(GraphMetadata()));
  BlockAdded block;
  block.set_path("blocks/1");
  block.set_records(3);
  co_await AppendOne(*graph, Record(block));
  BatchInput input;
  input.set_batch_time_ms(1000);
  *input.add_streams()->add_blocks() = block;
  co_await AppendOne(*graph, Record(input));
  BatchCompleted completed;
  completed.set_batch_time_ms(1000);
  co_await AppendOne(*graph, Record(completed));
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

Files Golden() {
  Files files;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(kGolden)) {
    if (!entry.is_regular_file() || entry.path().filename() == "README.md") continue;
    std::ifstream in(entry.path(), std::ios::binary);
    files[std::filesystem::relative(entry.path(), kGolden).string()] =
        std::string(std::istreambuf_iterator<char>(in), {});
  }
  return files;
}

Task<void> ReadGolden(Node& node, std::vector<std::string>& found, bool& done) {
  LocalStore store(node, "");
  const std::unique_ptr<MetadataLog> log = co_await TakeOver(node, store, "query/log");
  const auto history = ReadQueryHistory("query/log", log->recovered());
  EXPECT_TRUE(history.ok()) << history.status();
  if (!history.ok()) co_return;
  found.push_back(absl::StrCat("query ", history->metadata->query_id()));
  StateVersion version;
  for (const BatchHistory& batch : history->batches) {
    found.push_back(absl::StrCat(
        "batch ", batch.definition.batch_id(), " of ", batch.definition.sources(0).files(0).path(),
        ", watermark ", batch.definition.watermark_ms(), batch.commit ? ", committed" : ""));
    if (batch.prepared->states_size() == 0) continue;
    const OperatorState& files = batch.prepared->states(0);
    version.version = files.version();
    version.files.assign(files.files().begin(), files.files().end());
  }
  const auto state = co_await StateStore::Open(node, store, "query/state", version);
  EXPECT_TRUE(state.ok()) << state.status();
  if (!state.ok()) co_return;
  (*state)->ForEach([&found](std::string_view key, std::string_view value) {
    found.push_back(std::string(key).append("=").append(value));
  });
  const std::unique_ptr<MetadataLog> graph = co_await TakeOver(node, store, "graph");
  const auto batches = ReadGraphHistory("graph", graph->recovered());
  EXPECT_TRUE(batches.ok()) << batches.status();
  if (!batches.ok()) co_return;
  for (const auto& [time_ms, batch] : batches->batches) {
    found.push_back(absl::StrCat("batch at ", time_ms, " ms of ",
                                 batch.input.streams(0).blocks(0).path(),
                                 batch.completed ? ", completed" : ""));
  }
  done = true;
}

TEST(GoldenCheckpoint, OfVersion1IsReadable) {
  SimWorld world({.seed = 2});
  simulator::SimDisk& disk = world.AddMachine("m").disk();
  for (const auto& [path, content] : Golden()) disk.Put(path, content);
  std::vector<std::string> found;
  RunIn(world, [&found](Node& node, bool& done) { return ReadGolden(node, found, done); });
  EXPECT_EQ(absl::StrJoin(found, "\n"),
            "query golden\n"
            "batch 0 of input/0, watermark 0, committed\n"
            "batch 1 of input/1, watermark 1000, committed\n"
            "changes=12\n"
            "key11=value11\n"
            "key12=value12\n"
            "batch at 1000 ms of blocks/1, completed");
}

// A change of any format shows here: it needs a number of its own, and a directory beside v1.
TEST(GoldenCheckpoint, OfVersion1IsWhatThisBuildWrites) {
  const Files now = WrittenNow();
  if (const char* directory = std::getenv("WRITE_GOLDEN"); directory != nullptr) {
    for (const auto& [path, content] : now) {
      const std::filesystem::path file = std::filesystem::path(directory) / path;
      std::filesystem::create_directories(file.parent_path());
      std::ofstream(file, std::ios::binary) << content;
    }
  }
  const Files golden = Golden();
  ASSERT_FALSE(golden.empty());
  for (const auto& [path, content] : golden) {
    const auto written = now.find(path);
    ASSERT_NE(written, now.end()) << path;
    EXPECT_TRUE(written->second == content) << path << " is written otherwise now";
  }
  EXPECT_EQ(now.size(), golden.size());
}

}  // namespace
}  // namespace wavetank::checkpoint
