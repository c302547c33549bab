// The built-in connectors, as the kit tests them.
#ifndef WAVETANK_TESTS_SCENARIOS_CONFORMANCE_BUILTINS_H_
#define WAVETANK_TESTS_SCENARIOS_CONFORMANCE_BUILTINS_H_

#include <fstream>
#include <iterator>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "gtest/gtest.h"

#include "platform/status_macros.h"
#include "runtime/connectors/file_sink.h"
#include "runtime/connectors/file_sink_format.h"
#include "runtime/connectors/file_source.h"
#include "runtime/connectors/generated/ad_events_source.h"
#include "runtime/connectors/generated/nexmark_source.h"
#include "runtime/connectors/memory_stream.h"
#include "runtime/connectors/memory_tables.h"
#include "runtime/connectors/rate_source.h"
#include "runtime/connectors/socket_source.h"
#include "scenarios/fakes/line_server.h"
#include "scenarios/testing/sink_conformance.h"
#include "scenarios/testing/source_conformance.h"

namespace wavetank::testing {

inline std::vector<std::string> AddFile(ConformanceWorld& world, int64_t number) {
  const std::string line = absl::StrCat("line of ", number);
  world.PutFile(absl::StrCat("in/", number), absl::StrCat(line, "\n", line, ", too\n"));
  return {line, line + ", too"};
}

// Of connectors that share most of their calls with one of which each call is struck.
inline constexpr int64_t kOneCallOf = 4;

// In update mode the number is the key.
inline runtime::SchemaPtr UpdateSchema() {
  return std::make_shared<const runtime::Schema>(std::vector<runtime::Field>{
      {"value", runtime::DataType::kString}, {"number", runtime::DataType::kInt64}});
}
inline runtime::SchemaPtr SchemaOf(runtime::QueryOutputMode mode) {
  return mode == runtime::QueryOutputMode::kUpdate ? UpdateSchema() : runtime::TextSchema();
}

inline SourceUnderTest TextFiles() {
  return {.format = runtime::TextFileSource(),
          .description = {.format = "text", .path = "in", .options = {}},
          .add = AddFile};
}

// Of each file two records, of a column "line".
inline SourceUnderTest RecordFiles(runtime::SourceFormat format, const std::string& record) {
  const std::string name = format.name;
  return {.format = std::move(format),
          .description = {.format = name, .path = "in", .options = {{"schema", "line STRING"}}},
          .add =
              [record](ConformanceWorld& world, int64_t number) {
                std::vector<std::string> lines;
                std::string content;
                for (const char* which : {"first", "second"}) {
                  lines.push_back(absl::StrCat(which, " of ", number));
                  absl::StrAppend(&content, absl::StrReplaceAll(record, {{"$", lines.back()}}),
                                  "\n");
                }
                world.PutFile(absl::StrCat("in/", number), content);
                return lines;
              },
          .calls_struck = {kOneCallOf}};
}

inline constexpr char kJsonRecord[] = R"({"line": "$"})";

inline SourceUnderTest RateUnderTest() {
  return {.format = runtime::RateSource(),
          .description = {.format = "rate",
                          .path = "",
                          .options = {{"rowsPerSecond", "4"}, {"numPartitions", "2"}}}};
}

// Events that are made, all there from the begin, or as the clock goes on.
inline SourceUnderTest EventsUnderTest(const std::string& format) {
  if (format == "ad_events") {
    return {.format = runtime::AdEventsSource(),
            .description = {.format = format,
                            .path = "",
                            .options = {{"events", "60"}, {"maxEventsPerTrigger", "7"}}}};
  }
  return {.format = runtime::NexmarkSource(),
          .description = {
              .format = format,
              .path = "",
              .options = {{"table", "bid"}, {"eventsPerSecond", "20"}, {"numPartitions", "2"}}}};
}

// What is sent to whoever is connected, by a server that sends nothing again.
inline SourceUnderTest SocketUnderTest() {
  using scenarios::fakes::LineFeed;
  const auto feed = std::make_shared<std::shared_ptr<LineFeed>>();
  return {.format = runtime::SocketSource(),
          .description = {.format = "socket",
                          .path = "",
                          .options = {{"host", "lines"}, {"port", "9999"}}},
          .add =
              [feed](ConformanceWorld&, int64_t number) {
                const std::string line = absl::StrCat("line ", number);
                std::vector<std::string> lines = {line, line + ", too"};
                (*feed)->Add(lines);
                return lines;
              },
          .set_up =
              [feed](ConformanceWorld& world) {
                *feed = std::make_shared<LineFeed>();
                world.Serve("lines", scenarios::fakes::LineServerMain("lines:9999", *feed));
              }};
}

inline platform::Task<absl::StatusOr<std::vector<std::string>>> ReadFirstColumn(
    platform::Node& node, checkpoint::Store& store, absl::Duration patience) {
  WT_CO_ASSIGN_OR_RETURN(const runtime::SinkTable table,
                         co_await runtime::ReadFileSink(node, store, "out", patience));
  std::vector<std::string> rows;
  for (const runtime::TextRow& row : table.rows) rows.push_back(row.front().value_or("null"));
  co_return rows;
}

inline SinkUnderTest FileSinkUnderTest(runtime::QueryOutputMode mode,
                                       runtime::SinkFormat format = runtime::FileSinkFormat(),
                                       int64_t one_call_of = 1) {
  return {.format = std::move(format),
          .options = {{"path", "out"}},
          .read =
              [](platform::Node& node, checkpoint::Store& store) {
                return ReadFirstColumn(node, store, absl::Seconds(10));
              },
          .mode = mode,
          .schema = SchemaOf(mode),
          .calls_struck = {one_call_of}};
}

inline SinkUnderTest UpdatedFiles() {
  return FileSinkUnderTest(runtime::QueryOutputMode::kUpdate, runtime::FileSinkFormat(),
                           kOneCallOf);
}

// In the memory of a process that outlives what the kit strikes.
inline SourceUnderTest MemoryStreamUnderTest() {
  const auto stream = std::make_shared<std::optional<runtime::MemoryStream>>();
  const auto anew = [stream](ConformanceWorld&) {
    stream->emplace(runtime::TextSchema(), runtime::MemoryStreamOptions{});
  };
  stream->emplace(runtime::TextSchema(), runtime::MemoryStreamOptions{});
  return {.format = runtime::MemorySource(**stream),
          .description = {.format = "memory", .path = "", .options = {}},
          .add =
              [stream](ConformanceWorld&, int64_t number) {
                const std::vector<std::string> rows = {absl::StrCat("a", number),
                                                       absl::StrCat("b", number)};
                EXPECT_TRUE(
                    (*stream)->Append(runtime::TextLines(absl::StrJoin(rows, "\n") + "\n")).ok());
                return rows;
              },
          .set_up = anew};
}

inline platform::Task<absl::StatusOr<std::vector<std::string>>> ReadTables(
    const std::optional<runtime::MemoryTables>& tables) {
  std::vector<std::string> rows;
  const std::optional<runtime::MemoryTable> table = tables->Read("");
  if (table) {
    for (const runtime::RecordBatch& some : table->rows) {
      for (int64_t row = 0; row < some.num_rows(); ++row) {
        rows.emplace_back(some.column(0).StringAt(row));
      }
    }
  }
  co_return rows;
}

inline SinkUnderTest MemoryTablesUnderTest(
    runtime::QueryOutputMode mode = runtime::QueryOutputMode::kAppend) {
  const auto tables = std::make_shared<std::optional<runtime::MemoryTables>>();
  tables->emplace();
  return {.format = runtime::MemorySink(**tables),
          .options = {},
          .read = [tables](platform::Node&, checkpoint::Store&) { return ReadTables(*tables); },
          .set_up = [tables](ConformanceWorld&) { tables->emplace(); },
          .mode = mode,
          .schema = SchemaOf(mode)};
}

// What docs/guarantees.md says of connectors.
inline std::string Document() {
  std::ifstream file(WAVETANK_GUARANTEES);
  return {std::istreambuf_iterator<char>(file), {}};
}

// The document says so of the connector.
inline void ExpectRow(const Conformance& found, const std::string& connector) {
  EXPECT_NE(Document().find(found.Row(connector)), std::string::npos)
      << found.Row(connector)
      << "write it anew: WRITE_GUARANTEES=docs/guarantees.md "
         "build/release/bin/connector_conformance_test --gtest_filter=ConformanceTable.*";
}

}  // namespace wavetank::testing

#endif  // WAVETANK_TESTS_SCENARIOS_CONFORMANCE_BUILTINS_H_
