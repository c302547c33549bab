// Aggregates over random rows in groups, against what their definitions say, and in any parts.
#include <cmath>
#include <functional>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "gtest/gtest.h"
#include "rapidcheck/gtest.h"

#include "runtime/functions/kernels.h"
#include "tests/runtime/functions/grouped_rows.h"

namespace wavetank::runtime {
namespace {

RC_GTEST_PROP(Aggregates, CountSumAndAverageAreOfTheValues, (uint64_t seed)) {
  platform::Random random(seed);
  const GroupedRows rows = RandomRows(random, {DataType::kDouble, DataType::kInt64}, true);
  const Column& doubles = rows.batch.column(0);
  const Column& integers = rows.batch.column(1);
  const auto values = [](const Column& column, const std::vector<uint32_t>& group) {
    int64_t count = 0;
    for (const uint32_t row : group) count += column.IsNull(row) ? 0 : 1;
    return count;
  };
  const auto text = [](double value) {
    return LiteralColumn(value, DataType::kDouble).CellText(0);
  };
  const auto sum = [&](const std::vector<uint32_t>& group) {
    double total = 0;
    for (const uint32_t row : group) total += doubles.IsNull(row) ? 0 : doubles.DoubleAt(row);
    return total;
  };
  Check(random, Count(), rows, [](const auto& group) { return std::to_string(group.size()); });
  Check(random, Count(Col("c0")), rows,
        [&](const auto& group) { return std::to_string(values(doubles, group)); });
  Check(random, Sum(Col("c0")), rows,
        [&](const auto& group) { return values(doubles, group) == 0 ? "null" : text(sum(group)); });
  Check(random, Sum(Col("c1")), rows, [&](const auto& group) {
    uint64_t total = 0;
    for (const uint32_t row : group) {
      if (!integers.IsNull(row)) total += static_cast<uint64_t>(integers.Int64At(row));
    }
    return values(integers, group) == 0 ? "null" : std::to_string(static_cast<int64_t>(total));
  });
  Check(random, Avg(Col("c0")), rows, [&](const auto& group) {
    const int64_t count = values(doubles, group);
    return count == 0 ? "null" : text(sum(group) / static_cast<double>(count));
  });
}

RC_GTEST_PROP(Aggregates, TruthsAndBitsAreOfTheValues, (uint64_t seed)) {
  platform::Random random(seed);
  const GroupedRows rows = RandomRows(random, {DataType::kBool, DataType::kInt64}, true);
  const Column& truths = rows.batch.column(0);
  const Column& integers = rows.batch.column(1);
  int64_t some = 0;
  const auto trues = [&](const std::vector<uint32_t>& group) {
    int64_t count = some = 0;
    for (const uint32_t row : group) {
      some += truths.IsNull(row) ? 0 : 1;
      count += !truths.IsNull(row) && truths.BoolAt(row) ? 1 : 0;
    }
    return count;
  };
  Check(random, Call("count_if", {Col("c0")}), rows,
        [&](const auto& group) { return std::to_string(trues(group)); });
  Check(random, Call("bool_or", {Col("c0")}), rows, [&](const auto& group) {
    const int64_t count = trues(group);
    return some == 0 ? "null" : count > 0 ? "true" : "false";
  });
  Check(random, Call("bool_and", {Col("c0")}), rows, [&](const auto& group) {
    const int64_t count = trues(group);
    return some == 0 ? "null" : count == some ? "true" : "false";
  });
  const auto bits = [&](const std::vector<uint32_t>& group, const auto& combine) {
    std::optional<int64_t> all;
    for (const uint32_t row : group) {
      if (integers.IsNull(row)) continue;
      all = all ? combine(*all, integers.Int64At(row)) : integers.Int64At(row);
    }
    return all ? std::to_string(*all) : "null";
  };
  Check(random, Call("bit_and", {Col("c1")}), rows,
        [&](const auto& group) { return bits(group, std::bit_and<>()); });
  Check(random, Call("bit_or", {Col("c1")}), rows,
        [&](const auto& group) { return bits(group, std::bit_or<>()); });
  Check(random, Call("bit_xor", {Col("c1")}), rows,
        [&](const auto& group) { return bits(group, std::bit_xor<>()); });
}

// Far from zero, where sums of squares would have lost everything.
RC_GTEST_PROP(Aggregates, SpreadsAreThoseOfTheirDefinitionInAnyParts, (uint64_t seed)) {
  platform::Random random(seed);
  GroupedRows rows = RandomRows(random, {DataType::kDouble}, true);
  const double far = static_cast<double>(random.Between(-1, 1)) * 1e9;
  ColumnBuilder moved(DataType::kDouble);
  for (int64_t row = 0; row < rows.batch.num_rows(); ++row) {
    const Column& column = rows.batch.column(0);
    column.IsNull(row) ? moved.Null() : moved.Double(column.DoubleAt(row) + far);
  }
  const Column values = moved.Finish();
  rows.batch = BatchOf({values});
  for (const auto& [name, sample, root] :
       {std::tuple("var_pop", false, false), std::tuple("var_samp", true, false),
        std::tuple("stddev_pop", false, true), std::tuple("stddev_samp", true, true)}) {
    const Aggregation aggregation(Call(name, {Col("c0")}), rows.batch, rows.groups, kGroups);
    for (const Column& result : {aggregation.OfAllRows(), aggregation.OfParts(random)}) {
      for (uint32_t group = 0; group < kGroups; ++group) {
        double count = 0;
        double mean = 0;
        for (const uint32_t row : rows.Of(group)) {
          if (values.IsNull(row)) continue;
          ++count;
          mean += (values.DoubleAt(row) - far - mean) / count;
        }
        RC_ASSERT(result.IsNull(group) == (count < (sample ? 2 : 1)));
        if (result.IsNull(group)) continue;
        double distance = 0;
        for (const uint32_t row : rows.Of(group)) {
          if (values.IsNull(row)) continue;
          distance += std::pow(values.DoubleAt(row) - far - mean, 2);
        }
        const double variance = distance / (sample ? count - 1 : count);
        const double wanted = root ? std::sqrt(variance) : variance;
        RC_ASSERT(std::abs(result.DoubleAt(group) - wanted) < 1e-5);
      }
    }
  }
}

TEST(Aggregates, TotalsAreOfTheWidestTypeOfTheirKind) {
  const RecordBatch batch =
      BatchOf({ColumnBuilder(DataType::kInt8).Fixed<int8_t>(127).Fixed<int8_t>(127).Finish(),
               ColumnBuilder(DataType::kFloat).Fixed(1e38f).Fixed(3e38f).Finish()});
  const auto text = [&](const Expression& call) {
    const Column total = Aggregation(call, batch, {0, 0}, 1).OfAllRows();
    return DataTypeName(total.type()) + " " + total.CellText(0);
  };
  EXPECT_EQ(text(Sum(Col("c0"))), "int64 254");
  EXPECT_EQ(text(Avg(Col("c0"))), "double 127");
  EXPECT_EQ(text(Max(Col("c0"))), "int8 127");
  EXPECT_EQ(text(Count(Null())), "int64 0");
  EXPECT_EQ(text(Sum(Null())), "double null");
  const double sum = double{1e38f} + double{3e38f};
  EXPECT_EQ(text(Sum(Col("c1"))), "double " + LiteralColumn(sum, DataType::kDouble).CellText(0));
}

// 0.0 and -0.0 are equal, and told apart by who looks at what is shown: the first one stays, also
// when what state held before comes in later.
TEST(Aggregates, OfEqualZerosTheFirstOneStaysAlsoAcrossEpochs) {
  const Column first = ColumnBuilder(DataType::kDouble).Double(0.0).Finish();
  const Column later = ColumnBuilder(DataType::kDouble).Double(-0.0).Finish();
  const std::vector<DataType> types = {DataType::kDouble};
  const std::vector<uint32_t> groups = {0};
  for (const char* name : {"min", "max"}) {
    const auto state = FunctionRegistry::BuiltIn().Find(name)->parts->make(types);
    state->Resize(1);
    state->Merge(std::span(&later, 1), groups);
    state->MergeEarlier(std::span(&first, 1), groups);
    EXPECT_EQ(state->Partials(groups)[0], first) << name;
  }
}

TEST(Aggregates, AverageOfInt64IsADoubleAndDoesNotWrapAround) {
  const int64_t most = std::numeric_limits<int64_t>::max();
  const RecordBatch batch =
      BatchOf({ColumnBuilder(DataType::kInt64).Int64(most).Int64(most).Finish()});
  const Aggregation average(Avg(Col("c0")), batch, {0, 0}, 1);
  EXPECT_EQ(average.OfAllRows().DoubleAt(0), 9223372036854775808.0);
}

// The row that wins, if any: of several the first.
std::optional<uint32_t> Winner(const Column& order, const std::vector<uint32_t>& group,
                               bool greatest) {
  const auto less = [&](uint32_t a, uint32_t b) {
    if (order.type().is_bytes()) return order.StringAt(a) < order.StringAt(b);
    return WithValueType(order.type(), [&]<typename T>(T) {
      return TotalOrder::Less(order.values<T>()[a], order.values<T>()[b]);
    });
  };
  std::optional<uint32_t> best;
  for (const uint32_t row : group) {
    if (order.IsNull(row)) continue;
    if (!best || (greatest ? less(*best, row) : less(row, *best))) best = row;
  }
  return best;
}

RC_GTEST_PROP(Aggregates, ExtremesAreOfTheFirstRowThatIsFurthest, (uint64_t seed)) {
  platform::Random random(seed);
  DataType order_type = RandomType(random);
  while (!order_type.is_ordered()) order_type = RandomType(random);
  const GroupedRows rows = RandomRows(random, {RandomType(random), order_type}, false);
  const auto cell = [&](int column, bool greatest) {
    return [&rows, column, greatest](const std::vector<uint32_t>& group) {
      const auto winner = Winner(rows.batch.column(1), group, greatest);
      return winner ? rows.batch.column(column).CellText(*winner) : "null";
    };
  };
  Check(random, Min(Col("c1")), rows, cell(1, false));
  Check(random, Max(Col("c1")), rows, cell(1, true));
  Check(random, MinBy(Col("c0"), Col("c1")), rows, cell(0, false));
  Check(random, MaxBy(Col("c0"), Col("c1")), rows, cell(0, true));
}

TEST(Aggregates, OfAnArrayAreRefused) {
  const auto refusal = [](const Expression& call) {
    const RecordBatch batch = OneRow();
    const std::vector<Attribute> input = AttributesOf(batch);
    const auto resolved =
        Resolver("Agg", input, FunctionRegistry::BuiltIn()).Aggregate(call.node());
    return resolved.ok() ? std::string() : std::string(resolved.status().message());
  };
  const Expression array = Split("a", ",");
  EXPECT_NE(refusal(Max(array)).find("not a number, string, binary, date or timestamp"),
            std::string::npos);
  EXPECT_NE(refusal(MaxBy(array, 1)).find("not a bool, number"), std::string::npos);
  EXPECT_NE(refusal(MaxBy(absl::Seconds(1), 1)).find("not a bool, number"), std::string::npos);
  EXPECT_NE(refusal(MaxBy(1, true)).find("not a number, string, binary, date or timestamp"),
            std::string::npos);
}

}  // namespace
}  // namespace wavetank::runtime
