// The source and the sink that the embedding program has in its memory, through the engine:
// whatever ends wherever, as long as the process goes on, and what is said once it does not.
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "runtime/connectors/connector_registry.h"
#include "runtime/connectors/memory_stream.h"
#include "runtime/connectors/memory_tables.h"
#include "tests/runtime/structured/query_jobs.h"

namespace wavetank::runtime {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

SchemaPtr WordSchema() {
  return std::make_shared<const Schema>(
      std::vector<Field>{{"word", DataType::kString}, {"n", DataType::kInt64}});
}

RecordBatch Words(const std::vector<std::string>& words) {
  ColumnBuilder texts(DataType::kString);
  ColumnBuilder numbers(DataType::kInt64);
  for (const std::string& word : words) {
    texts.String(word);
    numbers.Int64(static_cast<int64_t>(word.size()));
  }
  return RecordBatch(WordSchema(), {texts.Finish(), numbers.Finish()},
                     static_cast<int64_t>(words.size()));
}

struct MemoryJob {
  MemoryStream* stream = nullptr;
  MemoryTables* tables = nullptr;
  std::string mode = "append";
  std::string max_rows = "";
  bool counts = false;
};

QueryJob Through(MemoryJob job) {
  return [job](Session& session) {
    EXPECT_EQ(session.RegisterSource(MemorySource(*job.stream)), absl::OkStatus());
    EXPECT_EQ(session.RegisterSink(MemorySink(*job.tables)), absl::OkStatus());
    auto reader = session.ReadStream();
    reader.Format("memory");
    if (!job.max_rows.empty()) reader.Option("maxRowsPerTrigger", job.max_rows);
    DataFrame rows = reader.Load();
    if (job.counts) rows = rows.GroupBy({Col("word")}).Count();
    rows.WriteStream()
        .QueryName("words")
        .OutputMode(job.mode)
        .Format("memory")
        .Option("checkpointLocation", "checkpoint")
        .Start();
  };
}

std::vector<std::string> Shown(const MemoryTables& tables) {
  std::vector<std::string> rows;
  const auto table = tables.Read("words");
  if (!table) return {"none"};
  for (const RecordBatch& batch : table->rows) {
    for (int64_t row = 0; row < batch.num_rows(); ++row) {
      rows.push_back(absl::StrReplaceAll(batch.RowText(row), {{"\t", ","}}));
    }
  }
  return rows;
}

TEST(Memory, RowsGoThroughOnceWhateverEndsWherever) {
  for (const char* process : {"driver", "w1"}) {
    bool fired = true;
    for (uint64_t call = 1; fired; call += 5) {
      MemoryStream stream(WordSchema(), {});
      MemoryTables tables;
      ASSERT_EQ(stream.Append(Words({"a", "b", "c"})), absl::OkStatus());
      ASSERT_EQ(stream.Append(Words({"d", "e"})), absl::OkStatus());
      QueryWorld world(call, Through({.stream = &stream, .tables = &tables, .max_rows = "2"}),
                       AvailableNow());
      world.SetFault({.step = "", .process = process, .number = call});
      ASSERT_EQ(world.RunToTheEnd(), absl::OkStatus()) << call;
      ASSERT_THAT(Shown(tables), ElementsAre("a,1", "b,1", "c,1", "d,1", "e,1")) << call;
      EXPECT_EQ(stream.extent().released, 5) << call;
      fired = world.fired();
      ASSERT_LT(call, 5000U);
    }
  }
}

TEST(Memory, TablesAreWhatTheirModeSays) {
  for (const char* mode : {"update", "complete"}) {
    MemoryStream stream(WordSchema(), {});
    MemoryTables tables;
    QueryWorld world(1, Through({&stream, &tables, mode, "", /*counts=*/true}), AvailableNow());
    ASSERT_EQ(stream.Append(Words({"a", "b", "a"})), absl::OkStatus());
    ASSERT_EQ(world.RunToTheEnd(), absl::OkStatus());
    EXPECT_THAT(Shown(tables), UnorderedElementsAre("a,2", "b,1"));
    ASSERT_EQ(stream.Append(Words({"b", "c"})), absl::OkStatus());
    ASSERT_EQ(world.RunToTheEnd(), absl::OkStatus());
    EXPECT_THAT(Shown(tables), UnorderedElementsAre("a,2", "b,2", "c,1")) << mode;
    EXPECT_EQ(tables.Read("words")->last_batch, 1);
  }
}

// The process ends: its stream and tables go, its checkpoint stays.
TEST(Memory, AfterTheProcessOnlyACompleteTableGoesOn) {
  for (const char* mode : {"append", "update", "complete"}) {
    MemoryStream before(WordSchema(), {.incarnation = "1"});
    MemoryStream after(WordSchema(), {.incarnation = "2"});
    MemoryTables tables_before;
    MemoryTables tables_after;
    const bool counts = mode != std::string("append");
    MemoryJob job{&before, &tables_before, mode, "", counts};
    QueryWorld world(1, [&job](Session& session) { Through(job)(session); }, AvailableNow());
    ASSERT_EQ(before.Append(Words({"a", "b", "a"})), absl::OkStatus());
    ASSERT_EQ(world.RunToTheEnd(), absl::OkStatus());
    job.stream = &after;
    job.tables = &tables_after;
    ASSERT_EQ(after.Append(Words({"b"})), absl::OkStatus());
    world.world().PowerOn("m");
    for (const char* worker : {"w1", "w2"}) world.world().Crash(world.world().process(worker));
    const absl::Status again = world.RunToTheEnd();
    if (mode == std::string("complete")) {
      EXPECT_EQ(again, absl::OkStatus());
      EXPECT_THAT(Shown(tables_after), UnorderedElementsAre("a,2", "b,2"));
    } else {
      EXPECT_EQ(again.code(), absl::StatusCode::kFailedPrecondition) << again;
      EXPECT_THAT(std::string(again.message()), HasSubstr("only complete mode goes on from it"));
      EXPECT_EQ(tables_after.Read("words"), std::nullopt);
    }
  }
}

TEST(Memory, ABatchOfAProcessThatHasEndedIsLostAndSaid) {
  MemoryStream before(WordSchema(), {.incarnation = "1"});
  MemoryStream after(WordSchema(), {.incarnation = "2"});
  MemoryTables tables;
  MemoryJob job{&before, &tables, "complete", "", true};
  QueryWorld world(1, [&job](Session& session) { Through(job)(session); }, AvailableNow());
  ASSERT_EQ(before.Append(Words({"a"})), absl::OkStatus());
  world.SetFault({.step = "batch.defined", .process = "", .number = 1});
  EXPECT_EQ(world.RunDriver(), std::nullopt);
  job.stream = &after;
  for (const char* worker : {"w1", "w2"}) world.world().Crash(world.world().process(worker));
  const absl::Status lost = world.RunToTheEnd();
  EXPECT_EQ(lost.code(), absl::StatusCode::kDataLoss) << lost;
  EXPECT_THAT(std::string(lost.message()), HasSubstr("memory of a process that has ended"));
}

TEST(Memory, IsBounded) {
  MemoryStream stream(WordSchema(), {.max_bytes = 1});
  ASSERT_EQ(stream.Append(Words({"a"})), absl::OkStatus());
  EXPECT_EQ(stream.Append(Words({"b"})).code(), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(stream.extent().end, 1);
  stream.Release(1);
  EXPECT_EQ(stream.Append(Words({"b"})), absl::OkStatus());
  EXPECT_EQ(stream.Read(0, 2).status().code(), absl::StatusCode::kDataLoss);
  EXPECT_EQ(stream.Read(1, 2)->size(), 1U);

  MemoryTables tables(1);
  QueryWorld world(1, Through({&stream, &tables}), AvailableNow());
  const absl::Status full = world.RunToTheEnd();
  EXPECT_EQ(full.code(), absl::StatusCode::kFailedPrecondition) << full;
  EXPECT_THAT(std::string(full.message()), HasSubstr("of at most 1"));
  EXPECT_EQ(tables.Read("words"), std::nullopt);
}

TEST(Memory, AppendTakesRowsOfItsColumnsAlone) {
  MemoryStream stream(WordSchema(), {});
  const RecordBatch other(
      std::make_shared<const Schema>(std::vector<Field>{{"x", DataType::kInt64}}),
      {ColumnBuilder(DataType::kInt64).Int64(1).Finish()}, 1);
  EXPECT_EQ(stream.Append(other).code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(stream.extent().end, 0);
}

TEST(Memory, ABatchIsAppliedOnceAndInOrder) {
  MemoryTables tables;
  const BatchQuery query{.name = "words", .id = "q"};
  EXPECT_EQ(tables.Apply(query, 0, {Words({"a"})}), absl::OkStatus());
  EXPECT_EQ(tables.Apply(query, 0, {Words({"a"})}), absl::OkStatus());
  EXPECT_THAT(Shown(tables), ElementsAre("a,1"));
  EXPECT_EQ(tables.Apply(query, 2, {Words({"c"})}).code(), absl::StatusCode::kFailedPrecondition);
  // Another query of that name takes its place.
  EXPECT_EQ(tables.Apply({.name = "words", .id = "r"}, 0, {}), absl::OkStatus());
  EXPECT_THAT(Shown(tables), IsEmpty());
}

TEST(Memory, WhatTheProgramHasNotMadeIsRefusedWithHow) {
  EXPECT_THAT(std::string(ConnectorRegistry::BuiltIn().Source("memory").status().message()),
              HasSubstr("give the session MemorySource(stream) by RegisterSource"));
  EXPECT_THAT(std::string(ConnectorRegistry::BuiltIn().Sink("memory").status().message()),
              HasSubstr("give the session MemorySink(tables) by RegisterSink"));
}

}  // namespace
}  // namespace wavetank::runtime
