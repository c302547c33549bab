// docs/guarantees.md holds what the kits say of connectors: WRITE_GUARANTEES=docs/guarantees.md
// writes it.
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"

#include "tests/scenarios/conformance_builtins.h"
#include "tests/scenarios/conformance_sinks.h"
#include "tests/scenarios/conformance_sources.h"

namespace wavetank::testing {
namespace {

std::string Table() {
  std::string text =
      "| connector | seen to be | keeps its contract | the schedules that show it |\n"
      "| --- | --- | --- | --- |\n";
  absl::StrAppend(
      &text, SourceConformance(TextFiles()).Row("source `text`"),
      SourceConformance(JournalUnderTest("once", {.once = true}))
          .Row("a source that gives a line once, and says so"),
      SinkConformance(FileSinkUnderTest(runtime::QueryOutputMode::kAppend)).Row("sink `file`"),
      SinkConformance(BankUnderTest("bank", /*early=*/false))
          .Row("a batch function that applies rows and batch number at once"),
      SinkConformance(AddingFunction()).Row("a batch function that adds rows at each call"),
      SinkConformance(BankUnderTest("early", /*early=*/true))
          .Row("a batch function whose server acknowledges what is not durable"));
  return text;
}

std::string ReadFile(const std::filesystem::path& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

TEST(ConformanceTable, StandsInTheDocument) {
  constexpr char kBegin[] =
      "<!-- the connectors: written by tests/scenarios/conformance_table_test -->\n";
  constexpr char kEnd[] = "<!-- end of the connectors -->\n";
  const std::string document = ReadFile(WAVETANK_GUARANTEES);
  const size_t begin = document.find(kBegin);
  const size_t end = document.find(kEnd);
  ASSERT_NE(begin, std::string::npos);
  ASSERT_NE(end, std::string::npos);
  const size_t from = begin + std::string(kBegin).size();
  const std::string table = Table();
  if (const char* target = std::getenv("WRITE_GUARANTEES"); target != nullptr) {
    std::ofstream(target) << document.substr(0, from) << table << document.substr(end);
    return;
  }
  EXPECT_EQ(document.substr(from, end - from), table)
      << "write it anew: WRITE_GUARANTEES=docs/guarantees.md "
         "build/release/bin/connector_conformance_test --gtest_filter=ConformanceTable.*";
}

}  // namespace
}  // namespace wavetank::testing
