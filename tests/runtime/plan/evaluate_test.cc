#include <limits>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "rapidcheck/gtest.h"

#include "platform/check.h"
#include "runtime/columnar/take.h"
#include "runtime/functions/bound_expression.h"
#include "runtime/plan/bind.h"
#include "runtime/plan/resolve.h"
#include "tests/runtime/columnar/random_batch.h"

namespace wavetank::runtime {
namespace {

constexpr int64_t kLeast = std::numeric_limits<int64_t>::min();
constexpr int64_t kMost = std::numeric_limits<int64_t>::max();

Expression NullOf(DataType type) { return Cast(Literal("no value"), type); }

// What an expression over no columns gives.
std::string Result(const Expression& expression) {
  const RecordBatch batch(std::make_shared<const Schema>(), {}, 1);
  const auto resolved = Resolver("Select", {}, FunctionRegistry::BuiltIn()).Row(expression.node());
  WT_CHECK(resolved.ok(), resolved.status().ToString());
  return Evaluate(Bind(**resolved, {}), batch, absl::FromUnixSeconds(7)).CellText(0);
}

TEST(Evaluate, IntegersWrapAround) {
  EXPECT_EQ(Result(Literal(kMost) + 1), std::to_string(kLeast));
  EXPECT_EQ(Result(Literal(kLeast) - 1), std::to_string(kMost));
  EXPECT_EQ(Result(Literal(kMost) * 2), "-2");
  EXPECT_EQ(Result(-Literal(kLeast)), std::to_string(kLeast));
  EXPECT_EQ(Result(Literal(kLeast) % -1), "0");
  EXPECT_EQ(Result(Literal(-7) % 3), "-1");
}

TEST(Evaluate, DivisionIsOfDoublesAndByZeroGivesNull) {
  EXPECT_EQ(Result(Literal(7) / 2), "3.5");
  EXPECT_EQ(Result(Literal(7) / 0), "null");
  EXPECT_EQ(Result(Literal(7) % 0), "null");
  EXPECT_EQ(Result(Literal(1) + 0.5), "1.5");
}

TEST(Evaluate, LogicIsThreeValued) {
  const Expression null = NullOf(DataType::kBool);
  EXPECT_EQ(Result(null && false), "false");
  EXPECT_EQ(Result(null && true), "null");
  EXPECT_EQ(Result(null || true), "true");
  EXPECT_EQ(Result(null || false), "null");
  EXPECT_EQ(Result(!null), "null");
  EXPECT_EQ(Result(null.IsNull()), "true");
  EXPECT_EQ(Result(Literal(1).IsNotNull()), "true");
  EXPECT_EQ(Result(null == null), "null");
}

TEST(Evaluate, NanEqualsItselfAndIsAboveAllElse) {
  const Expression nan = Literal(std::numeric_limits<double>::quiet_NaN());
  const Expression infinity = Literal(std::numeric_limits<double>::infinity());
  EXPECT_EQ(Result(nan == nan), "true");
  EXPECT_EQ(Result(nan > infinity), "true");
  EXPECT_EQ(Result(infinity < nan), "true");
  EXPECT_EQ(Result(nan <= infinity), "false");
  EXPECT_EQ(Result(nan != nan), "false");
}

TEST(Evaluate, TextFunctionsCountCodePoints) {
  EXPECT_EQ(Result(Lower("Ab\xc3\x89")), "ab\xc3\x89");
  EXPECT_EQ(Result(Trim("  a b ")), "a b");
  EXPECT_EQ(Result(Length("h\xc3\xa9llo")), "5");
  EXPECT_EQ(Result(Substring("h\xc3\xa9llo", 2, 2)), "\xc3\xa9l");
  EXPECT_EQ(Result(Substring("hello", -3, 2)), "ll");
  EXPECT_EQ(Result(SubstringBefore("a,b,c", ",")), "a");
  EXPECT_EQ(Result(SubstringAfter("a,b,c", ",")), "b,c");
  EXPECT_EQ(Result(SubstringAfter("a, b,", ", ")), "b,");
  EXPECT_EQ(Result(SubstringBefore("abc", ",")), "null");
  EXPECT_EQ(Result(SubstringAfter("abc", ",")), "null");
  EXPECT_EQ(Result(SubstringBefore(NullOf(DataType::kInt64).Cast(DataType::kString), ",")), "null");
  EXPECT_EQ(Result(Substring("hello", 0, 2)), "he");
  EXPECT_EQ(Result(Substring("hello", -7, 3)), "h");
  EXPECT_EQ(Result(Substring("hello", 9, 3)), "");
  EXPECT_EQ(Result(Substring("hello", 2, -1)), "");
  EXPECT_EQ(Result(Substring("hello", Literal(kLeast), Literal(kMost))), "hell");
  EXPECT_EQ(Result(Substring("hello", 3, Literal(kMost))), "llo");
}

TEST(Evaluate, CastsGiveNullForWhatDoesNotParse) {
  EXPECT_EQ(Result(Cast(" 12 ", DataType::kInt64)), "12");
  EXPECT_EQ(Result(Cast("+12", DataType::kInt64)), "12");
  EXPECT_EQ(Result(Cast("12x", DataType::kInt64)), "null");
  EXPECT_EQ(Result(Cast("", DataType::kInt64)), "null");
  EXPECT_EQ(Result(Cast("1e3", DataType::kDouble)), "1000");
  EXPECT_EQ(Result(Cast("true", DataType::kBool)), "true");
  EXPECT_EQ(Result(Cast("yes?", DataType::kBool)), "null");
  EXPECT_EQ(Result(Cast(1e300, DataType::kInt64)), std::to_string(kMost));
  EXPECT_EQ(Result(Cast(-2.9, DataType::kInt64)), "-2");
  EXPECT_EQ(Result(Cast(0.1, DataType::kString)), "0.1");
  EXPECT_EQ(Result(Cast("1970-01-01T00:00:01.5", DataType::kTimestamp)), "1970-01-01T00:00:01.5Z");
  EXPECT_EQ(Result(Cast(Literal(kMost), DataType::kTimestamp)), "null");
  EXPECT_EQ(Result(Cast(Cast(-1.5, DataType::kTimestamp), DataType::kInt64)), "-2");
  EXPECT_EQ(Result(Cast(CurrentTimestamp(), DataType::kInt64)), "7");
}

// Columns and single values that stand for a column go different ways through the kernels.
RC_GTEST_PROP(Evaluate, GivesEachRowWhatItGivesForTheRowsValuesAlone, (uint64_t seed)) {
  platform::Random random(seed);
  const DataType type = RandomType(random);
  const RecordBatch batch = RandomBatch(random, {type, type}, random.Between(0, 130));
  const auto expression = [&](const Expression& a, const Expression& b) {
    switch (random.Below(9)) {
      case 0:
        return a == b;
      case 1:
        return a < b;
      case 2:
        return a >= b || a.IsNull();
      case 3:
        return Cast(a, DataType::kString) != Cast(b, DataType::kString) && b.IsNull();
      case 4:
        return !(a <= b);
      case 5:
        return type.is_number() ? a % b : a > b;
      case 6:
        return type.is_number() ? a * b - a / b : a != b;
      case 7:
        return type == DataType::kString ? Substring(a, -2, Length(b)) : a == a;
      default:
        return type == DataType::kString ? Trim(Lower(a)) : b == b;
    }
  };
  const Expression whole = expression(Col("c0"), Col("c1"));
  const auto evaluate = [&](const RecordBatch& rows) {
    std::vector<Attribute> columns;
    for (const Field& field : rows.schema().fields()) {
      columns.push_back({static_cast<int>(columns.size()), field.name, field.type});
    }
    const ExpressionPtr resolved =
        Resolver("Select", columns, FunctionRegistry::BuiltIn()).Row(whole.node()).value();
    return Evaluate(Bind(*resolved, columns), rows, absl::UnixEpoch());
  };
  const Column all = evaluate(batch);
  for (int64_t row = 0; row < batch.num_rows(); ++row) {
    const auto number = static_cast<uint32_t>(row);
    const RecordBatch one = Take(batch, {&number, 1});
    RC_ASSERT(evaluate(one).CellText(0) == all.CellText(row));
  }
}

}  // namespace
}  // namespace wavetank::runtime
