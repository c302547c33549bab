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
#include "gtest/gtest.h"

#include "platform/status_macros.h"
#include "runtime/connectors/file_sink.h"
#include "runtime/connectors/file_sink_format.h"
#include "runtime/connectors/file_source.h"
#include "runtime/connectors/memory_stream.h"
#include "runtime/connectors/memory_tables.h"
#include "scenarios/testing/sink_conformance.h"
#include "scenarios/testing/source_conformance.h"

namespace wavetank::testing {

inline std::vector<std::string> AddFile(ConformanceWorld& world, int64_t number) {
  const std::string line = absl::StrCat("line of ", number);
  world.PutFile(absl::StrCat("in/", number), absl::StrCat(line, "\n", line, ", too\n"));
  return {line, line + ", too"};
}

inline SourceUnderTest TextFiles() {
  return {.format = runtime::TextFileSource(),
          .description = {.format = "text", .path = "in", .options = {}},
          .add = AddFile};
}

inline platform::Task<absl::StatusOr<std::vector<std::string>>> ReadFirstColumn(
    platform::Node& node, checkpoint::Store& store) {
  WT_CO_ASSIGN_OR_RETURN(const runtime::SinkTable table,
                         co_await runtime::ReadFileSink(node, store, "out", absl::Seconds(10)));
  std::vector<std::string> rows;
  for (const runtime::TextRow& row : table.rows) rows.push_back(row.front().value_or("null"));
  co_return rows;
}

inline SinkUnderTest FileSinkUnderTest(runtime::QueryOutputMode mode,
                                       runtime::SinkFormat format = runtime::FileSinkFormat()) {
  return {.format = std::move(format),
          .options = {{"path", "out"}},
          .read = ReadFirstColumn,
          .mode = mode};
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

inline SinkUnderTest MemoryTablesUnderTest() {
  const auto tables = std::make_shared<std::optional<runtime::MemoryTables>>();
  tables->emplace();
  return {.format = runtime::MemorySink(**tables),
          .options = {},
          .read = [tables](platform::Node&, checkpoint::Store&) { return ReadTables(*tables); },
          .set_up = [tables](ConformanceWorld&) { tables->emplace(); }};
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
