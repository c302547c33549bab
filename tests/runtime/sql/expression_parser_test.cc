#include "runtime/sql/expression_parser.h"

#include <string>
#include <vector>

#include "gtest/gtest.h"

#include "platform/text.h"
#include "runtime/sql/script.h"

namespace wavetank::runtime::sql {
namespace {

struct Row {
  const char* written;
  const char* means;
};

std::string Meaning(const std::string& written) {
  const absl::StatusOr<ExpressionPtr> parsed = ParseExpression(written);
  if (!parsed.ok()) return std::string(platform::ToStd(parsed.status().message()));
  return ToText(**parsed);
}

TEST(SqlExpression, MeansWhatSparkMeansByIt) {
  const Row rows[] = {
      // Operators, by their strength.
      {"a + b * c", "(a + (b * c))"},
      {"a * b + c", "((a * b) + c)"},
      {"a - b - c", "((a - b) - c)"},
      {"a / b % c", "((a / b) % c)"},
      {"a DIV b * c", "(div(a, b) * c)"},
      {"(a + b) * c", "((a + b) * c)"},
      {"-a + b", "(negate(a) + b)"},
      {"- a.b", "negate(a.b)"},
      {"+a", "a"},
      {"-(-a)", "negate(negate(a))"},
      {"~a & b", "(~(a) & b)"},
      {"a | b ^ c & d", "(a | (b ^ (c & d)))"},
      {"a & b + c", "(a & (b + c))"},
      {"a || b || c", "concat(concat(a, b), c)"},
      {"a || b = c", "(concat(a, b) = c)"},
      {"a < b + 1", "(a < (b + 1:int32))"},
      {"a | b < c", "((a | b) < c)"},
      {"a = b OR c = d AND e = f", "((a = b) || ((c = d) && (e = f)))"},
      {"a OR b OR c", "((a || b) || c)"},
      {"NOT a = b", "not((a = b))"},
      {"NOT a AND b", "(not(a) && b)"},
      {"! a OR b", "(not(a) || b)"},
      {"NOT NOT a", "not(not(a))"},
      {"NOT a IS NULL", "not(isnull(a))"},
      {"a <> b", "(a != b)"},
      {"a != b", "(a != b)"},
      {"a == b", "(a = b)"},
      {"a <=> b", "(a <=> b)"},
      {"a >= b", "(a >= b)"},
      // Predicates.
      {"a IS NULL", "isnull(a)"},
      {"a IS NOT NULL", "not(isnull(a))"},
      {"a = b IS NULL", "isnull((a = b))"},
      {"a IS DISTINCT FROM b", "not((a <=> b))"},
      {"a IS NOT DISTINCT FROM b", "(a <=> b)"},
      {"a IS TRUE", "(a <=> true)"},
      {"a IS NOT FALSE", "not((a <=> false))"},
      {"a IS UNKNOWN", "isnull(a)"},
      {"a BETWEEN 1 AND 2 AND b", "(((a >= 1:int32) && (a <= 2:int32)) && b)"},
      {"a NOT BETWEEN b AND c + 1", "not(((a >= b) && (a <= (c + 1:int32))))"},
      {"a IN (1, 2)", "in(a, 1:int32, 2:int32)"},
      {"a NOT IN ('x')", "not(in(a, 'x'))"},
      {"a + 1 IN (b)", "in((a + 1:int32), b)"},
      {"a LIKE 'x%'", "like(a, 'x%')"},
      {"a NOT LIKE '_' OR b", "(not(like(a, '_')) || b)"},
      {"a LIKE '10!%' ESCAPE '!'", "like(a, '10\\\\%')"},
      {"a RLIKE '^x'", "rlike(a, '^x')"},
      {"a REGEXP '^x'", "rlike(a, '^x')"},
      {"a ILIKE 'X'", "ilike(a, 'X')"},
      {"a LIKE ALL ('x%', '%y')", "(like(a, 'x%') && like(a, '%y'))"},
      {"a ILIKE ANY ('x%', '%y')", "(ilike(a, 'x%') || ilike(a, '%y'))"},
      {"a NOT LIKE ALL ('x%', '%y')", "(not(like(a, 'x%')) && not(like(a, '%y')))"},
      {"a NOT LIKE SOME ('x%')", "not(like(a, 'x%'))"},
      {"NOT a LIKE ANY ('x', 'y')", "not((like(a, 'x') || like(a, 'y')))"},
      // Literals.
      {"1", "1:int32"},
      {"2147483648", "2147483648"},
      {"-2147483648", "-2147483648:int32"},
      {"1L", "1"},
      {"-9223372036854775808L", "-9223372036854775808"},
      {"1S", "1:int16"},
      {"1Y", "1:int8"},
      {"1.5", "1.5:double"},
      {".5", "0.5:double"},
      {"2e3", "2000:double"},
      {"1D", "1:double"},
      {"1.5F", "1.5:float"},
      {"'it''s'", "'it\\'s'"},
      {"'it\\'s'", "'it\\'s'"},
      {"\"double\"", "'double'"},
      {"'a' 'b'", "'ab'"},
      {"r'\\d'", "'\\\\d'"},
      {"'\\u0041\\101'", "'AA'"},
      {"'100\\%'", "'100\\\\%'"},
      {"X'01ff'", "X'01FF'"},
      {"DATE '2026-01-31'", "date 2026-01-31"},
      {"TIMESTAMP '2026-01-31 10:11:12.5'", "timestamp 2026-01-31T10:11:12.5Z"},
      {"timestamp'2026-01-31T10:11:12+02:00'", "timestamp 2026-01-31T08:11:12Z"},
      {"INTERVAL '10' SECONDS", "10s"},
      {"INTERVAL 10 seconds", "10s"},
      {"interval '10 seconds'", "10s"},
      {"INTERVAL 1 DAY 2 HOURS", "26h"},
      {"INTERVAL '1 hour 30 minutes'", "1h30m"},
      {"INTERVAL -3 MINUTE", "-3m"},
      {"INTERVAL '1.5' SECOND", "1.5s"},
      {"INTERVAL '1 02:03:04' DAY TO SECOND", "26h3m4s"},
      {"INTERVAL '02:03' HOUR TO MINUTE", "2h3m"},
      {"INTERVAL '2' WEEKS", "336h"},
      {"NULL", "null:null"},
      {"TRUE", "true"},
      {"at + INTERVAL '1' MINUTE", "(at + 1m)"},
      {"a -1", "(a - 1:int32)"},
      // Columns, fields, elements.
      {"t.a", "t.a"},
      {"`odd name`.`b``c`", "odd name.b`c"},
      {"a[0]", "get(a, 0:int32)"},
      {"a[i + 1].f", "get_field(get(a, (i + 1:int32)), 'f')"},
      {"a.b[1]", "get(a.b, 1:int32)"},
      {"date", "date"},
      {"timestamp", "timestamp"},
      {"interval", "interval"},
      // Calls.
      {"upper(a)", "upper(a)"},
      {"UPPER(lower(a))", "upper(lower(a))"},
      {"count(*)", "count(1)"},
      {"count(1)", "count(1)"},
      {"count(a)", "count(a)"},
      {"sum(a) FILTER (WHERE b > 0)", "sum(if((b > 0:int32), a))"},
      {"count(*) FILTER (WHERE b)", "count(if(b, true))"},
      {"current_timestamp", "current_timestamp()"},
      {"current_timestamp()", "current_timestamp()"},
      {"CAST(a AS BIGINT)", "cast(a as int64)"},
      {"cast(a as array<string>)", "cast(a as array<string>)"},
      {"TRY_CAST(a AS INT)", "cast(a as int32)"},
      {"explode_outer(a)", "explode(if((size(a) > 0), a, array(null:null)))"},
      {"first(a) IGNORE NULLS", "first(a, true)"},
      {"string_agg(a, ',')", "listagg(a, ',')"},
      {"median(a) FILTER (WHERE b)", "median(if(b, a))"},
      {"a::int", "cast(a as int32)"},
      {"substring(a FROM 2 FOR 3)", "substring(a, 2:int32, 3:int32)"},
      {"substr(a, 2)", "substring(a, 2:int32)"},
      {"position('a' IN b)", "locate('a', b)"},
      {"extract(YEAR FROM d)", "year(d)"},
      {"trim(a)", "trim(a)"},
      {"trim(BOTH 'x' FROM a)", "trim(a, 'x')"},
      {"trim(LEADING FROM a)", "ltrim(a)"},
      {"struct(a, b AS c, 1)", "named_struct('a', a, 'c', b, 'col3', 1:int32)"},
      {"window(at, '10 seconds')", "window(at, 10s)"},
      {"left(a, 1)", "left(a, 1:int32)"},
      {"CASE WHEN a THEN 1 WHEN b THEN 2 ELSE 3 END", "if(a, 1:int32, if(b, 2:int32, 3:int32))"},
      {"CASE WHEN a THEN 1 END", "if(a, 1:int32)"},
      {"CASE a WHEN 1 THEN 'x' ELSE 'y' END", "if((a = 1:int32), 'x', 'y')"},
      // Comments.
      {"a -- the first\n + b", "(a + b)"},
      {"a /* one /* two */ */ + b", "(a + b)"},
  };
  for (const Row& row : rows) EXPECT_EQ(Meaning(row.written), row.means) << row.written;
}

TEST(SqlExpression, SaysWhereItIsWrong) {
  const Row rows[] = {
      {"a +", "1:4: a value is missing before the end\n  a +\n     ^"},
      {"a = = b", "1:5: a value is missing before \"=\"\n  a = = b\n      ^"},
      {"(a", "1:3: \")\" is missing before the end\n  (a\n    ^"},
      {"'abc", "1:1: this quote is not closed\n  'abc\n  ^"},
      {"/* a", "1:1: this comment is not closed by */\n  /* a\n  ^"},
      {"a @ b", "1:3: '@' is no sign of SQL's\n  a @ b\n    ^"},
      {"1.5BD",
       "1:1: there is no DECIMAL here, which 1.5BD is one of: write 1.5D, a DOUBLE\n  1.5BD\n  ^"},
      {"1Q",
       "1:1: there is no suffix Q of numbers: L is BIGINT, S SMALLINT, Y TINYINT, D DOUBLE, F "
       "FLOAT\n  1Q\n  ^"},
      {"300Y", "1:1: 300 is beyond what a TINYINT holds\n  300Y\n  ^"},
      {"99999999999999999999",
       "1:1: 99999999999999999999 is beyond what a BIGINT holds\n  99999999999999999999\n  ^"},
      {"DATE 'soon'", "1:1: 'soon' is no date: write it as '2026-01-31'\n  DATE 'soon'\n  ^"},
      {"INTERVAL 3 MONTHS",
       "1:10: an interval of a month has no fixed length, and there is none here: give it in "
       "days\n  INTERVAL 3 MONTHS\n           ^"},
      {"INTERVAL '3' SECUNDS",
       "1:14: there is no unit of time \"SECUNDS\": did you mean \"SECOND\"?\n"
       "  INTERVAL '3' SECUNDS\n               ^"},
      {"CAST(a AS BIGNIT)",
       "1:11: there is no type \"BIGNIT\": did you mean \"BIGINT\"?\n  CAST(a AS BIGNIT)\n         "
       "   ^"},
      {"CAST(a AS ARRAY<INTT>)",
       "1:17: there is no type \"INTT\": did you mean \"INT\"?\n  CAST(a AS ARRAY<INTT>)\n"
       "                  ^"},
      {"CAST(a, INT)", "1:7: AS is missing before \",\"\n  CAST(a, INT)\n        ^"},
      {"first(a) FILTER (WHERE b)",
       "1:10: there is no FILTER of first, which does not pass over nulls: use a WHERE\n"
       "  first(a) FILTER (WHERE b)\n           ^"},
      {"CASE WHEN a THEN b",
       "1:19: END is missing before the end\n  CASE WHEN a THEN b\n"
       "                    ^"},
      {"a IS 3",
       "1:6: behind IS stands [NOT] NULL, TRUE, FALSE or DISTINCT FROM, not \"3\"\n  a IS 3\n"
       "       ^"},
      {"h\u00f6he +", "1:7: a value is missing before the end\n  h\u00f6he +\n        ^"},
      {"a\n  + ,", "2:5: a value is missing before \",\"\n    + ,\n      ^"},
      {"count(DISTINCT a)",
       "1:7: there is no count of DISTINCT values yet, as in Spark on a stream: SELECT DISTINCT in "
       "a query of its own, and aggregate that\n  count(DISTINCT a)\n        ^"},
      {"x -> x + 1",
       "1:3: there are no lambda functions yet: explode the array, and compute with its elements\n"
       "  x -> x + 1\n    ^"},
      {"a IN (SELECT b FROM c)",
       "1:3: a query is a condition in WHERE alone\n  a IN (SELECT b FROM c)\n    ^"},
      {"(SELECT 1 FROM c)",
       "1:2: there are no queries that give one value yet: join with it, or compute it beforehand\n"
       "  (SELECT 1 FROM c)\n   ^"},
  };
  for (const Row& row : rows) EXPECT_EQ(Meaning(row.written), row.means) << row.written;
}

TEST(SqlExpression, IsRefusedBeforeItIsTooDeepToWalk) {
  for (const char* const open : {"(", "-", "NOT ", "f(", "1 + (", "CASE WHEN "}) {
    std::string deep;
    for (int i = 0; i < 20'000; ++i) deep += open;
    EXPECT_FALSE(ParseExpression(deep + "a").ok()) << open;
  }
  for (const char* const more : {" + a", " AND a", ".f", "[0]", " || a", "::int"}) {
    std::string longer = "f(a)";
    for (int i = 0; i < 20'000; ++i) longer += more;
    const absl::Status status = ParseExpression(longer).status();
    EXPECT_TRUE(absl::IsInvalidArgument(status)) << more;
  }
  std::string branches = "CASE";
  for (int i = 0; i < 20'000; ++i) branches += " WHEN a THEN b";
  EXPECT_FALSE(ParseExpression(branches + " END").ok());
}

}  // namespace
}  // namespace wavetank::runtime::sql
