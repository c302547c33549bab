// Records that name files within their checkpoint, and parts by RFC 4180, as builds wrote them
// (tests/data/checkpoint/v4/names; from v8 on with parts that stand in the manifest's entries, some
// of which are filed, from v9 on two in one file): they must stay readable for ever.
#include <cstdlib>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "checkpoint/graph_history.h"
#include "checkpoint/local_store.h"
#include "checkpoint/metadata.h"
#include "checkpoint/named_files.h"
#include "checkpoint/paths.h"
#include "checkpoint/query_history.h"
#include "platform/check.h"
#include "runtime/connectors/file_sink.h"
#include "simulator/sim_world.h"
#include "tests/checkpoint/golden_files.h"
#include "tests/runtime/connectors/stage_file_part.h"

namespace wavetank::runtime {
namespace {

using checkpoint::GoldenFiles;
using checkpoint::LocalStore;
using checkpoint::MetadataLog;
using checkpoint::Record;
using platform::Node;
using simulator::SimWorld;
using testing::ElementsAre;

constexpr char kVersion4[] = "tests/data/checkpoint/v4/names";
constexpr char kVersion8[] = "tests/data/checkpoint/v8/names";
constexpr char kVersion9[] = "tests/data/checkpoint/v9/names";

template <typename Main>
void RunIn(SimWorld& world, const Main& main) {
  bool done = false;
  world.Start("m", {"p", {{"node", [&](Node& node) { return main(node, done); }}}});
  WT_CHECK(world.RunUntil([&done] { return done; }) == simulator::RunEnd::kDone);
}

void MustBe(const absl::Status& status) { WT_CHECK(status.ok(), status.ToString()); }

Task<void> WriteQuery(Node& node, LocalStore& store) {
  checkpoint::QueryHistory history;
  auto log = co_await MetadataLog::TakeOver(node, store, "query/log", history);
  MustBe(log.status());
  checkpoint::QueryMetadata metadata;
  metadata.set_query_id("golden");
  MustBe(co_await (*log)->Append(Record(metadata)));
  checkpoint::BatchDefinition definition;
  definition.set_timestamp_ms(1767225600000);
  checkpoint::SourceRange& range = *definition.add_sources();
  range.set_start_offset("0");
  range.set_end_offset("1");
  range.add_files()->set_path("input/0");
  definition.set_hash(checkpoint::DefinitionHash(definition));
  MustBe(co_await (*log)->Append(Record(definition)));
  checkpoint::Prepared prepared;
  prepared.set_attempt_id("1-1");
  checkpoint::OperatorState& state = *prepared.add_states();
  state.set_operator_id(2);
  state.set_partition(1);
  state.set_version(1);
  state.add_names("1-m.p.node.1.0123456789abcdef.delta");
  MustBe(co_await (*log)->Append(Record(prepared)));
}

Task<void> WriteGraph(Node& node, LocalStore& store) {
  checkpoint::GraphHistory history;
  auto log = co_await MetadataLog::TakeOver(node, store, "graph", history);
  MustBe(log.status());
  MustBe(co_await (*log)->Append(Record(checkpoint::GraphMetadata())));
  checkpoint::BlockAdded block;
  block.set_block_id("stream-0-m.p.node.1.0123456789abcdef-1");
  block.set_records(3);
  MustBe(co_await (*log)->Append(Record(block)));
}

// A row of every kind of field that RFC 4180 has something to say about, and of nulls.
Task<void> WriteSink(Node& node, LocalStore& store) {
  ManifestColumn column;
  column.set_name("text");
  column.set_type("string");
  FileSink sink(node, store,
                {.directory = "sink",
                 .query_id = "golden",
                 .columns = {column, column},
                 .inline_bytes = 1000});
  MustBe((co_await sink.Fence({1, 1})).status());
  const std::vector<TextRow> rows = {{"plain", "a,b"},       {"say \"hi\"", "\""},
                                     {"two\nlines", "c\rd"}, {"", std::nullopt},
                                     {std::nullopt, ""},     {"\\N", "na\xc3\xafve"}};
  std::string text;
  for (const TextRow& row : rows) {
    AppendField(row[0], text);
    text += ',';
    AppendField(row[1], text);
    text += '\n';
  }
  const auto part = co_await StageFilePart(store, "sink", 0, "m.p.node.1", std::move(text),
                                           static_cast<int64_t>(rows.size()));
  SinkBatch batch{0, 7, {}};
  batch.parts = {part.value()};
  const auto committable = co_await sink.Prepare(std::move(batch));
  MustBe(committable.status());
  MustBe(co_await sink.Commit(*committable));
  co_await sink.Settle(absl::Seconds(1));
  for (const int64_t inline_batch : {1, 2, 3, 4}) {
    SinkBatch next{inline_batch, 8, {}};
    for (const char* unique : {"m.p.node.2", "m.p.node.3"}) {
      FilePartWriter writer(store, "sink", inline_batch, unique, PART_DIALECT_RFC4180, 1000);
      writer.text() += absl::StrCat("in the entry,", inline_batch, "\n");
      writer.AddRows(1);
      next.parts.push_back((co_await writer.Finish()).value());
    }
    const auto prepared = co_await sink.Prepare(std::move(next));
    MustBe(prepared.status());
    MustBe(co_await sink.Commit(*prepared));
    // One by itself, then two in one file; the last is not filed: that ends here.
    if (inline_batch % 2 == 1) co_await sink.Settle(absl::Seconds(1));
  }
}

Task<void> WriteAll(Node& node, bool& done) {
  LocalStore store(node, "");
  co_await WriteQuery(node, store);
  co_await WriteGraph(node, store);
  co_await WriteSink(node, store);
  done = true;
}

Task<void> ReadAll(Node& node, std::vector<std::string>& names, std::vector<TextRow>& rows,
                   bool& done) {
  LocalStore store(node, "moved");
  checkpoint::QueryHistory query;
  MustBe(co_await checkpoint::ReadMetadataLog(node, store, "query/log", absl::Seconds(5), query));
  for (const checkpoint::OperatorState& state : query.batches().back().prepared->states()) {
    for (std::string& file : checkpoint::StateFiles("query", state)) {
      names.push_back(std::move(file));
    }
  }
  checkpoint::GraphHistory graph;
  MustBe(co_await checkpoint::ReadMetadataLog(node, store, "graph", absl::Seconds(5), graph));
  for (const checkpoint::BlockAdded& block : graph.unallocated_blocks()) {
    names.push_back(checkpoint::BlockPath("graph/blocks", block));
  }
  const auto table = co_await ReadFileSink(node, store, "sink", absl::Seconds(5));
  MustBe(table.status());
  rows = table->rows;
  done = true;
}

// Of each batch whose parts stood in its entry.
std::vector<TextRow> RowsOfEntries(int batches) {
  std::vector<TextRow> rows;
  for (int batch = 1; batch <= batches; ++batch) {
    rows.insert(rows.end(), 2, {"in the entry", absl::StrCat(batch)});
  }
  return rows;
}

void ExpectReadable(const std::string& golden, std::vector<TextRow> more) {
  SimWorld world({.seed = 2});
  simulator::SimDisk& disk = world.AddMachine("m").disk();
  for (const auto& [path, content] : checkpoint::ReadGoldenFiles(golden)) {
    disk.Put("moved/" + path, content);
  }
  std::vector<std::string> names;
  std::vector<TextRow> rows;
  RunIn(world, [&](Node& node, bool& done) { return ReadAll(node, names, rows, done); });
  EXPECT_THAT(names, ElementsAre("query/state/2/1/1-m.p.node.1.0123456789abcdef.delta",
                                 "graph/blocks/stream-0-m.p.node.1.0123456789abcdef-1"));
  std::vector<TextRow> expected = {{"plain", "a,b"},       {"say \"hi\"", "\""},
                                   {"two\nlines", "c\rd"}, {"", std::nullopt},
                                   {std::nullopt, ""},     {"\\N", "na\xc3\xafve"}};
  expected.insert(expected.end(), more.begin(), more.end());
  EXPECT_EQ(rows, expected);
}

TEST(GoldenNames, OfVersion4AreReadableWhereverTheyStand) { ExpectReadable(kVersion4, {}); }

TEST(GoldenNames, OfVersion8AreReadableWhereverTheyStand) {
  ExpectReadable(kVersion8, RowsOfEntries(2));
}

TEST(GoldenNames, OfVersion9AreReadableWhereverTheyStand) {
  ExpectReadable(kVersion9, RowsOfEntries(4));
}

TEST(GoldenNames, OfVersion9AreWhatThisBuildWrites) {
  SimWorld world({.seed = 1});
  simulator::SimDisk& disk = world.AddMachine("m").disk();
  RunIn(world, WriteAll);
  GoldenFiles now;
  for (const std::string& path : disk.image().Files("")) {
    // What was under way when it ended.
    if (checkpoint::NameInPath(path).starts_with(".tmp-")) continue;
    now[path] = disk.Get(path).value();
  }
  if (const char* directory = std::getenv("WRITE_GOLDEN_NAMES"); directory != nullptr) {
    checkpoint::WriteGoldenFiles(directory, now);
  }
  checkpoint::ExpectSameFiles(checkpoint::ReadGoldenFiles(kVersion9), now);
}

}  // namespace
}  // namespace wavetank::runtime
