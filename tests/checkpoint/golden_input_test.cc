// What logs say of input files since they may be forgotten (tests/data/checkpoint/v4/input).
#include <algorithm>
#include <cstdlib>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "checkpoint/graph_history.h"
#include "checkpoint/local_store.h"
#include "checkpoint/metadata.h"
#include "checkpoint/query_history.h"
#include "platform/check.h"
#include "simulator/sim_world.h"
#include "tests/checkpoint/golden_files.h"

namespace wavetank::checkpoint {
namespace {

using platform::Node;
using simulator::SimWorld;

constexpr char kInputRoot[] = "fe01-2a";
constexpr char kInputGolden[] = "tests/data/checkpoint/v4/input";

template <typename Main>
void RunInputWorld(SimWorld& world, const Main& main) {
  bool done = false;
  world.Start("m", {"p", {{"node", [&](Node& node) { return main(node, done); }}}});
  WT_CHECK(world.RunUntil([&done] { return done; }) == simulator::RunEnd::kDone);
}

Task<std::unique_ptr<MetadataLog>> TakeOverInputLog(Node& node, Store& store, std::string directory,
                                                    MetadataFold& history,
                                                    FencedLogOptions options = {}) {
  auto log = co_await MetadataLog::TakeOver(node, store, std::move(directory), history, options);
  WT_CHECK(log.ok(), log.ok() ? "" : std::string(log.status().message()));
  co_return *std::move(log);
}

Task<void> AppendTogether(MetadataLog& log, std::vector<MetadataRecord> records) {
  const absl::Status appended = co_await log.Append(std::move(records));
  WT_CHECK(appended.ok(), std::string(appended.message()));
}

ForgottenFiles ForgetsInput(const std::string& source, int32_t stream, const std::string& path) {
  ForgottenFiles forgotten;
  forgotten.set_source(source);
  forgotten.set_stream(stream);
  forgotten.add_paths(path);
  return forgotten;
}

// Five batches of a file each, the fourth that of the second again, in a query's log and in a
// graph's, of each of which the newest are left.
Task<void> WriteInputs(Node& node, bool& done) {
  LocalStore store(node, "");
  QueryHistory query(2);
  const std::unique_ptr<MetadataLog> log =
      co_await TakeOverInputLog(node, store, "query/log", query, {.segment_bytes = 300});
  QueryMetadata metadata;
  metadata.set_query_id("golden");
  std::vector<MetadataRecord> first = {Record(metadata)};
  co_await AppendTogether(*log, std::move(first));
  GraphHistory graph(2);
  const std::unique_ptr<MetadataLog> batches =
      co_await TakeOverInputLog(node, store, "graph", graph, {.segment_bytes = 300});
  std::vector<MetadataRecord> begin = {Record(GraphMetadata())};
  co_await AppendTogether(*batches, std::move(begin));
  for (int64_t batch = 0; batch < 5; ++batch) {
    const std::string path = absl::StrCat("in/", batch == 3 ? 1 : batch);
    BatchDefinition definition;
    definition.set_batch_id(batch);
    SourceRange& range = *definition.add_sources();
    range.set_source("in");
    range.set_start_offset(absl::StrCat(batch));
    range.set_end_offset(absl::StrCat(batch + 1));
    range.set_root(kInputRoot);
    range.add_files()->set_path(path);
    definition.set_hash(DefinitionHash(definition));
    Prepared prepared;
    prepared.set_batch_id(batch);
    prepared.set_rows_without_time(batch);
    prepared.set_files_skipped(batch);
    Commit commit;
    commit.set_batch_id(batch);
    std::vector<MetadataRecord> records;
    if (batch == 3) records.push_back(Record(ForgetsInput("in", 0, path)));
    if (batch == 4) records.push_back(Record(ForgetsInput("in", 0, "in/2")));
    records.push_back(Record(definition));
    co_await AppendTogether(*log, std::move(records));
    std::vector<MetadataRecord> ends = {Record(prepared), Record(commit)};
    co_await AppendTogether(*log, std::move(ends));

    BatchInput input;
    input.set_batch_time_ms(1000 * (batch + 1));
    StreamInput& stream = *input.add_streams();
    stream.set_stream(1);
    stream.set_root(kInputRoot);
    stream.add_files()->set_path(path);
    BatchCompleted completed;
    completed.set_batch_time_ms(input.batch_time_ms());
    std::vector<MetadataRecord> inputs;
    if (batch == 3) inputs.push_back(Record(ForgetsInput("", 1, path)));
    if (batch == 4) inputs.push_back(Record(ForgetsInput("", 1, "in/2")));
    inputs.push_back(Record(input));
    co_await AppendTogether(*batches, std::move(inputs));
    std::vector<MetadataRecord> completions = {Record(completed)};
    co_await AppendTogether(*batches, std::move(completions));
  }
  done = true;
}

std::vector<std::string> SeenIn(const SeenPaths& seen) {
  std::vector<std::string> paths;
  for (const auto& [path, each] : seen.paths()) {
    const char* state = each.state == SeenPaths::State::kSeen ? "" : ", forgotten";
    paths.push_back(absl::StrCat(path, " of ", each.root, state));
  }
  return paths;
}

Task<void> ReadInputs(Node& node, std::vector<std::string>& query_seen,
                      std::vector<std::string>& graph_seen, bool& done) {
  LocalStore store(node, "");
  QueryHistory query;
  const std::unique_ptr<MetadataLog> log =
      co_await TakeOverInputLog(node, store, "query/log", query);
  query_seen = SeenIn(query.seen("in"));
  GraphHistory graph;
  const std::unique_ptr<MetadataLog> batches =
      co_await TakeOverInputLog(node, store, "graph", graph);
  graph_seen = SeenIn(graph.seen(1));
  done = true;
}

TEST(GoldenInput, OfVersion4IsReadable) {
  SimWorld world({.seed = 2});
  simulator::SimDisk& disk = world.AddMachine("m").disk();
  for (const auto& [path, content] : ReadGoldenFiles(kInputGolden)) disk.Put(path, content);
  std::vector<std::string> query;
  std::vector<std::string> graph;
  RunInputWorld(world,
                [&](Node& node, bool& done) { return ReadInputs(node, query, graph, done); });
  for (const std::vector<std::string>& seen : {query, graph}) {
    EXPECT_THAT(seen, testing::Contains("in/0 of fe01-2a"));
    EXPECT_THAT(seen, testing::Contains("in/1 of fe01-2a"));
    EXPECT_THAT(seen, testing::Contains("in/4 of fe01-2a"));
    EXPECT_THAT(seen, testing::Not(testing::Contains("in/2 of fe01-2a")));
  }
}

TEST(GoldenInput, OfVersion4IsWhatThisBuildWrites) {
  SimWorld world({.seed = 1});
  simulator::SimDisk& disk = world.AddMachine("m").disk();
  RunInputWorld(world, [](Node& node, bool& done) { return WriteInputs(node, done); });
  GoldenFiles now;
  for (const std::string& path : disk.image().Files("")) now[path] = *disk.Get(path);
  if (const char* directory = std::getenv("WRITE_GOLDEN_INPUT"); directory != nullptr) {
    WriteGoldenFiles(directory, now);
  }
  ExpectSameFiles(ReadGoldenFiles(kInputGolden), now);
}

}  // namespace
}  // namespace wavetank::checkpoint
