// docs/compatibility.md: what of Spark's Structured Streaming is there, made from
// tests/data/compatibility.txt, whose every answer is tried, and from the registries:
// WRITE_COMPATIBILITY=docs/compatibility.md writes it.
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "gtest/gtest.h"

#include "runtime/connectors/connector_registry.h"
#include "runtime/functions/registry.h"
#include "runtime/sql/function_aliases.h"
#include "runtime/structured/sql_session.h"

namespace wavetank::runtime {
namespace {

constexpr char kTables[] =
    "CREATE TABLE a (at TIMESTAMP, k STRING, n BIGINT,"
    "  WATERMARK FOR at AS at - INTERVAL '10' SECONDS) USING csv OPTIONS (path 'a');"
    "CREATE TABLE b (at TIMESTAMP, k STRING, n BIGINT,"
    "  WATERMARK FOR at AS at - INTERVAL '10' SECONDS) USING csv OPTIONS (path 'b');"
    "CREATE TABLE u (k STRING, n BIGINT) USING csv OPTIONS (path 'u');"
    "CREATE TABLE lists (k STRING, x ARRAY<BIGINT>) USING json OPTIONS (path 'lists');"
    "CREATE TABLE named (n BIGINT, k STRING) USING console;"
    "CREATE TABLE o USING console;"
    "CREATE TABLE ou USING console OPTIONS (outputMode 'update');"
    "CREATE TABLE oc USING console OPTIONS (outputMode 'complete');";

std::filesystem::path InSources(std::string_view path) {
  return std::filesystem::path(WAVETANK_SOURCES) / path;
}
std::string ReadFile(const std::filesystem::path& path) {
  std::ifstream file(path);
  EXPECT_TRUE(file.good()) << path;
  return {std::istreambuf_iterator<char>(file), {}};
}

// Without comments.
std::vector<std::string> LinesOf(std::string_view path) {
  std::vector<std::string> lines =
      absl::StrSplit(ReadFile(InSources(path)), '\n', absl::SkipEmpty());
  std::erase_if(lines, [](const std::string& line) {
    return line[0] == '#' && !absl::StartsWith(line, "## ");
  });
  return lines;
}

absl::Status Try(const std::string& statement) {
  Session session;
  const absl::Status tables = session.Sql(kTables).status();
  EXPECT_TRUE(tables.ok()) << tables;
  const bool is_query = absl::StartsWith(statement, "SELECT ") ||
                        absl::StartsWith(statement, "INSERT INTO ") ||
                        absl::StartsWith(statement, "WITH ");
  return session.Sql(absl::StrCat(is_query ? "EXPLAIN " : "", statement)).status();
}

struct Feature {
  std::string section;
  std::string answer;
  std::string name;
  std::string how;
  std::string proof;
};

std::vector<Feature> Features() {
  std::vector<Feature> features;
  std::string section;
  for (const std::string& line : LinesOf("tests/data/compatibility.txt")) {
    if (absl::StartsWith(line, "## ")) {
      section = line.substr(3);
      continue;
    }
    std::vector<std::string> parts = absl::StrSplit(line, absl::MaxSplits('|', 3));
    EXPECT_EQ(parts.size(), 4U) << line;
    parts.resize(4);
    for (std::string& part : parts) absl::StripAsciiWhitespace(&part);
    features.push_back({section, parts[0], parts[1], parts[2], parts[3]});
  }
  return features;
}

TEST(Compatibility, WhatIsSaidToBeThereIsAndOtherThingsAreRefused) {
  const std::set<std::string> answers = {"there", "different", "absent"};
  const std::vector<Feature> features = Features();
  EXPECT_GT(features.size(), 80U);
  for (const Feature& feature : features) {
    SCOPED_TRACE(absl::StrCat(feature.answer, " | ", feature.name));
    EXPECT_TRUE(answers.contains(feature.answer));
    const bool absent = feature.answer == "absent";
    if (feature.answer == "different") EXPECT_FALSE(feature.how.empty());
    if (feature.proof.empty()) {
      EXPECT_TRUE(absent) << "a proof is missing";
    } else if (absl::StartsWith(feature.proof, "runtime/")) {
      const std::pair<std::string, std::string> place =
          absl::StrSplit(feature.proof, absl::MaxSplits(':', 1));
      EXPECT_EQ(absl::StrContains(ReadFile(InSources(place.first)), place.second), !absent);
    } else if (absent) {
      EXPECT_FALSE(Try(feature.proof).ok()) << "it is there: say so";
    } else {
      EXPECT_TRUE(Try(feature.proof).ok()) << Try(feature.proof);
    }
  }
}

std::string Cell(std::string text) { return absl::StrReplaceAll(text, {{"|", "\\|"}}); }

std::string FeatureTables() {
  std::string text;
  std::string section;
  for (const Feature& feature : Features()) {
    if (feature.section != section) {
      section = feature.section;
      absl::StrAppend(&text, "\n## ", section, "\n\n| Spark | here | |\n| --- | --- | --- |\n");
    }
    const std::string answer = feature.answer == "absent" ? "no" : feature.answer;
    absl::StrAppend(&text, "| ", Cell(feature.name), " | ", answer, " | ", Cell(feature.how),
                    " |\n");
  }
  return text;
}

// What each mode says to each shape of a query.
std::string ModeTable() {
  const std::vector<std::pair<std::string, std::string>> shapes = {
      {"rows by themselves", "SELECT k FROM a"},
      {"groups", "SELECT k, count(*) FROM a GROUP BY k"},
      {"groups of a column with a watermark", "SELECT at, count(*) FROM a GROUP BY at"},
      {"windows, of a column with a watermark",
       "SELECT window.start, count(*) FROM a GROUP BY window(at, '1 minute')"},
      {"sessions", "SELECT k, count(*) FROM a GROUP BY k, session_window(at, '1 minute')"},
      {"all rows as one group", "SELECT count(*) FROM a"},
      {"distinct rows", "SELECT DISTINCT k FROM a"},
      {"an inner join of streams", "SELECT a.k FROM a JOIN b ON a.k = b.k"},
      {"an outer join of streams, bounded",
       "SELECT a.k FROM a LEFT JOIN b ON a.k = b.k AND b.at >= a.at AND b.at <= a.at + INTERVAL "
       "'1' "
       "MINUTE"},
      {"groups of what a join gives",
       "SELECT a.k, count(*) FROM a JOIN b ON a.k = b.k GROUP BY a.k"},
      {"groups, sorted", "SELECT k, count(*) AS c FROM a GROUP BY k ORDER BY c"},
      {"groups, the first of them", "SELECT k, count(*) AS c FROM a GROUP BY k LIMIT 5"},
  };
  std::string text =
      "\n## What a query may show in which mode\n\n| a query of | append | update | "
      "complete |\n| --- | --- | --- | --- |\n";
  for (const auto& [shape, query] : shapes) {
    absl::StrAppend(&text, "| ", shape);
    for (const char* sink : {"o", "ou", "oc"}) {
      const bool may = Try(absl::StrCat("INSERT INTO ", sink, " ", query)).ok();
      absl::StrAppend(&text, " | ", may ? "yes" : "refused");
    }
    absl::StrAppend(&text, " |\n");
  }
  return text;
}

template <typename Formats>
std::string FormatTable(const char* title, const Formats& formats) {
  std::string text =
      absl::StrCat("\n## ", title, "\n\n| format | what it is | options |\n| --- | --- | --- |\n");
  for (const auto& [name, format] : formats) {
    std::string options;
    for (const ConnectorOption& option : format.options) {
      absl::StrAppend(&options, options.empty() ? "" : ", ", option.name);
    }
    absl::StrAppend(&text, "| `", name, "` | ", Cell(format.meaning), " | ", options, " |\n");
  }
  return text;
}

std::string FunctionLists() {
  // What the grammar has.
  const std::set<std::string> syntax = {"asc",
                                        "asc_nulls_first",
                                        "asc_nulls_last",
                                        "desc",
                                        "window",
                                        "desc_nulls_first",
                                        "desc_nulls_last",
                                        "when",
                                        "session_window",
                                        "explode"};
  std::vector<std::string> there;
  std::vector<std::string> absent;
  for (const std::string& line : LinesOf("tests/data/spark_functions.txt")) {
    const std::vector<std::string> names = absl::StrSplit(line, ' ');
    for (const std::string& name : names) {
      const bool known = syntax.contains(name) ||
                         FunctionRegistry::BuiltIn().Find(sql::FunctionOfAlias(name)) != nullptr;
      (known ? there : absent).push_back(absl::StrCat("`", name, "`"));
    }
  }
  std::string lists = absl::StrCat("\n## Functions\n\nOf the ", there.size() + absent.size(),
                                   " of `pyspark.sql.functions` 4.0.0, ", there.size(),
                                   " are there in SQL (docs/functions.md has each, or what it is "
                                   "an alias of, and those that have "
                                   "other names):\n");
  const auto add = [&lists](const std::vector<std::string>& names) {
    size_t column = 100;
    for (const std::string& name : names) {
      if (column + name.size() + 1 > 100) {
        lists.push_back('\n');
        column = 0;
      } else {
        lists.push_back(' ');
        ++column;
      }
      lists += name;
      column += name.size();
    }
    lists.push_back('\n');
  };
  add(there);
  absl::StrAppend(&lists, "\nand ", absent.size(), " are not:\n");
  add(absent);
  return lists;
}

TEST(Compatibility, StandsInTheDocument) {
  const ConnectorRegistry& connectors = ConnectorRegistry::BuiltIn();
  const std::string made = absl::StrCat(
      "# What of Spark's Structured Streaming is there\n\n"
      "Names, semantics and defaults are Spark's (4.0) where this page says \"there\"; where it "
      "says\n"
      "\"different\", how. What is not there is refused by name, with what to write instead if "
      "there is\n"
      "something. For DStreams see `runtime/dstream/README.md`.\n\n"
      "This page is made from tests/data/compatibility.txt, whose every answer is tried, and from "
      "the\n"
      "registries.\n",
      FeatureTables(), ModeTable(), FormatTable("Sources", connectors.sources()),
      FormatTable("Sinks", connectors.sinks()), FunctionLists());
  if (const char* target = std::getenv("WRITE_COMPATIBILITY"); target != nullptr) {
    std::ofstream(target) << made;
    return;
  }
  EXPECT_EQ(ReadFile(InSources("docs/compatibility.md")), made)
      << "write it anew: WRITE_COMPATIBILITY=docs/compatibility.md build/release/bin/sql_test "
         "--gtest_filter=Compatibility.*";
}

}  // namespace
}  // namespace wavetank::runtime
