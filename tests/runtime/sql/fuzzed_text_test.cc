// Any text is a script, or is refused with its place: nothing that somebody types ends the process.
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "rapidcheck/gtest.h"

#include "platform/random.h"
#include "runtime/structured/sql_session.h"

namespace wavetank::runtime {
namespace {

const std::vector<std::string>& SomeTokens() {
  static const auto* const tokens = new std::vector<std::string>{
      "SELECT",   "FROM",    "WHERE",    "GROUP",   "BY",      "HAVING",  "lines", "value",
      "l",        "(",       ")",        ",",       "*",       ".",       "=",     "<=>",
      "+",        "-",       "NOT",      "AND",     "OR",      "IN",      "LIKE",  "'x'",
      "1",        "1.5D",    "`q`",      "JOIN",    "LEFT",    "ON",      "USING", "UNION",
      "ALL",      "WITH",    "AS",       "CASE",    "WHEN",    "THEN",    "ELSE",  "END",
      "CAST",     "INT",     "INTERVAL", "SECOND",  "count",   "sum",     "[",     "]",
      "EXISTS",   "IS",      "NULL",     "BETWEEN", "window",  "LATERAL", "VIEW",  "CREATE",
      "TABLE",    "INSERT",  "INTO",     "out",     "OPTIONS", "path",    ";",     "EXPLAIN",
      "DISTINCT", "explode", "split",    "ARRAY<",  ">",       "TRUE",    "::",    "--",
      "/*",       "*/",      "\"",       "'",       "`",       "\\",      "\n",    "\xC3"};
  return *tokens;
}

const std::vector<std::string>& SomeStatements() {
  static const auto* const statements = new std::vector<std::string>{
      "CREATE OR REPLACE TABLE t (a INT, at TIMESTAMP COMMENT 'it''s', WATERMARK FOR at AS at - "
      "INTERVAL '10' SECONDS) USING csv OPTIONS (path 'p', header true, sep = ';')",
      "INSERT INTO out SELECT value, count(*) FROM lines GROUP BY value",
      "SELECT l.value, w.word, CASE WHEN length(word) > 3 THEN 'long' ELSE 'short' END AS how FROM "
      "lines l LATERAL VIEW explode(split(l.value, ' ')) w AS word WHERE word NOT LIKE '!_%' "
      "ESCAPE '!' AND value BETWEEN 'a' AND 'b'",
      "WITH w AS (SELECT explode(split(value, ' ')) AS word FROM lines), n AS (SELECT word, "
      "count(*) AS n FROM w GROUP BY word HAVING n > 1L) SELECT DISTINCT * FROM n UNION ALL SELECT "
      "value, 1L FROM lines",
      "SELECT a.value FROM lines a LEFT JOIN lines b USING (value) JOIN lines c ON a.value = "
      "c.value WHERE EXISTS (SELECT 1 FROM lines d WHERE d.value = a.value) AND a.value IN (SELECT "
      "value FROM lines)",
      "SELECT CAST(value AS INT) + 1.5D, value::date, r'\\d', X'1F', TIMESTAMP '2026-01-31 "
      "10:11:12', substring(value FROM 2), trim(LEADING 'x' FROM value) FROM lines",
      "DESCRIBE FUNCTION lower; SHOW TABLES LIKE 'l*'; DROP VIEW IF EXISTS v; EXPLAIN FORMATTED "
      "SELECT count(*) FILTER (WHERE value IS NOT NULL) FROM lines"};
  return *statements;
}

void ExpectParsedOrPlaced(const std::string& text) {
  Session session;
  const absl::Status tables =
      session
          .Sql(
              "CREATE TABLE lines (value STRING) USING text OPTIONS (path 'in');"
              "CREATE TABLE out USING csv OPTIONS (path 'out', outputMode 'update')")
          .status();
  ASSERT_TRUE(tables.ok()) << tables;
  const absl::Status status = session.Sql(text).status();
  if (status.ok()) return;
  EXPECT_TRUE(absl::IsInvalidArgument(status) || absl::IsUnimplemented(status)) << status;
  // "line:column: what", a line of the text, a caret.
  const std::string message(status.message());
  const size_t digits = message.find_first_not_of("0123456789");
  EXPECT_TRUE(digits > 0 && digits < message.size() && message[digits] == ':') << message;
  EXPECT_TRUE(message.ends_with("^")) << text << "\n" << message;
}

RC_GTEST_PROP(FuzzedSql, AnyTokensAreParsedOrRefusedAtTheirPlace, (uint64_t seed)) {
  platform::Random random(seed);
  std::string text = random.Below(2) == 0 ? "SELECT " : "";
  for (uint64_t i = random.Below(60); i > 0; --i) {
    text += SomeTokens()[random.Below(SomeTokens().size())];
    if (random.Below(4) > 0) text += ' ';
  }
  ExpectParsedOrPlaced(text);
}

RC_GTEST_PROP(FuzzedSql, ChangedStatementsAreParsedOrRefusedAtTheirPlace, (uint64_t seed)) {
  platform::Random random(seed);
  std::string text = SomeStatements()[random.Below(SomeStatements().size())];
  for (uint64_t i = 1 + random.Below(4); i > 0; --i) {
    const size_t at = random.Below(text.size() + 1);
    switch (random.Below(4)) {
      case 0:
        text.erase(at, random.Below(8));
        break;
      case 1:
        text.insert(at, " " + SomeTokens()[random.Below(SomeTokens().size())] + " ");
        break;
      case 2:
        text.insert(at, text.substr(random.Below(text.size() + 1), random.Below(40)));
        break;
      default:
        if (at < text.size()) text[at] = static_cast<char>(random.Below(256));
        break;
    }
  }
  ExpectParsedOrPlaced(text);
}

TEST(FuzzedSql, WhatIsNestedTooDeeplyIsRefused) {
  for (const auto& [open, middle, close] :
       std::vector<std::tuple<std::string, std::string, std::string>>{
           {"SELECT * FROM (", "SELECT value FROM lines", ")"},
           {"(", "SELECT value FROM lines", ")"},
           {"SELECT value FROM lines UNION ALL ", "SELECT value FROM lines", ""},
           {"SELECT value FROM lines WHERE value IN (", "SELECT value FROM lines", ")"},
           {"WITH w AS (", "SELECT value FROM lines", ") SELECT * FROM w"}}) {
    std::string text;
    for (int i = 0; i < 10'000; ++i) text += open;
    text += middle;
    for (int i = 0; i < 10'000; ++i) text += close;
    ExpectParsedOrPlaced(text);
  }
  std::string joins = "SELECT value FROM lines a0";
  for (int i = 1; i < 5'000; ++i) joins += " CROSS JOIN lines a" + std::to_string(i);
  ExpectParsedOrPlaced(joins);
  std::string views = "SELECT value FROM lines";
  for (int i = 1; i < 5'000; ++i) views += " LATERAL VIEW explode(split(value, ' ')) AS w";
  ExpectParsedOrPlaced(views);
}

}  // namespace
}  // namespace wavetank::runtime
