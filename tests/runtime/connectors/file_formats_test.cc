// CSV, JSON lines and compressed files as sources of a query: whatever ends wherever.
#include <lz4frame.h>
#include <zlib.h>
#include <zstd.h>

#include <string>
#include <vector>

#include "absl/strings/str_join.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "tests/runtime/structured/query_jobs.h"

namespace wavetank::runtime {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

struct Files {
  std::string format;
  std::map<std::string, std::string> options;
};

QueryJob Into(const Files& files) {
  return [=](Session& session) {
    auto reader = session.ReadStream();
    reader.Format(files.format);
    for (const auto& [name, value] : files.options) reader.Option(name, value);
    reader.Load("in")
        .WriteStream()
        .QueryName("copy")
        .OutputMode("append")
        .Format("file")
        .Option("path", "out")
        .Option("checkpointLocation", "checkpoint")
        .Start();
  };
}

std::string Gzip(const std::string& text) {
  z_stream stream = {};
  EXPECT_EQ(deflateInit2(&stream, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
  std::string out(text.size() + 100, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  EXPECT_EQ(deflate(&stream, Z_FINISH), Z_STREAM_END);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

std::string Zstd(const std::string& text) {
  std::string out(ZSTD_compressBound(text.size()), '\0');
  out.resize(ZSTD_compress(out.data(), out.size(), text.data(), text.size(), 3));
  return out;
}

std::string Lz4(const std::string& text) {
  std::string out(LZ4F_compressFrameBound(text.size(), nullptr), '\0');
  out.resize(LZ4F_compressFrame(out.data(), out.size(), text.data(), text.size(), nullptr));
  return out;
}

TEST(FileFormats, CsvIsReadByItsColumns) {
  QueryWorld world(1, Into({"csv", {{"schema", "id BIGINT, name STRING"}, {"header", "true"}}}),
                   AvailableNow());
  world.Put("a.csv", "id,name\n1,one\n2,\"two, too\"\n");
  world.Put("b.csv", "id,name\n,three\nx,four\n");
  ASSERT_EQ(world.RunToTheEnd(), absl::OkStatus());
  EXPECT_THAT(TableRows(world), ElementsAre("1|one", "2|two, too", "null|three", "null|four"));
}

TEST(FileFormats, JsonIsReadByItsColumns) {
  QueryWorld world(1, Into({"json", {{"schema", "id BIGINT, at STRUCT<x: DOUBLE>, name STRING"}}}),
                   AvailableNow());
  world.Put("a", "{\"name\":\"one\",\"id\":1}\n{\"id\":2,\"name\":\"two\"}");
  EXPECT_THAT(std::string(world.RunToTheEnd().message()), HasSubstr("struct"));
  QueryWorld flat(1, Into({"json", {{"schema", "id BIGINT, name STRING"}}}), AvailableNow());
  flat.Put("a", "{\"name\":\"one\",\"id\":1}\n{\"id\":2,\"name\":\"two\"}");
  ASSERT_EQ(flat.RunToTheEnd(), absl::OkStatus());
  EXPECT_THAT(TableRows(flat), ElementsAre("1|one", "2|two"));
}

TEST(FileFormats, AMalformedRecordStopsTheQueryByNameIfItIsToldSo) {
  QueryWorld world(1, Into({"json", {{"schema", "id BIGINT"}, {"mode", "FAILFAST"}}}),
                   AvailableNow());
  world.Put("a", "{\"id\":1}\n{\"id\":\n");
  const absl::Status stopped = world.RunToTheEnd();
  EXPECT_EQ(stopped.code(), absl::StatusCode::kInvalidArgument) << stopped;
  EXPECT_THAT(std::string(stopped.message()), HasSubstr("source file in/a"));
}

TEST(FileFormats, CompressedFilesAreReadWhateverEndsWherever) {
  std::string text;
  std::vector<std::string> lines;
  for (int i = 0; i < 300; ++i) lines.push_back(absl::StrCat("line ", i, " of some length"));
  text = absl::StrJoin(lines, "\n");
  for (uint64_t call = 5; call < 120; call += 17) {
    QueryWorld world(call, Into({"text", {}}), AvailableNow());
    world.Put("a.gz", Gzip(text));
    world.Put("b.zst", Zstd(text));
    world.Put("c.lz4", Lz4(text));
    world.Put("d", Gzip(text));
    world.SetFault({.step = "", .process = "w1", .number = call, .power_loss = call % 2 == 0});
    ASSERT_EQ(world.RunToTheEnd(), absl::OkStatus());
    std::vector<std::string> rows = TableRows(world);
    ASSERT_EQ(rows.size(), 4 * lines.size());
    for (size_t i = 0; i < rows.size(); ++i) ASSERT_EQ(rows[i], lines[i % lines.size()]);
  }
}

TEST(FileFormats, ACompressedFileThatIsCutOffStopsTheQueryByName) {
  QueryWorld world(1, Into({"text", {}}), AvailableNow());
  std::string cut = Gzip("some text that is not so short\n");
  cut.resize(cut.size() - 6);
  world.Put("a.gz", cut);
  const absl::Status stopped = world.RunToTheEnd();
  EXPECT_EQ(stopped.code(), absl::StatusCode::kDataLoss) << stopped;
  EXPECT_THAT(std::string(stopped.message()), HasSubstr("in/a.gz"));
}

// One that is left out is left out whole, whoever reads it again after whatever failure.
TEST(FileFormats, ACompressedFileThatIsCutOffIsLeftOutIfItIsToldSo) {
  std::string lines;
  for (int i = 0; i < 2000; ++i) absl::StrAppend(&lines, "line ", i * 7919, "\n");
  std::string cut = Gzip(lines);
  cut.resize(cut.size() / 2);
  for (uint64_t call = 5; call < 120; call += 23) {
    QueryWorld world(call, Into({"text", {{"ignoreCorruptFiles", "true"}}}), AvailableNow());
    world.Put("a.gz", Gzip("first\n"));
    world.Put("b.gz", cut);
    world.Put("b2.gz", std::string(300, '\0'));
    world.Put("c", "last\n");
    world.SetFault({.step = "", .process = "w1", .number = call, .power_loss = call % 2 == 0});
    ASSERT_EQ(world.RunToTheEnd(), absl::OkStatus());
    EXPECT_THAT(TableRows(world), ElementsAre("first", "last")) << call;
  }
}

TEST(FileFormats, FilesBesideThoseThatAreMeantAreLeftOutByTheirNames) {
  QueryWorld stopped(1, Into({"text", {}}), AvailableNow());
  stopped.Put("a.csv", "one\n");
  stopped.Put("b.xz", "whatever");
  EXPECT_THAT(std::string(stopped.RunToTheEnd().message()), HasSubstr("pathGlobFilter=*.csv"));
  QueryWorld world(1, Into({"text", {{"pathGlobFilter", "*.csv{,.gz}"}}}), AvailableNow());
  world.Put("a.csv", "one\n");
  world.Put("b.xz", "whatever");
  world.Put("c.csv.gz", Gzip("two\n"));
  ASSERT_EQ(world.RunToTheEnd(), absl::OkStatus());
  EXPECT_THAT(TableRows(world), ElementsAre("one", "two"));
}

TEST(FileFormats, ALineHasABound) {
  const std::string text = absl::StrCat("short\n", std::string(1000, 'x'), "\nlast\n");
  QueryWorld world(1, Into({"text", {{"maxLineBytes", "100"}, {"splitBytes", "200"}}}),
                   AvailableNow());
  world.Put("a", text);
  const absl::Status stopped = world.RunToTheEnd();
  EXPECT_EQ(stopped.code(), absl::StatusCode::kFailedPrecondition) << stopped;
  EXPECT_THAT(std::string(stopped.message()), HasSubstr("in/a has a line of"));
  EXPECT_THAT(std::string(stopped.message()), HasSubstr("begins at byte 6"));
  QueryWorld raised(1, Into({"text", {{"maxLineBytes", "1000"}, {"splitBytes", "200"}}}),
                    AvailableNow());
  raised.Put("a", text);
  EXPECT_EQ(raised.RunToTheEnd(), absl::OkStatus());
}

TEST(FileFormats, ALineOfACompressedFileHasABound) {
  QueryWorld world(1, Into({"text", {{"maxLineBytes", "100"}}}), AvailableNow());
  world.Put("a.gz", Gzip(std::string(1000, 'x')));
  const absl::Status stopped = world.RunToTheEnd();
  EXPECT_EQ(stopped.code(), absl::StatusCode::kFailedPrecondition) << stopped;
  EXPECT_THAT(std::string(stopped.message()), HasSubstr("a line may have 100"));
}

TEST(FileFormats, WhatIsWrongWithASchemaIsSaid) {
  QueryWorld none(1, Into({"csv", {}}), AvailableNow());
  EXPECT_THAT(std::string(none.RunToTheEnd().message()), HasSubstr("it needs the option schema"));
  QueryWorld wrong(1, Into({"csv", {{"schema", "id BIGNT"}}}), AvailableNow());
  EXPECT_THAT(std::string(wrong.RunToTheEnd().message()), HasSubstr("its schema \"id BIGNT\""));
  QueryWorld option(1, Into({"csv", {{"schema", "id BIGINT"}, {"mode", "LAX"}}}), AvailableNow());
  EXPECT_THAT(std::string(option.RunToTheEnd().message()), HasSubstr("mode"));
}

}  // namespace
}  // namespace wavetank::runtime
