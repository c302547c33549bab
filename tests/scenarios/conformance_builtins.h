// The built-in connectors, as the kit tests them.
#ifndef WAVETANK_TESTS_SCENARIOS_CONFORMANCE_BUILTINS_H_
#define WAVETANK_TESTS_SCENARIOS_CONFORMANCE_BUILTINS_H_

#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"

#include "platform/status_macros.h"
#include "runtime/connectors/file_sink.h"
#include "runtime/connectors/file_sink_format.h"
#include "runtime/connectors/file_source.h"
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

inline SinkUnderTest FileSinkUnderTest(runtime::QueryOutputMode mode) {
  return {.format = runtime::FileSinkFormat(),
          .options = {{"path", "out"}},
          .read = ReadFirstColumn,
          .mode = mode};
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
