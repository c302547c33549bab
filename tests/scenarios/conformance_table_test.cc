// docs/guarantees.md holds what the kits say of connectors: WRITE_GUARANTEES=docs/guarantees.md
// writes it. That each row is what is seen, the connector's own test says (ExpectRow).
#include <cstdlib>
#include <fstream>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "gtest/gtest.h"

#include "tests/scenarios/conformance_builtins.h"
#include "tests/scenarios/conformance_logs.h"
#include "tests/scenarios/conformance_sinks.h"
#include "tests/scenarios/conformance_sources.h"

namespace wavetank::testing {
namespace {

constexpr char kHead[] =
    "| connector | seen to be | keeps its contract | the schedules that show it |\n"
    "| --- | --- | --- | --- |\n";

// Connectors by what the table calls them.
std::vector<std::pair<std::string, std::function<Conformance()>>> Rows() {
  return {
      {"source `text`", [] { return SourceConformance(TextFiles()); }},
      {"source `csv`",
       [] { return SourceConformance(RecordFiles(runtime::CsvFileSource(), "$")); }},
      {"source `json`",
       [] { return SourceConformance(RecordFiles(runtime::JsonFileSource(), kJsonRecord)); }},
      {"source `rate`", [] { return SourceConformance(RateUnderTest()); }},
      {"source `nexmark`", [] { return SourceConformance(EventsUnderTest("nexmark")); }},
      {"source `ad_events`", [] { return SourceConformance(EventsUnderTest("ad_events")); }},
      {"source `socket`", [] { return SourceConformance(SocketUnderTest()); }},
      {"source `memory`, while its process lives",
       [] { return SourceConformance(MemoryStreamUnderTest()); }},
      {"a source that gives a line once, and says so",
       [] { return SourceConformance(JournalUnderTest("once", {.once = true})); }},
      {"source `log`", [] { return SourceConformance(LogSourceUnderTest()); }},
      {"sink `log`, transactional",
       [] { return SinkConformance(LogSinkUnderTest("transactional")); }},
      {"sink `log`, idempotent",
       [] { return SinkConformance(LogSinkUnderTest("idempotent", kOneCallOf)); }},
      {"sink `log`, plain", [] { return SinkConformance(LogSinkUnderTest("plain", kOneCallOf)); }},
      {"sink `file`",
       [] { return SinkConformance(FileSinkUnderTest(runtime::QueryOutputMode::kAppend)); }},
      {"sink `file`, complete mode",
       [] { return SinkConformance(FileSinkUnderTest(runtime::QueryOutputMode::kComplete)); }},
      {"sink `file`, update mode", [] { return SinkConformance(UpdatedFiles()); }},
      {"sink `csv`",
       [] {
         return SinkConformance(FileSinkUnderTest(runtime::QueryOutputMode::kAppend,
                                                  runtime::CsvSinkFormat(), kOneCallOf));
       }},
      {"sink `json`",
       [] {
         return SinkConformance(FileSinkUnderTest(runtime::QueryOutputMode::kAppend,
                                                  runtime::JsonSinkFormat(), kOneCallOf));
       }},
      {"sink `text`",
       [] {
         return SinkConformance(FileSinkUnderTest(runtime::QueryOutputMode::kAppend,
                                                  runtime::TextSinkFormat(), kOneCallOf));
       }},
      {"sink `memory`, while its process lives",
       [] { return SinkConformance(MemoryTablesUnderTest()); }},
      {"sink `memory`, update mode",
       [] { return SinkConformance(MemoryTablesUnderTest(runtime::QueryOutputMode::kUpdate)); }},
      {"a batch function that applies rows and batch number at once",
       [] { return SinkConformance(BankUnderTest("bank", /*early=*/false)); }},
      {"a batch function that adds rows at each call",
       [] { return SinkConformance(AddingFunction()); }},
      {"a batch function whose server acknowledges what is not durable",
       [] { return SinkConformance(BankUnderTest("early", /*early=*/true)); }},
  };
}

TEST(ConformanceTable, StandsInTheDocument) {
  constexpr char kBegin[] =
      "<!-- the connectors: written by tests/scenarios/conformance_table_test -->\n";
  constexpr char kEnd[] = "<!-- end of the connectors -->\n";
  const std::string document = Document();
  const size_t begin = document.find(kBegin);
  const size_t end = document.find(kEnd);
  ASSERT_NE(begin, std::string::npos);
  ASSERT_NE(end, std::string::npos);
  const size_t from = begin + std::string(kBegin).size();
  if (const char* target = std::getenv("WRITE_GUARANTEES"); target != nullptr) {
    std::string table = kHead;
    for (const auto& [connector, see] : Rows()) table += see().Row(connector);
    std::ofstream(target) << document.substr(0, from) << table << document.substr(end);
    return;
  }
  std::string table = document.substr(from, end - from);
  ASSERT_TRUE(table.starts_with(kHead));
  table.erase(0, std::string(kHead).size());
  for (const auto& [connector, see] : Rows()) {
    EXPECT_TRUE(table.starts_with("| " + connector + " |")) << connector;
    table.erase(0, table.find('\n') + 1);
  }
  EXPECT_EQ(table, "");
}

}  // namespace
}  // namespace wavetank::testing
