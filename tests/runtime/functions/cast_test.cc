// Casts by Spark's rules without ANSI mode (its CastSuite and UTF8String), type by type.
#include "runtime/functions/cast.h"

#include <limits>
#include <string>

#include "gtest/gtest.h"
#include "rapidcheck/gtest.h"

#include "tests/runtime/columnar/random_batch.h"
#include "tests/runtime/functions/calls.h"

namespace wavetank::runtime {
namespace {

TEST(Cast, OfIntegersWrapsAround) {
  EXPECT_EQ(Result(Cast(128, DataType::kInt8)), "-128");
  EXPECT_EQ(Result(Cast(32768, DataType::kInt16)), "-32768");
  EXPECT_EQ(Result(Cast(int64_t{1} << 31, DataType::kInt32)), "-2147483648");
  EXPECT_EQ(Result(Cast(Cast(-1, DataType::kInt8), DataType::kInt64)), "-1");
}

TEST(Cast, OfDoublesToIntegersEndsAtTheEndsOfInt32AndWrapsAroundFromThere) {
  EXPECT_EQ(Result(Cast(1e300, DataType::kInt32)), "2147483647");
  EXPECT_EQ(Result(Cast(-1e300, DataType::kInt32)), "-2147483648");
  EXPECT_EQ(Result(Cast(1e300, DataType::kInt8)), "-1");
  EXPECT_EQ(Result(Cast(-129.9, DataType::kInt8)), "127");
  EXPECT_EQ(Result(Cast(std::numeric_limits<double>::quiet_NaN(), DataType::kInt16)), "0");
  EXPECT_EQ(Result(Cast(Cast(-2.9, DataType::kFloat), DataType::kInt64)), "-2");
}

TEST(Cast, ToFloatIsTheNearest) {
  EXPECT_EQ(Result(Cast(0.1, DataType::kFloat)), "0.1");
  EXPECT_EQ(Result(Cast(16777217, DataType::kFloat)), "16777216");
  // Rounded once: by way of a double both would be the float below.
  EXPECT_EQ(Result(Cast(Literal(9007199791611905), DataType::kFloat)), "9.0072e+15");
  EXPECT_EQ(Result(Cast("1.00000017881393432617187499", DataType::kFloat)), "1.0000001");
  EXPECT_EQ(Result(Cast(1e300, DataType::kFloat)), "inf");
  EXPECT_EQ(Result(Cast(Cast("0.5", DataType::kFloat), DataType::kDouble)), "0.5");
}

TEST(Cast, OfTextToIntegersCutsAFractionAndIsNullBeyondTheType) {
  EXPECT_EQ(Result(Cast("127", DataType::kInt8)), "127");
  EXPECT_EQ(Result(Cast("128", DataType::kInt8)), "null");
  EXPECT_EQ(Result(Cast("2147483648", DataType::kInt32)), "null");
  EXPECT_EQ(Result(Cast("\t-2.9 \n", DataType::kInt32)), "-2");
  EXPECT_EQ(Result(Cast("1.", DataType::kInt64)), "1");
  for (const char* nothing : {".5", "-.5", "+.5", "."}) {
    EXPECT_EQ(Result(Cast(nothing, DataType::kInt32)), "0") << nothing;
  }
  for (const char* none :
       {"", " ", "x", "1.2.3", "1e3", "--4", "+-4", "0x1F", "7 8", "1.x", ".x", "-", "+"}) {
    EXPECT_EQ(Result(Cast(none, DataType::kInt16)), "null") << none;
  }
}

TEST(Cast, OfTextToFloatsIsInfiniteBeyondThem) {
  EXPECT_EQ(Result(Cast("1e40", DataType::kFloat)), "inf");
  EXPECT_EQ(Result(Cast("-1e400", DataType::kDouble)), "-inf");
  EXPECT_EQ(Result(Cast("1e-400", DataType::kDouble)), "0");
  EXPECT_EQ(Result(Cast("NaN", DataType::kFloat)), "nan");
  EXPECT_EQ(Result(Cast("\t 1.5\n", DataType::kDouble)), "1.5");
  EXPECT_EQ(Result(Cast("1.5d", DataType::kDouble)), "1.5");
  EXPECT_EQ(Result(Cast("2F", DataType::kFloat)), "2");
  EXPECT_EQ(Result(Cast("0x1p3", DataType::kFloat)), "8");
  EXPECT_EQ(Result(Cast("-Infinity", DataType::kDouble)), "-inf");
  for (const char* none : {"1e", "d", "1dd", "nan(1)", "-nan", "0x10", "+-1"}) {
    EXPECT_EQ(Result(Cast(none, DataType::kFloat)), "null") << none;
  }
}

TEST(Cast, OfTextToBoolKnowsTheWordsOfSpark) {
  for (const char* yes : {"t", "True", " YES", "y", "1"}) {
    EXPECT_EQ(Result(Cast(yes, DataType::kBool)), "true") << yes;
  }
  for (const char* no : {"f", "FALSE", "no", "n\n", "0"}) {
    EXPECT_EQ(Result(Cast(no, DataType::kBool)), "false") << no;
  }
  EXPECT_EQ(Result(Cast("2", DataType::kBool)), "null");
  EXPECT_EQ(Result(Cast(Cast(2, DataType::kInt8), DataType::kBool)), "true");
  EXPECT_EQ(Result(Cast(-2.5, DataType::kBool)), "true");
  EXPECT_EQ(Result(Cast(0, DataType::kBool)), "false");
}

TEST(Cast, OfTextToDateReadsWhatSparkReads) {
  const auto date = [](const char* text) { return Result(Cast(text, DataType::kDate)); };
  EXPECT_EQ(date("2026-01-31"), "2026-01-31");
  EXPECT_EQ(date(" 2026-1-3 "), "2026-01-03");
  EXPECT_EQ(date("2026"), "2026-01-01");
  EXPECT_EQ(date("2026-11"), "2026-11-01");
  EXPECT_EQ(date("2026-01-31T25:61"), "2026-01-31");
  EXPECT_EQ(date("2026-01-31 x"), "2026-01-31");
  EXPECT_EQ(date("-0044-03-15"), "-0044-03-15");
  EXPECT_EQ(date("+12345-03-15"), "+12345-03-15");
  EXPECT_EQ(date("2024-02-29"), "2024-02-29");
  EXPECT_EQ(date("2000-02-29"), "2000-02-29");
  EXPECT_EQ(date("1900-02-29"), "null");
  for (const char* none :
       {"", "x", "202", "12:34", "2026-13-01", "2026-02-29", "2026-1-311", "2026-01-31x",
        "2026-01 x", "2026-", "12345678-01-01", "9999999-01-01"}) {
    EXPECT_EQ(date(none), "null") << none;
  }
}

TEST(Cast, OfDatesAndTimestampsIsInUtc) {
  EXPECT_EQ(Result(Cast(Date{1}, DataType::kTimestamp)), "1970-01-02T00:00:00Z");
  EXPECT_EQ(Result(Cast(Literal(absl::FromUnixSeconds(-1)), DataType::kDate)), "1969-12-31");
  EXPECT_EQ(Result(Cast(Date{std::numeric_limits<int32_t>::max()}, DataType::kTimestamp)), "null");
  EXPECT_EQ(Result(Cast(Date{std::numeric_limits<int32_t>::min()}, DataType::kString)),
            "-5877641-06-23");
  EXPECT_EQ(Result(Cast(Literal(absl::FromUnixSeconds(300)), DataType::kInt8)), "44");
  EXPECT_EQ(Result(Cast(Literal(absl::FromUnixMillis(-1500)), DataType::kDouble)), "-1.5");
  EXPECT_EQ(Result(Cast(Literal(absl::FromUnixMillis(-1500)), DataType::kInt64)), "-2");
  EXPECT_EQ(Result(Cast(-0.0000015, DataType::kTimestamp)), "1969-12-31T23:59:59.999999Z");
}

// Double.toString, Float.toString, and Spark's fraction formatter.
TEST(Cast, OfNumbersAndTimesToTextIsAsSparkWritesThem) {
  const auto text = [](const Expression& value) { return Result(Cast(value, DataType::kString)); };
  EXPECT_EQ(text(1.0), "1.0");
  EXPECT_EQ(text(-0.0), "-0.0");
  EXPECT_EQ(text(0.001), "0.001");
  EXPECT_EQ(text(0.00012), "1.2E-4");
  EXPECT_EQ(text(9999999.0), "9999999.0");
  EXPECT_EQ(text(1e7), "1.0E7");
  EXPECT_EQ(text(-1.25e-300), "-1.25E-300");
  EXPECT_EQ(text(std::numeric_limits<double>::quiet_NaN()), "NaN");
  EXPECT_EQ(text(-std::numeric_limits<double>::infinity()), "-Infinity");
  EXPECT_EQ(text(Cast(0.1, DataType::kFloat)), "0.1");
  EXPECT_EQ(text(Literal(7)), "7");
  EXPECT_EQ(text(Literal(absl::FromUnixMicros(-1))), "1969-12-31 23:59:59.999999");
  EXPECT_EQ(text(Literal(absl::FromUnixMillis(1'500))), "1970-01-01 00:00:01.5");
  EXPECT_EQ(text(Literal(absl::FromUnixMillis(1'050))), "1970-01-01 00:00:01.05");
  EXPECT_EQ(text(Cast(Cast("-0044-03-15", DataType::kDate), DataType::kTimestamp)),
            "-0044-03-15 00:00:00");
  EXPECT_EQ(text(Struct({Literal(2.0).As("a"), Null(DataType::kDouble).As("b")})), "{2.0, null}");
  EXPECT_EQ(text(Struct({Literal("").As("a"), Literal(Binary{"AB"}).As("b")})), "{, AB}");
  EXPECT_EQ(text(Split(",a,", ",")), "[, a, ]");
}

TEST(Cast, OfTextToTimestampReadsWhatSparkReads) {
  const auto time = [](const char* text) { return Result(Cast(text, DataType::kTimestamp)); };
  EXPECT_EQ(time("2026-1-3"), "2026-01-03T00:00:00Z");
  EXPECT_EQ(time("\t2026-01-31\n"), "2026-01-31T00:00:00Z");
  EXPECT_EQ(time("2026-01-31 1:2:3"), "2026-01-31T01:02:03Z");
  EXPECT_EQ(time("2026-01"), "2026-01-01T00:00:00Z");
  EXPECT_EQ(time("2026-01-31T01:02:03+5"), "2026-01-30T20:02:03Z");
  for (const char* none : {"2026-", "2026-1-", "2026-01-311", "2026-01-31 1", "2026-01-31T001:02",
                           "2026-01-31T01:02:03+5:3"}) {
    EXPECT_EQ(time(none), "null") << none;
  }
}

TEST(Cast, OfTextAndBinaryKeepsTheBytes) {
  EXPECT_EQ(Result(Cast("a\n", DataType::kBinary)), "X'610A'");
  EXPECT_EQ(Result(Cast(Binary{"\xff"
                               "a"},
                        DataType::kString)),
            "\xff"
            "a");
  EXPECT_EQ(Result(Cast(Cast(258, DataType::kInt32), DataType::kBinary)), "X'00000102'");
  EXPECT_EQ(Result(Cast(Cast(-1, DataType::kInt8), DataType::kBinary)), "X'FF'");
}

TEST(Cast, OfNullIsNullOfAnyType) {
  EXPECT_EQ(Result(Cast(Null(), DataType::kDate)), "null");
  EXPECT_EQ(Resolve(Cast(Null(), DataType::kDate), OneRow()).value()->type, DataType::kDate);
}

TEST(Cast, IsRefusedWhereNothingWouldBeMeant) {
  const auto refused = [](DataType from, DataType to) {
    return Result(Cast(Null(from), to)).find("cannot become") != std::string::npos;
  };
  EXPECT_TRUE(refused(DataType::kDate, DataType::kInt32));
  EXPECT_TRUE(refused(DataType::kDate, DataType::kBool));
  EXPECT_TRUE(refused(DataType::kInt32, DataType::kDate));
  EXPECT_TRUE(refused(DataType::kBinary, DataType::kInt64));
  EXPECT_TRUE(refused(DataType::kDouble, DataType::kBinary));
  EXPECT_TRUE(refused(DataType::kBool, DataType::kTimestamp));
  EXPECT_FALSE(refused(DataType::kInt32, DataType::kBinary));
}

// Any pair of types: refused, or a value or null for each row, and null for null.
RC_GTEST_PROP(Cast, GivesEachRowAValueOrNull, (uint64_t seed)) {
  platform::Random random(seed);
  for (const DataType::Kind from : kStorableKinds) {
    const Column column = RandomColumn(random, from, 70, true);
    for (const DataType::Kind to : kStorableKinds) {
      if (!CanCast(from, to)) continue;
      const Column cast = CastColumn(column, to);
      RC_ASSERT(cast.type() == to);
      RC_ASSERT(cast.size() == column.size());
      for (int64_t row = 0; row < cast.size(); ++row) {
        RC_ASSERT(!column.IsNull(row) || cast.IsNull(row));
      }
      // Text is a type's own way to say a value: it reads back.
      if (to != DataType::kString || from == DataType::kTimestamp) continue;
      const Column back = CastColumn(cast, from);
      for (int64_t row = 0; row < cast.size(); ++row) {
        RC_ASSERT(back.CellText(row) == column.CellText(row));
      }
    }
  }
}

}  // namespace
}  // namespace wavetank::runtime
