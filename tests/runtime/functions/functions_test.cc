// Single functions: what their examples do not say.
#include <limits>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "rapidcheck/gtest.h"

#include "runtime/columnar/take.h"
#include "tests/runtime/columnar/random_batch.h"
#include "tests/runtime/functions/calls.h"

namespace wavetank::runtime {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

TEST(RegexpExtract, IsTheFirstMatchsGroup) {
  EXPECT_EQ(Result(RegexpExtract("1a 2b 14m", "(\\d+)([a-z]+)", 0)), "1a");
  EXPECT_EQ(Result(RegexpExtract("1a 2b 14m", "(\\d+)([a-z]+)", 1)), "1");
  EXPECT_EQ(Result(RegexpExtract("1a 2b 14m", "(\\d+)([a-z]+)", 2)), "a");
  EXPECT_EQ(Result(Call("regexp_extract", {"1a 2b 14m", "(\\d+)([a-z]+)"})), "1");
}

TEST(RegexpExtract, IsEmptyWithoutAMatchOrWithoutThatGroup) {
  EXPECT_EQ(Result(RegexpExtract("foo", "(\\d+)", 1)), "");
  EXPECT_EQ(Result(RegexpExtract("a b m", "(\\d+)?([a-z]+)", 1)), "");
  EXPECT_EQ(Result(RegexpExtract("aaaac", "(a+)(b)?(c)", 2)), "");
  EXPECT_EQ(Result(RegexpExtract(Null(DataType::kString), "(a)", 1)), "null");
}

TEST(RegexpExtract, RefusesWhenAnalysedWhatItCannotUse) {
  EXPECT_EQ(Result(RegexpExtract("x", "(", 0)),
            "Select: regexp_extract('x', '(', 0): the pattern is no regular expression of RE2: "
            "missing ): (");
  EXPECT_EQ(Result(RegexpExtract("x", "\\d+", 1)),
            "Select: regexp_extract('x', '\\\\d+', 1): the pattern has no group 1, but 0: 0 means "
            "all that it matches");
  EXPECT_NE(Result(RegexpExtract("x", "(x)", -1)).find("no group -1"), std::string::npos);
  EXPECT_NE(Result(RegexpExtract("x", "(x)\\1", 1)).find("RE2: invalid escape"), std::string::npos);
  const std::string column = Result(Call("regexp_extract", {"x", Lower("X"), 0}));
  EXPECT_NE(column.find("its pattern lower('X') is no literal"), std::string::npos) << column;
  EXPECT_NE(Result(Call("regexp_extract", {"x", Null(DataType::kString)})).find("is null"),
            std::string::npos);
}

TEST(Like, RefusesWhenAnalysedWhatSparkRefuses) {
  EXPECT_NE(Result(Literal("x").Like("a\\b")).find("stands before none of"), std::string::npos);
  EXPECT_NE(Result(Literal("x").Like("a\\")).find("ends with"), std::string::npos);
  EXPECT_EQ(Result(Literal("x").Like("_")), "true");
}

TEST(In, IsThreeValued) {
  const Expression null = Null(DataType::kInt64);
  EXPECT_EQ(Result(Literal(1).In({2, 1})), "true");
  EXPECT_EQ(Result(Literal(1).In({2, 3})), "false");
  EXPECT_EQ(Result(Literal(1).In({2, null})), "null");
  EXPECT_EQ(Result(Literal(1).In({null, 1})), "true");
  EXPECT_EQ(Result(null.In({1})), "null");
  EXPECT_EQ(Result(Literal(1).In({})), "false");
  EXPECT_EQ(Result(Literal(1).In({1.0})), "true");
  EXPECT_EQ(Result(Literal(kNaN).In({kNaN})), "true");
  EXPECT_NE(Result(Literal(1).In({"1"})).find("cast it"), std::string::npos);
}

RC_GTEST_PROP(In, IsTheOrOfEqualities, (uint64_t seed)) {
  platform::Random random(seed);
  const DataType type = RandomType(random);
  const RecordBatch batch = RandomBatch(random, {type, type, type}, random.Between(0, 130));
  const Column in = Compute(Col("c0").In({Col("c1"), Col("c2")}), batch).value();
  RC_ASSERT(in == Compute(Col("c0") == Col("c1") || Col("c0") == Col("c2"), batch).value());
}

TEST(EqualNullSafe, TakesNullForAValue) {
  const Expression null = Null(DataType::kString);
  EXPECT_EQ(Result(null.EqualNullSafe(null)), "true");
  EXPECT_EQ(Result(null.EqualNullSafe("")), "false");
  EXPECT_EQ(Result(Literal("").EqualNullSafe("")), "true");
  EXPECT_EQ(Result(Literal(kNaN).EqualNullSafe(kNaN)), "true");
  EXPECT_EQ(Result(Literal(0.0).EqualNullSafe(-0.0)), "true");
}

TEST(Between, IncludesItsEnds) {
  EXPECT_EQ(Result(Literal(1).Between(1, 3)), "true");
  EXPECT_EQ(Result(Literal(3).Between(1, 3)), "true");
  EXPECT_EQ(Result(Literal(4).Between(1, 3)), "false");
  EXPECT_EQ(Result(Literal(4).Between(Null(DataType::kInt64), 3)), "false");
}

TEST(Case, TakesTheFirstBranchThatIsTrue) {
  const Expression null = Null(DataType::kBool);
  EXPECT_EQ(Result(When(false, "a").When(true, "b").When(true, "c").Otherwise("d")), "b");
  EXPECT_EQ(Result(When(false, "a").When(null, "b").Otherwise("d")), "d");
  EXPECT_EQ(Result(When(false, "a").When(false, "b").End()), "null");
  EXPECT_EQ(Result(When(true, 1).Otherwise(0.5)), "1");
  EXPECT_EQ(Result(Cast(When(true, 1).Otherwise(0.5), DataType::kString)), "1.0");
  EXPECT_NE(Result(When(true, 1).Otherwise("x")).find("cast it"), std::string::npos);
}

TEST(Coalesce, IsTheFirstThatIsNotNull) {
  const Expression null = Null(DataType::kInt64);
  EXPECT_EQ(Result(Coalesce({null, null, 3, 4})), "3");
  EXPECT_EQ(Result(Coalesce({null, null})), "null");
  EXPECT_EQ(Result(Coalesce({null, 0.5})), "0.5");
  EXPECT_EQ(Result(Coalesce({Split(Null(DataType::kString), ","), Split("a,b", ",")})), "[a, b]");
}

TEST(Get, CountsFromZeroAndIsNullOutside) {
  const Expression parts = Split("a,,c", ",");
  EXPECT_EQ(Result(parts.At(0)), "a");
  EXPECT_EQ(Result(parts.At(1)), "");
  EXPECT_EQ(Result(parts.At(2)), "c");
  EXPECT_EQ(Result(parts.At(3)), "null");
  EXPECT_EQ(Result(parts.At(-1)), "null");
  EXPECT_EQ(Result(parts.At(std::numeric_limits<int64_t>::max())), "null");
  EXPECT_EQ(Result(parts.At(Null(DataType::kInt64))), "null");
  EXPECT_EQ(Result(Split(Null(DataType::kString), ",").At(0)), "null");
  EXPECT_NE(Result(Literal("a").At(0)).find("not an array"), std::string::npos);
}

TEST(Get, ReadsTheElementsOfASliceAndOfTakenRows) {
  ColumnBuilder lines(DataType::kString);
  for (int i = 0; i < 100; ++i) lines.String("k" + std::to_string(i) + "=v" + std::to_string(i));
  const RecordBatch batch =
      BatchOf({Compute(Split(Col("c0"), "="), BatchOf({lines.Finish()})).value()});
  EXPECT_EQ(Compute(Col("c0").At(1), batch.Slice(64, 36)).value().CellText(0), "v64");
  const std::vector<uint32_t> rows = {99, 3};
  EXPECT_EQ(Compute(Col("c0").At(0), Take(batch, rows)).value().CellText(1), "k3");
}

TEST(Comparisons, OfArraysAreRefused) {
  const Expression parts = Split("a", ",");
  EXPECT_NE(Result(parts == parts).find("not a single value"), std::string::npos);
  EXPECT_NE(Result(parts.In({parts})).find("not a single value"), std::string::npos);
  EXPECT_NE(Result(parts.EqualNullSafe(parts)).find("not a single value"), std::string::npos);
}

TEST(Concat, IsNullIfAPartIs) {
  EXPECT_EQ(Result(Concat({"a", "", "b"})), "ab");
  EXPECT_EQ(Result(Concat({"a", Null(DataType::kString)})), "null");
}

TEST(Text, OfAsciiLettersHasTwoCases) {
  EXPECT_EQ(Result(Call("upper", {"az{`\xc3\xa9"})), "AZ{`\xc3\xa9");
  EXPECT_EQ(Result(Lower("AZ[@\xc3\x89")), "az[@\xc3\x89");
}

TEST(Abs, OfTheLeastInt64IsItself) {
  const int64_t least = std::numeric_limits<int64_t>::min();
  EXPECT_EQ(Result(Call("abs", {Literal(least)})), std::to_string(least));
  EXPECT_EQ(Result(Call("abs", {Literal(least + 1)})), std::to_string(-(least + 1)));
  EXPECT_EQ(Result(Call("abs", {-0.5})), "0.5");
  EXPECT_EQ(Result(Call("abs", {-0.0})), "0");
}

}  // namespace
}  // namespace wavetank::runtime
