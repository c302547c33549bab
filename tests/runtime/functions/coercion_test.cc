// Which type a call is of where types meet (Spark's TypeCoercion without ANSI mode), and rounding.
#include <limits>
#include <set>
#include <string>
#include <vector>

#include "gtest/gtest.h"

#include "tests/runtime/functions/calls.h"

namespace wavetank::runtime {
namespace {

Expression Of(int value, DataType type) { return Cast(value, type); }

// "int16 3"
std::string Typed(const Expression& expression) {
  const auto column = Compute(expression, OneRow());
  return column.ok() ? DataTypeName(column->type()) + " " + column->CellText(0)
                     : std::string(column.status().message());
}

TEST(Coercion, OfNumbersIsToTheOneThatComesLast) {
  const Expression byte = Of(3, DataType::kInt8);
  const Expression half = Of(2, DataType::kInt16);
  const Expression integer = Of(2, DataType::kInt32);
  const Expression single = Of(2, DataType::kFloat);
  EXPECT_EQ(Typed(byte + byte), "int8 6");
  EXPECT_EQ(Typed(byte + half), "int16 5");
  EXPECT_EQ(Typed(half * integer), "int32 4");
  EXPECT_EQ(Typed(integer - 1), "int64 1");
  EXPECT_EQ(Typed(Literal(1) + single), "float 3");
  EXPECT_EQ(Typed(single + 0.5), "double 2.5");
  EXPECT_EQ(Typed(byte == integer), "bool false");
  EXPECT_EQ(Typed(byte > half), "bool true");
  EXPECT_EQ(Typed(byte.In({half, 3})), "bool true");
  EXPECT_EQ(Typed(Coalesce({byte, 4})), "int64 3");
}

TEST(Coercion, WidensAndNeverNarrows) {
  EXPECT_NE(Typed(Substring("abc", 1.5, 1)).find("1.5:double is double, not int64"),
            std::string::npos);
  const Expression nan = Cast("NaN", DataType::kFloat);
  EXPECT_EQ(Typed(nan == nan), "bool true");
  EXPECT_EQ(Typed(nan > Of(1, DataType::kFloat)), "bool true");
}

TEST(Coercion, OfDivisionIsToDouble) {
  EXPECT_EQ(Typed(Of(1, DataType::kInt32) / Of(2, DataType::kInt32)), "double 0.5");
  EXPECT_EQ(Typed(Of(1, DataType::kFloat) / Of(2, DataType::kFloat)), "double 0.5");
}

TEST(Coercion, OfADateBesideATimestampIsToItsMidnight) {
  EXPECT_EQ(Typed(Literal(Date{1}) == Literal(absl::FromUnixSeconds(86'400))), "bool true");
  EXPECT_EQ(Typed(Literal(Date{1}) < Literal(Date{2})), "bool true");
  EXPECT_EQ(Typed(Literal(Date{1}) == Literal("1970-01-02")),
            "Select: (date 1970-01-02 = '1970-01-02'): '1970-01-02' is string, not date: cast it");
}

TEST(Coercion, OfNullIsToWhatItMeets) {
  EXPECT_EQ(Typed(Null()), "null null");
  EXPECT_EQ(Typed(Null() + Of(1, DataType::kInt16)), "int16 null");
  EXPECT_EQ(Typed(Null() % 1), "int64 null");
  EXPECT_EQ(Typed(Null() + Null()), "double null");
  EXPECT_EQ(Typed(-Null()), "double null");
  EXPECT_EQ(Typed(Coalesce({Literal(9007199254740993) + Null(), 9007199254740993})),
            "int64 9007199254740993");
  EXPECT_EQ(Typed(Coalesce({Null(), "x"})), "string x");
  EXPECT_EQ(Typed(If(true, Null(), Date{0})), "date null");
  EXPECT_EQ(Typed(Null() == Null()), "bool null");
  EXPECT_EQ(Typed(Null().EqualNullSafe(1)), "bool false");
  EXPECT_EQ(Typed(Null().IsNull()), "bool true");
  EXPECT_EQ(Typed(Lower(Null())), "string null");
  EXPECT_EQ(Typed(Null() && false), "bool false");
}

// By this text expressions are shared, and plans told apart.
TEST(Values, OfDifferentTypesAreWrittenDifferently) {
  std::set<std::string> texts;
  const std::vector<Value> values = {true,        int8_t{1}, int16_t{1},   int32_t{1},
                                     int64_t{1},  1.0F,      1.0,          std::string("1"),
                                     Binary{"1"}, Date{1},   Timestamp{1}, Interval{1}};
  for (const Value& value : values) texts.insert(ToText(value, TypeOf(value)));
  EXPECT_EQ(texts.size(), values.size());
}

TEST(Arithmetic, WrapsAroundInEveryWidth) {
  EXPECT_EQ(Typed(Of(127, DataType::kInt8) + Of(1, DataType::kInt8)), "int8 -128");
  EXPECT_EQ(Typed(Of(-32768, DataType::kInt16) * Of(-1, DataType::kInt16)), "int16 -32768");
  EXPECT_EQ(Typed(-Of(-128, DataType::kInt8)), "int8 -128");
  EXPECT_EQ(Typed(Call("abs", {Of(-128, DataType::kInt8)})), "int8 -128");
  EXPECT_EQ(Typed(Of(-128, DataType::kInt8) % Of(-1, DataType::kInt8)), "int8 0");
  EXPECT_EQ(Typed(Literal(-7.5) % 2), "double -1.5");
  EXPECT_EQ(Typed(-Literal(0.0)), "double -0");
  EXPECT_EQ(Typed(Literal(7.5) % 0.0), "double null");
}

TEST(Round, IsHalfAwayFromZeroByTheDigitsThatAreRead) {
  EXPECT_EQ(Typed(Round(2.5)), "double 3");
  EXPECT_EQ(Typed(Round(-2.5)), "double -3");
  EXPECT_EQ(Typed(Round(2.675, 2)), "double 2.68");
  EXPECT_EQ(Typed(Round(1.005, 2)), "double 1.01");
  EXPECT_EQ(Typed(Round(0.4)), "double 0");
  EXPECT_EQ(Typed(Round(-0.4)), "double 0");
  EXPECT_EQ(Typed(Round(0.5)), "double 1");
  EXPECT_EQ(Typed(Round(0.05)), "double 0");
  EXPECT_EQ(Typed(Round(999.5)), "double 1000");
  EXPECT_EQ(Typed(Round(149.0, -2)), "double 100");
  EXPECT_EQ(Typed(Round(50.0, -2)), "double 100");
  EXPECT_EQ(Typed(Round(49.0, -2)), "double 0");
  EXPECT_EQ(Typed(Round(1e300, 400)), "double 1e+300");
  EXPECT_EQ(Typed(Round(Cast(0.15, DataType::kFloat), 1)), "float 0.2");
  // Of 0.3499999940395355, as in Spark.
  EXPECT_EQ(Typed(Round(Cast(0.35, DataType::kFloat), 1)), "float 0.3");
  EXPECT_EQ(Typed(Round(-0.0)), "double 0");
  EXPECT_EQ(Typed(Round(-0.0, -1)), "double 0");
  EXPECT_EQ(Typed(Round(std::numeric_limits<double>::infinity(), 2)), "double inf");
  EXPECT_EQ(Typed(Round(std::numeric_limits<double>::max(), -308)), "double inf");
}

TEST(Round, OfIntegersRoundsBeforeThePointAndWrapsAround) {
  EXPECT_EQ(Typed(Round(1250, 3)), "int64 1250");
  EXPECT_EQ(Typed(Round(1250, -2)), "int64 1300");
  EXPECT_EQ(Typed(Round(-1250, -2)), "int64 -1300");
  EXPECT_EQ(Typed(Round(1249, -2)), "int64 1200");
  EXPECT_EQ(Typed(Round(4, -1)), "int64 0");
  EXPECT_EQ(Typed(Round(Of(127, DataType::kInt8), -1)), "int8 -126");
  EXPECT_EQ(Typed(Round(std::numeric_limits<int64_t>::max(), -19)), "int64 -8446744073709551616");
  EXPECT_EQ(Typed(Round(std::numeric_limits<int64_t>::max(), -20)), "int64 0");
  EXPECT_EQ(Typed(Call("round", {1.5, Null()})),
            "Select: round(1.5:double, null:null): the scale is null");
}

}  // namespace
}  // namespace wavetank::runtime
