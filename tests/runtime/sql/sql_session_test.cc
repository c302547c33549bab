#include "runtime/structured/sql_session.h"

#include <string>

#include "gtest/gtest.h"

#include "platform/text.h"

namespace wavetank::runtime {
namespace {

constexpr char kLinesAndCounts[] =
    "CREATE TABLE lines (value STRING) USING text OPTIONS (path 'in');"
    "CREATE TABLE counts (word STRING, n BIGINT) USING csv OPTIONS (path 'out', outputMode "
    "'update', trigger '5 seconds', checkpointLocation 'cp', stateCompression 'lz4');";

// What the last statement is refused with; "": it is not.
std::string Refusal(const std::string& text, const std::string& before = kLinesAndCounts) {
  Session session;
  const absl::Status tables = session.Sql(before).status();
  EXPECT_TRUE(tables.ok()) << tables;
  const absl::StatusOr<SqlResult> result = session.Sql(text);
  return std::string(platform::ToStd(result.status().message()));
}

std::string Said(const std::string& text) {
  Session session;
  const absl::Status tables = session.Sql(kLinesAndCounts).status();
  EXPECT_TRUE(tables.ok()) << tables;
  const absl::StatusOr<SqlResult> result = session.Sql(text);
  EXPECT_TRUE(result.ok()) << result.status();
  return result.ok() ? result->text : "";
}

TEST(SqlSession, InsertIntoIsAQueryOfTheTablesOptions) {
  Session session;
  ASSERT_TRUE(session.Sql(kLinesAndCounts).ok());
  const absl::Status inserted =
      session.Sql("INSERT INTO counts SELECT value, count(*) FROM lines GROUP BY value").status();
  ASSERT_TRUE(inserted.ok()) << inserted;
  ASSERT_EQ(session.queries().size(), 1U);
  const StreamingQueryDefinition& query = session.queries()[0];
  EXPECT_EQ(query.name, "counts");
  EXPECT_EQ(query.sink_format, "csv");
  EXPECT_EQ(query.output_mode, "update");
  EXPECT_EQ(query.trigger_interval, absl::Seconds(5));
  EXPECT_EQ(query.options,
            (std::map<std::string, std::string>{
                {"checkpointLocation", "cp"}, {"path", "out"}, {"stateCompression", "lz4"}}));
  // Its columns have the table's names.
  EXPECT_EQ(ToText(query.plan),
            "project value as word, count(1) as n\n"
            "aggregate 0 by value give count(1)\n"
            "named lines\nsource text\n");
}

TEST(SqlSession, AQueryThatIsInsertedByColumnNamesIsReordered) {
  Session session;
  ASSERT_TRUE(session.Sql(kLinesAndCounts).ok());
  ASSERT_TRUE(
      session.Sql("INSERT INTO counts (n, word) SELECT length(value), value FROM lines").ok());
  EXPECT_TRUE(
      ToText(session.queries()[0].plan).starts_with("project value as word, length(value) as n\n"));
}

TEST(SqlSession, TablesAreReadAndWrittenUnderOneName) {
  Session session;
  ASSERT_TRUE(session.Sql(kLinesAndCounts).ok());
  const auto read = session.Sql("SELECT word FROM counts WHERE n > 1");
  ASSERT_TRUE(read.ok()) << read.status();
  const std::vector<LogicalPlanPtr> order = InOrder(read->rows->plan());
  // Options of writing are none of reading.
  EXPECT_EQ(order[0]->source,
            (SourceDescription{"csv", "out", {{"schema", "word STRING, n BIGINT"}}}));
}

// What SQL's further names, and words between arguments, call.
TEST(SqlSession, CallsAFunctionByAnyNameThatSparkHasForIt) {
  const auto projects = [](const std::string& expression) {
    Session session;
    EXPECT_TRUE(session.Sql(kLinesAndCounts).ok());
    const auto read = session.Sql("SELECT " + expression + " AS x FROM lines");
    if (!read.ok()) return std::string(platform::ToStd(read.status().message()));
    const std::string text = ToText(read->rows->plan());
    return text.substr(0, text.find('\n'));
  };
  EXPECT_EQ(projects("ucase(value)"), "project upper(value) as x");
  EXPECT_EQ(projects("nvl(value, '')"), "project coalesce(value, '') as x");
  EXPECT_EQ(projects("substr(value, 2, 1)"), "project substring(value, 2:int32, 1:int32) as x");
  EXPECT_EQ(projects("position('a' IN value)"), "project locate('a', value) as x");
  EXPECT_EQ(projects("position('a', value, 2)"), "project locate('a', value, 2:int32) as x");
  EXPECT_EQ(projects("trim('x' FROM value)"), "project trim(value, 'x') as x");
  EXPECT_EQ(projects("trim(LEADING 'x' FROM value)"), "project ltrim(value, 'x') as x");
  EXPECT_EQ(projects("rtrim('x', value)"), "project rtrim(value, 'x') as x");
  EXPECT_EQ(projects("btrim(value, 'x')"), "project trim(value, 'x') as x");
  EXPECT_EQ(projects("trim(value)"), "project trim(value) as x");
}

TEST(SqlSession, SaysWhatThereIs) {
  EXPECT_EQ(Said("SHOW TABLES"), "counts\nlines\n");
  EXPECT_EQ(Said("SHOW TABLES LIKE 'l*'"), "lines\n");
  EXPECT_EQ(Said("CREATE VIEW v AS SELECT * FROM lines; SHOW VIEWS"), "v\n");
  EXPECT_EQ(Said("DROP TABLE IF EXISTS nothing; DROP TABLE lines; SHOW TABLES"), "counts\n");
  EXPECT_EQ(Said("SHOW FUNCTIONS LIKE 'max*'"), "max\nmax_by\n");
  EXPECT_EQ(Said("DESCRIBE counts"),
            "word  string\nn     int64\n\n"
            "USING               csv\npath                out\noutputMode          update\n"
            "trigger             5 seconds\ncheckpointLocation  cp\nstateCompression    lz4\n");
  EXPECT_EQ(Said("DESCRIBE QUERY SELECT length(value) AS l FROM lines"), "l  int64\n");
  EXPECT_EQ(Said("DESC FUNCTION lower"),
            "lower(text: string)\nASCII letters in lower case\n  lower('Spark') is spark\n");
  EXPECT_NE(Said("EXPLAIN SELECT value FROM lines").find("as workers run it"), std::string::npos);
  EXPECT_NE(Said("EXPLAIN FORMATTED INSERT INTO counts SELECT value, 1L FROM lines")
                .find("as it was written"),
            std::string::npos);
}

TEST(SqlSession, ExplainSaysByWhichColumnEachSideOfAJoinIsForgotten) {
  const std::string said = Said(
      "CREATE TABLE auction (WATERMARK FOR dateTime AS dateTime) USING nexmark OPTIONS (table "
      "'auction', events 9); CREATE TABLE bid (WATERMARK FOR dateTime AS dateTime) USING nexmark "
      "OPTIONS (table 'bid', events 9); EXPLAIN SELECT b.price FROM auction a JOIN bid b ON a.id = "
      "b.auction AND b.dateTime >= a.dateTime AND b.dateTime <= a.dateTime + INTERVAL '1' MINUTE");
  EXPECT_NE(said.find("left rows go once the watermark is 1m past dateTime, right rows go once the "
                      "watermark is at dateTime"),
            std::string::npos)
      << said;
}

struct Refused {
  const char* sql;
  const char* says;
};

TEST(SqlSession, SaysWhereAStatementIsWrong) {
  const Refused rows[] = {
      // Names.
      {"SELECT value FROM linse",
       "1:19: there is no table \"linse\": did you mean \"lines\"?\n"
       "  SELECT value FROM linse\n                    ^"},
      {"SELECT vlaue FROM lines",
       "1:8: Select: there is no column \"vlaue\": did you mean \"value\"?\n"
       "  SELECT vlaue FROM lines\n         ^"},
      {"SELECT value\nFROM lines\nWHERE lenght(value) > 3",
       "3:7: Where: lenght(value): there is no function \"lenght\": did you mean \"length\"?\n"
       "  WHERE lenght(value) > 3\n        ^"},
      {"SELCT value FROM lines",
       "1:1: \"SELCT\": did you mean SELECT?\n  SELCT value FROM lines\n  ^"},
      {"SELECT value FORM lines",
       "1:14: \"FORM\": did you mean FROM?\n  SELECT value FORM lines\n               ^"},
      {"SELECT value FROM lines WHRE value = ''",
       "1:25: \"WHRE\": did you mean WHERE?\n  SELECT value FROM lines WHRE value = ''\n"
       "                          ^"},
      {"SELECT value FROM lines GROUP value",
       "1:31: BY is missing before \"value\"\n"
       "  SELECT value FROM lines GROUP value\n"
       "                                ^"},
      {"SELECT x.* FROM lines l",
       "1:8: Select: \"x.*\" is of no input: did you mean \"l.*\"?\n  SELECT x.* FROM lines l\n"
       "         ^"},
      {"INSERT INTO cuonts SELECT value, 1L FROM lines",
       "1:13: there is no table \"cuonts\": did you mean \"counts\"?\n"
       "  INSERT INTO cuonts SELECT value, 1L FROM lines\n              ^"},
      {"DROP TABLE line",
       "1:12: there is no \"line\": did you mean \"lines\"?\n  DROP TABLE line\n             ^"},
      // Types.
      {"SELECT value + 1 FROM lines",
       "1:14: Select: (value + 1:int32): value is string, not a number: cast it\n"
       "  SELECT value + 1 FROM lines\n               ^"},
      {"SELECT value FROM lines WHERE length(value)",
       "1:31: Where: length(value) is int64, not bool: compare it with something\n"
       "  SELECT value FROM lines WHERE length(value)\n                                ^"},
      {"INSERT INTO counts SELECT value FROM lines",
       "1:13: counts has 2 columns, and the query gives 1: value\n"
       "  INSERT INTO counts SELECT value FROM lines\n              ^"},
      {"INSERT INTO counts SELECT value, value FROM lines",
       "1:20: Select: two columns are called \"value\": name one with As(...)\n"
       "  INSERT INTO counts SELECT value, value FROM lines\n                     ^"},
      {"INSERT INTO counts SELECT value, value AS v FROM lines",
       "1:13: the column n of counts is int64, and the query gives v: string: CAST it\n"
       "  INSERT INTO counts SELECT value, value AS v FROM lines\n              ^"},
      // Groups.
      {"SELECT value, length(value), count(*) FROM lines GROUP BY length(value)",
       "1:8: \"value\" is of a row, not of a group: add it to GROUP BY, or aggregate it, as in "
       "min(value)\n  SELECT value, length(value), count(*) FROM lines GROUP BY length(value)\n"
       "         ^"},
      {"SELECT count(*) FROM lines GROUP BY 3",
       "1:37: there is no column 3: the SELECT has 1\n  SELECT count(*) FROM lines GROUP BY 3\n"
       "                                      ^"},
      {"SELECT value FROM lines HAVING value = 'x'",
       "1:38: HAVING is of groups, and there is no GROUP BY: use WHERE\n"
       "  SELECT value FROM lines HAVING value = 'x'\n                                       ^"},
      {"SELECT sum(count(*)) FROM lines",
       "1:12: Agg: count(1) is an aggregate: use it in GroupBy(...).Agg(...)\n"
       "  SELECT sum(count(*)) FROM lines\n             ^"},
      {"SELECT value FROM lines WHERE count(*) > 1",
       "1:31: Where: count(1) is an aggregate: use it in GroupBy(...).Agg(...)\n"
       "  SELECT value FROM lines WHERE count(*) > 1\n                                ^"},
      {"SELECT value FROM lines ORDER BY 2",
       "1:34: there is no column 2: the SELECT has 1\n"
       "  SELECT value FROM lines ORDER BY 2\n                                   ^"},
      {"SELECT value FROM lines LIMIT value",
       "1:31: LIMIT is a number of rows, not \"value\"\n"
       "  SELECT value FROM lines LIMIT value\n                                ^"},
      {"SELECT value FROM lines EXCEPT SELECT value FROM lines",
       "1:25: there is no EXCEPT yet: a LEFT SEMI or LEFT ANTI JOIN says the same\n"
       "  SELECT value FROM lines EXCEPT SELECT value FROM lines\n                          ^"},
      {"SELECT value FROM lines a NATURAL JOIN lines b",
       "1:27: a NATURAL join depends on what columns there are: name them with USING\n"
       "  SELECT value FROM lines a NATURAL JOIN lines b\n                            ^"},
      {"SELECT a.value FROM lines a JOIN lines b USING (vlaue)",
       "1:49: Join: there is no column \"a.vlaue\"; there are value, value\n"
       "  SELECT a.value FROM lines a JOIN lines b USING (vlaue)\n"
       "                                                  ^"},
      {"SET spark.sql.shuffle.partitions = 3",
       "1:1: there are no settings here: give the option to the table that it is of\n"
       "  SET spark.sql.shuffle.partitions = 3\n  ^"},
      // CREATE TABLE.
      {"CREATE TABLE t (a INT, b STIRNG) USING csv OPTIONS (path 'p')",
       "1:26: there is no type \"STIRNG\": did you mean \"STRING\"?\n"
       "  CREATE TABLE t (a INT, b STIRNG) USING csv OPTIONS (path 'p')\n"
       "                           ^"},
      {"CREATE TABLE t (a INT) USING jsn OPTIONS (path 'p')",
       "1:30: there is no format \"jsn\": did you mean \"json\"?\n"
       "  CREATE TABLE t (a INT) USING jsn OPTIONS (path 'p')\n                               ^"},
      {"CREATE TABLE t (a INT) USING csv OPTIONS (path 'p', haeder 'true')",
       "1:53: format csv has no option \"haeder\": did you mean \"header\"?\n"
       "  CREATE TABLE t (a INT) USING csv OPTIONS (path 'p', haeder 'true')\n"
       "                                                      ^"},
      {"CREATE TABLE t (a TIMESTAMP, WATERMARK FOR b AS b - INTERVAL '1' SECOND) USING csv OPTIONS "
       "(path 'p')",
       "1:44: there is no column \"b\": did you mean \"a\"?"},
      {"CREATE TABLE t (a TIMESTAMP, WATERMARK FOR a AS b) USING csv",
       "1:49: a watermark is its column, less how late a row may be: write a - INTERVAL '10' "
       "SECONDS\n  CREATE TABLE t (a TIMESTAMP, WATERMARK FOR a AS b) USING csv\n"
       "                                                  ^"},
      {"CREATE TABLE lines USING text",
       "1:14: there is a \"lines\" already: CREATE OR REPLACE takes its place\n"
       "  CREATE TABLE lines USING text\n               ^"},
      {"CREATE TABLE t (a INT)",
       "1:23: USING is missing before the end\n"
       "  CREATE TABLE t (a INT)\n                        ^"},
  };
  for (const Refused& row : rows) {
    const std::string said = Refusal(row.sql);
    const std::string wanted = row.says;
    // Of long lines the caret is not written out.
    if (wanted.empty() || wanted.find('^') != std::string::npos) {
      EXPECT_EQ(said, wanted) << row.sql;
    } else {
      EXPECT_TRUE(said.starts_with(wanted)) << row.sql << "\n" << said;
    }
  }
}

TEST(SqlSession, APlaceIsThatOfTheStatementNotOfTheViewThatItReads) {
  Session session;
  ASSERT_TRUE(session.Sql(kLinesAndCounts).ok());
  ASSERT_TRUE(session.Sql("CREATE VIEW v AS SELECT value, length(value) AS l FROM lines").ok());
  ASSERT_TRUE(session.Sql("CREATE OR REPLACE TABLE gone USING csv OPTIONS (path 'p')").ok());
  const absl::Status status = session.Sql("SELECT l FROM v a, gone b").status();
  EXPECT_EQ(std::string(status.message()).substr(0, 18), "1:20: ReadStream: ") << status;
}

}  // namespace
}  // namespace wavetank::runtime
