// The file sinks csv, json and text: what stands in their files, and that it reads back.
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_join.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "rapidcheck/gtest.h"

#include "runtime/connectors/connector_registry.h"
#include "runtime/connectors/file_sink_format.h"
#include "tests/runtime/columnar/random_batch.h"
#include "tests/runtime/connectors/formats/decoding.h"
#include "tests/runtime/structured/query_jobs.h"

namespace wavetank::runtime {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

struct SinkJob {
  std::string format;
  OptionMap options = {};
  std::string schema = "id BIGINT, name STRING, at TIMESTAMP, amount DOUBLE";
  std::string mode = "append";
};

QueryJob FromJson(const SinkJob& job) {
  return [=](Session& session) {
    auto writer = session.ReadStream().Format("json").Schema(job.schema).Load("in").WriteStream();
    for (const auto& [name, value] : job.options) writer.Option(name, value);
    writer.QueryName("copy")
        .OutputMode(job.mode)
        .Format(job.format)
        .Option("path", "out")
        .Option("checkpointLocation", "checkpoint")
        .Start();
  };
}

Task<void> ReadInto(platform::Node& node, std::string path, absl::StatusOr<std::string>& text) {
  checkpoint::LocalStore store(node, "store");
  text = co_await store.ReadAll(path);
}
std::string FileText(QueryWorld& world, const std::string& path) {
  absl::StatusOr<std::string> text;
  world.RunAside([&](platform::Node& node) { return ReadInto(node, path, text); });
  EXPECT_TRUE(text.ok()) << text.status();
  return text.value_or("");
}

constexpr char kRows[] =
    "{\"id\":1,\"name\":\"o\\\"ne\",\"at\":\"2026-01-31T10:00:00Z\",\"amount\":1}\n"
    "{\"name\":\"two,\\ntoo\",\"amount\":12345678}\n";

TEST(FileSinkFormats, JsonIsWrittenAsSparkDoes) {
  QueryWorld world(1, FromJson({"json"}), AvailableNow());
  world.Put("a", kRows);
  ASSERT_EQ(world.RunToTheEnd(), absl::OkStatus());
  EXPECT_EQ(FileText(world, "out/part-00000-00000.json"),
            "{\"id\":1,\"name\":\"o\\\"ne\",\"at\":\"2026-01-31T10:00:00.000Z\",\"amount\":1.0}\n"
            "{\"name\":\"two,\\ntoo\",\"amount\":1.2345678E7}\n");
  EXPECT_THAT(TableRows(world), ElementsAre("1|o\"ne|2026-01-31T10:00:00.000Z|1.0",
                                            "null|two,\ntoo|null|1.2345678E7"));
}

TEST(FileSinkFormats, JsonWritesNullsIfItIsToldSo) {
  QueryWorld world(1, FromJson({"json", {{"ignoreNullFields", "false"}}}), AvailableNow());
  world.Put("a", "{\"id\":7}\n");
  ASSERT_EQ(world.RunToTheEnd(), absl::OkStatus());
  EXPECT_EQ(FileText(world, "out/part-00000-00000.json"),
            "{\"id\":7,\"name\":null,\"at\":null,\"amount\":null}\n");
  EXPECT_THAT(TableRows(world), ElementsAre("7|null|null|null"));
}

TEST(FileSinkFormats, JsonTakesArraysStructsAndBytes) {
  QueryWorld world(1, FromJson({"json", {}, "a ARRAY<STRUCT<x: INT, y: STRING>>, b BINARY"}),
                   AvailableNow());
  const std::string text = "{\"a\":[{\"x\":1},null,{\"x\":2,\"y\":\"z\"}],\"b\":\"AQ==\"}\n";
  world.Put("a", text);
  ASSERT_EQ(world.RunToTheEnd(), absl::OkStatus());
  EXPECT_EQ(FileText(world, "out/part-00000-00000.json"), text);
  EXPECT_THAT(TableRows(world), ElementsAre("[{\"x\":1},null,{\"x\":2,\"y\":\"z\"}]|AQ=="));
}

TEST(FileSinkFormats, CsvMayHaveAHeaderWhichIsNoRow) {
  QueryWorld world(1, FromJson({"csv", {{"header", "true"}}, "id BIGINT, `the \"name\"` STRING"}),
                   AvailableNow());
  world.Put("a", "{\"id\":1,\"the \\\"name\\\"\":\"one\"}\n{\"id\":2}\n");
  ASSERT_EQ(world.RunToTheEnd(), absl::OkStatus());
  EXPECT_EQ(FileText(world, "out/part-00000-00000.csv"), "id,\"the \"\"name\"\"\"\n1,one\n2,\n");
  EXPECT_THAT(TableRows(world), ElementsAre("1|one", "2|null"));
}

TEST(FileSinkFormats, TextIsItsLines) {
  QueryWorld world(1, FromJson({"text", {}, "line STRING"}), AvailableNow());
  world.Put("a", "{\"line\":\"one\"}\n{}\n{\"line\":\"two\\nthree\"}\n");
  ASSERT_EQ(world.RunToTheEnd(), absl::OkStatus());
  EXPECT_EQ(FileText(world, "out/part-00000-00000.txt"), "one\n\ntwo\nthree\n");
  EXPECT_THAT(TableRows(world), ElementsAre("one", "", "two", "three"));
}

TEST(FileSinkFormats, WhatCannotBeWrittenIsRefusedByName) {
  const auto refused = [](const SinkJob& job) {
    QueryWorld world(1, FromJson(job), AvailableNow());
    return std::string(world.RunToTheEnd().message());
  };
  EXPECT_THAT(refused({"text", {}, "a STRING, b STRING"}),
              HasSubstr("format text writes one string column, and there are 2 (a: string, b: "
                        "string)"));
  EXPECT_THAT(refused({"text", {}, "n INT"}), HasSubstr("there are 1 (n: int32)"));
  EXPECT_THAT(refused({"csv", {}, "a ARRAY<INT>"}),
              HasSubstr("column \"a\" is array<int32>, which format csv does not have"));
  EXPECT_THAT(refused({"csv", {{"header", "yes"}}}),
              HasSubstr("its option header is 'yes': give true or false"));
  EXPECT_THAT(refused({"json", {{"ignoreNullField", "true"}}}),
              HasSubstr("did you mean \"ignoreNullFields\""));
  EXPECT_THAT(refused({"file", {{"header", "true"}}}),
              HasSubstr("nothing reads the option \"header\""));
}

TEST(FileSinkFormats, OneDirectoryHasFilesOfOneFormat) {
  std::string format = "csv";
  QueryWorld world(
      1, [&format](Session& session) { FromJson({format, {}, "line STRING"})(session); },
      AvailableNow());
  world.Put("a", "{\"line\":\"one\"}\n");
  ASSERT_EQ(world.RunToTheEnd(), absl::OkStatus());
  world.Put("b", "{\"line\":\"two\"}\n");
  format = "json";
  const absl::Status refused = world.RunToTheEnd();
  EXPECT_EQ(refused.code(), absl::StatusCode::kFailedPrecondition) << refused;
  EXPECT_THAT(std::string(refused.message()),
              HasSubstr("has files of format csv, and the query writes json"));
  format = "file";
  ASSERT_EQ(world.RunToTheEnd(), absl::OkStatus());
  EXPECT_THAT(TableRows(world), ElementsAre("one", "two"));
}

// A batch that is prepared in one format is committed by a query that writes another by then.
TEST(FileSinkFormats, NothingIsWrittenBesideABatchOfAnotherFormat) {
  std::string format = "csv";
  QueryWorld world(
      1, [&format](Session& session) { FromJson({format, {}, "line STRING"})(session); },
      AvailableNow());
  world.Put("a", "{\"line\":\"one\"}\n");
  world.SetFault({.step = "batch.prepared", .process = ""});
  EXPECT_EQ(world.RunDriver(), std::nullopt);
  world.Put("b", "{\"line\":\"two\"}\n");
  format = "json";
  const absl::Status refused = world.RunToTheEnd();
  EXPECT_EQ(refused.code(), absl::StatusCode::kFailedPrecondition) << refused;
  EXPECT_THAT(TableRows(world), ElementsAre("one"));
}

TEST(FileSinkFormats, ATableByKeyIsFoldedInJsonToo) {
  QueryWorld world(
      1,
      [](Session& session) {
        session.ReadStream()
            .Format("text")
            .Option("maxFilesPerTrigger", "1")
            .Load("in")
            .GroupBy({Col("value")})
            .Count()
            .WriteStream()
            .QueryName("counts")
            .OutputMode("update")
            .Format("json")
            .Option("path", "out")
            .Option("checkpointLocation", "checkpoint")
            .Start();
      },
      AvailableNow());
  world.Put("a", "x\ny\n");
  world.Put("b", "x\n");
  world.SetFault({.step = "sink.committed", .process = "", .number = 2});
  ASSERT_EQ(world.RunToTheEnd(), absl::OkStatus());
  EXPECT_TRUE(world.fired());
  EXPECT_THAT(TableRows(world), ::testing::UnorderedElementsAre("x|2", "y|1"));
}

// Rows through a format's writer, some at a time, and back through the source's decoder.
struct Written {
  absl::Status status;
  std::string text;
};

Task<void> WriteThrough(platform::Node& node, const SinkFormat& format, const RecordBatch& rows,
                        int64_t first, Written& written) {
  checkpoint::LocalStore store(node, "");
  const OptionMap options = {{"path", "out"}};
  auto writer =
      format.write({.node = node, .store = store, .options = options, .batch = 0, .unique = "u"});
  written.status = writer.status();
  if (!writer.ok()) co_return;
  const std::vector<RecordBatch> parts = {rows.Slice(0, first),
                                          rows.Slice(first, rows.num_rows() - first)};
  for (const RecordBatch& part : parts) {
    if (part.num_rows() > 0) written.status.Update(co_await (*writer)->Write(part));
  }
  const auto staged = co_await (*writer)->Finish();
  written.status.Update(staged.status());
  if (!staged.ok() || staged->empty()) co_return;
  ManifestPart part;
  part.ParseFromString(*staged);
  const auto text = co_await store.ReadAll("out/_wavetank/staged/" + part.file());
  written.status.Update(text.status());
  if (text.ok()) written.text = *text;
}

std::string ThroughSink(const SinkFormat& format, const RecordBatch& rows,
                        platform::Random& random) {
  simulator::SimWorld world({.seed = 1});
  world.AddMachine("m");
  Written written;
  const auto first =
      static_cast<int64_t>(random.Below(static_cast<uint64_t>(rows.num_rows() / 64 + 1)) * 64);
  world.Start("m", {"writer", {{"node", [&](platform::Node& node) {
                                  return WriteThrough(node, format, rows, first, written);
                                }}}});
  world.RunUntil([&] { return !world.process("writer").alive(); });
  RC_ASSERT(written.status == absl::OkStatus());
  return written.text;
}

// Text is UTF-8; times and dates are those that a text of them names.
RecordBatch RowsOfFiles(platform::Random& random, const std::vector<DataType::Kind>& kinds) {
  std::vector<DataType> types(2 + random.Below(4), DataType::kString);
  for (DataType& type : types) type = kinds[random.Below(kinds.size())];
  const RecordBatch drawn = RandomBatch(random, types, random.Between(0, 150));
  std::vector<Column> columns;
  for (const Column& column : drawn.columns()) {
    ColumnBuilder builder(column.type());
    for (int64_t row = 0; row < column.size(); ++row) {
      if (column.IsNull(row)) {
        builder.Null();
      } else if (column.type() == DataType::kString) {
        std::string text(column.StringAt(row));
        for (char& c : text) c = c < 0 ? '"' : c;
        builder.String(text + "\xc3\xa9");
      } else if (column.type() == DataType::kTimestamp) {
        builder.Int64(column.Int64At(row) % int64_t{100'000'000'000'000'000} / 1000);
      } else if (column.type() == DataType::kDate) {
        builder.Fixed(column.Int32At(row) % 20'000);
      } else {
        builder.Copy(column, row);
      }
    }
    columns.push_back(builder.Finish());
  }
  return RecordBatch(drawn.schema_ptr(), std::move(columns), drawn.num_rows());
}

RC_GTEST_PROP(FileSinkFormats, WhatJsonWritesItsSourceReads, (uint64_t seed)) {
  platform::Random random(seed);
  const RecordBatch rows =
      RowsOfFiles(random, {std::begin(kStorableKinds), std::end(kStorableKinds)});
  const std::string text = ThroughSink(JsonSinkFormat(), rows, random);
  const Decoded decoded = DecodeAll("json", rows.schema_ptr(), {}, text, &random);
  RC_ASSERT(decoded.status.ok());
  RC_ASSERT(decoded.malformed == 0);
  RC_ASSERT(RowsShown(decoded.rows) == RowsShown(rows));
}

RC_GTEST_PROP(FileSinkFormats, WhatCsvWritesItsSourceReads, (uint64_t seed)) {
  platform::Random random(seed);
  const RecordBatch rows =
      RowsOfFiles(random, {DataType::kBool, DataType::kInt8, DataType::kInt16, DataType::kInt32,
                           DataType::kInt64, DataType::kFloat, DataType::kDouble, DataType::kString,
                           DataType::kTimestamp, DataType::kDate});
  const std::string text = ThroughSink(CsvSinkFormat(), rows, random);
  const Decoded decoded = DecodeAll("csv", rows.schema_ptr(),
                                    {{"escape", "\""},
                                     {"multiLine", "true"},
                                     {"nullValue", "\\N"},
                                     {"nanValue", "nan"},
                                     {"positiveInf", "inf"},
                                     {"negativeInf", "-inf"}},
                                    text, &random);
  RC_ASSERT(decoded.status.ok());
  RC_ASSERT(decoded.malformed == 0);
  RC_ASSERT(RowsShown(decoded.rows) == RowsShown(rows));
}

}  // namespace
}  // namespace wavetank::runtime
