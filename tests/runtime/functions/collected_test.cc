// Aggregates that keep each value, the first or the last, and those of pairs and shapes: against
// what their definitions say, and in any parts.
#include <algorithm>
#include <cmath>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/str_join.h"
#include "gtest/gtest.h"
#include "rapidcheck/gtest.h"

#include "runtime/functions/kernels.h"
#include "tests/runtime/functions/grouped_rows.h"

namespace wavetank::runtime {
namespace {

std::vector<std::string> CellsOf(const Column& column, const std::vector<uint32_t>& rows,
                                 bool nulls) {
  std::vector<std::string> cells;
  for (const uint32_t row : rows) {
    if (nulls || !column.IsNull(row)) cells.push_back(column.CellText(row));
  }
  return cells;
}
std::string AsArray(const std::vector<std::string>& cells) {
  return absl::StrCat("[", absl::StrJoin(cells, ", "), "]");
}
std::string Text(double value) { return LiteralColumn(value, DataType::kDouble).CellText(0); }

RC_GTEST_PROP(Collected, ListsAndEndsAreOfTheRowsAsTheyCame, (uint64_t seed)) {
  platform::Random random(seed);
  DataType type = RandomType(random);
  while (type == DataType::kFloat || type == DataType::kDouble) type = RandomType(random);
  const GroupedRows rows = RandomRows(random, {type, DataType::kString}, false);
  const Column& values = rows.batch.column(0);
  Check(random, Call("collect_list", {Col("c0")}), rows,
        [&](const auto& group) { return AsArray(CellsOf(values, group, false)); });
  Check(random, Call("collect_set", {Col("c0")}), rows, [&](const auto& group) {
    std::vector<std::string> once;
    for (std::string& cell : CellsOf(values, group, false)) {
      if (std::ranges::count(once, cell) == 0) once.push_back(std::move(cell));
    }
    return AsArray(once);
  });
  for (const bool ignores : {false, true}) {
    const std::vector<Expression> arguments = {Col("c0"), ignores};
    Check(random, Call("first", arguments), rows, [&](const auto& group) {
      const auto cells = CellsOf(values, group, !ignores);
      return cells.empty() ? "null" : cells.front();
    });
    Check(random, Call("last", arguments), rows, [&](const auto& group) {
      const auto cells = CellsOf(values, group, !ignores);
      return cells.empty() ? "null" : cells.back();
    });
  }
  Check(random, Call("listagg", {Col("c1"), " - "}), rows, [&](const auto& group) {
    const auto cells = CellsOf(rows.batch.column(1), group, false);
    return cells.empty() ? "null" : absl::StrJoin(cells, " - ");
  });
}

RC_GTEST_PROP(Collected, PercentilesAreByRank, (uint64_t seed)) {
  platform::Random random(seed);
  const GroupedRows rows = RandomRows(random, {DataType::kDouble}, true);
  const Column& values = rows.batch.column(0);
  const auto sorted = [&](const std::vector<uint32_t>& group) {
    std::vector<double> found;
    for (const uint32_t row : group) {
      if (!values.IsNull(row)) found.push_back(values.DoubleAt(row));
    }
    std::ranges::sort(found);
    return found;
  };
  const double share = static_cast<double>(random.Below(5)) / 4;
  Check(random, Call("percentile", {Col("c0"), share}), rows, [&](const auto& group) {
    const auto found = sorted(group);
    if (found.empty()) return std::string("null");
    const double place = share * static_cast<double>(found.size() - 1);
    const auto at = static_cast<size_t>(place);
    const double rest = place - static_cast<double>(at);
    return Text(rest == 0 || found[at] == found[at + 1]
                    ? found[at]
                    : found[at] + (found[at + 1] - found[at]) * rest);
  });
  Check(random, Call("percentile_approx", {Col("c0"), share}), rows, [&](const auto& group) {
    const auto found = sorted(group);
    for (size_t i = 0; i < found.size(); ++i) {
      const double at_or_below = static_cast<double>(i + 1) / static_cast<double>(found.size());
      if (at_or_below >= share) return Text(found[i]);
    }
    return std::string("null");
  });
  Check(random, Call("mode", {Col("c0")}), rows, [&](const auto& group) {
    std::map<double, int> times;
    for (const double value : sorted(group)) ++times[value];
    std::optional<double> best;
    for (const auto& [value, count] : times) {
      if (!best || count > times[*best]) best = value;
    }
    return best ? Text(*best) : "null";
  });
}

// Of two parts of which the later was there first, as when an epoch's rows meet what state has.
TEST(Collected, WhatCameEarlierStaysBeforeWhatCameLater) {
  const Column earlier = ColumnBuilder(DataType::kInt64).Int64(1).Int64(2).Finish();
  const Column later = ColumnBuilder(DataType::kInt64).Int64(2).Int64(3).Finish();
  const std::vector<DataType> types = {DataType::kInt64};
  const std::vector<uint32_t> groups = {0, 0};
  const std::vector<uint32_t> group = {0};
  const std::map<std::string, std::string> wanted = {{"first", "1"},
                                                     {"last", "3"},
                                                     {"collect_list", "[1, 2, 2, 3]"},
                                                     {"collect_set", "[1, 2, 3]"}};
  for (const auto& [name, gives] : wanted) {
    const auto& parts = *FunctionRegistry::BuiltIn().Find(name)->parts;
    const auto partial = [&](const Column& values) {
      const auto state = parts.make(types);
      state->Resize(1);
      state->Update(std::span(&values, 1), groups);
      return state->Partials(group);
    };
    const auto state = parts.make(types);
    state->Resize(1);
    state->Merge(partial(later), group);
    state->MergeEarlier(partial(earlier), group);
    EXPECT_EQ(parts.result(state->Partials(group)).CellText(0), gives) << name;
  }
}

TEST(Collected, LiteralsThatMeanNothingAreRefused) {
  const RecordBatch batch = OneRow();
  const std::vector<Attribute> input = AttributesOf(batch);
  const auto refusal = [&](const Expression& call) {
    const auto resolved =
        Resolver("Agg", input, FunctionRegistry::BuiltIn()).Aggregate(call.node());
    return resolved.ok() ? std::string() : std::string(resolved.status().message());
  };
  EXPECT_NE(refusal(Call("percentile", {1.0, 1.5})).find("from 0 to 1"), std::string::npos);
  EXPECT_NE(refusal(Call("percentile", {1.0, Null()})).find("from 0 to 1"), std::string::npos);
  EXPECT_NE(refusal(Call("percentile", {1.0})).find("takes 2"), std::string::npos);
  EXPECT_NE(refusal(Call("approx_count_distinct", {1, 0.9})).find("from 0.0041"),
            std::string::npos);
  EXPECT_NE(refusal(Call("listagg", {"a", Null()})).find("is a text"), std::string::npos);
  EXPECT_NE(refusal(Call("first", {1, Null()})).find("true or false"), std::string::npos);
}

RC_GTEST_PROP(Collected, PairsAndShapesAreThoseOfTheirDefinitionInAnyParts, (uint64_t seed)) {
  platform::Random random(seed);
  const GroupedRows rows = RandomRows(random, {DataType::kDouble, DataType::kDouble}, true);
  const Column& ys = rows.batch.column(0);
  const Column& xs = rows.batch.column(1);
  for (const char* const name : {"covar_pop", "covar_samp", "corr", "regr_slope", "regr_intercept",
                                 "regr_r2", "regr_sxy", "skewness", "kurtosis"}) {
    const std::string function = name;
    const bool of_one = function == "skewness" || function == "kurtosis";
    const Expression call =
        of_one ? Call(function, {Col("c0")}) : Call(function, {Col("c0"), Col("c1")});
    const Aggregation aggregation(call, rows.batch, rows.groups, kGroups);
    for (const Column& result : {aggregation.OfAllRows(), aggregation.OfParts(random)}) {
      for (uint32_t group = 0; group < kGroups; ++group) {
        std::vector<double> y, x;
        for (const uint32_t row : rows.Of(group)) {
          if (ys.IsNull(row) || (!of_one && xs.IsNull(row))) continue;
          y.push_back(ys.DoubleAt(row));
          x.push_back(of_one ? 0 : xs.DoubleAt(row));
        }
        const auto n = static_cast<double>(y.size());
        const auto mean = [&](const std::vector<double>& values) {
          double sum = 0;
          for (const double value : values) sum += value;
          return sum / n;
        };
        const auto moment = [&](const std::vector<double>& a, int i, const std::vector<double>& b,
                                int j) {
          double sum = 0;
          for (size_t k = 0; k < a.size(); ++k) {
            sum += std::pow(a[k] - mean(a), i) * std::pow(b[k] - mean(b), j);
          }
          return sum;
        };
        const double yy = moment(y, 2, x, 0), xx = moment(x, 2, y, 0), xy = moment(y, 1, x, 1);
        std::optional<double> wanted;
        if (function == "covar_pop" && n > 0) wanted = xy / n;
        if (function == "covar_samp" && n > 1) wanted = xy / (n - 1);
        if (function == "corr" && xx > 0 && yy > 0) wanted = xy / std::sqrt(xx * yy);
        if (function == "regr_slope" && xx > 0) wanted = xy / xx;
        if (function == "regr_intercept" && xx > 0) wanted = mean(y) - xy / xx * mean(x);
        if (function == "regr_r2" && xx > 0) wanted = yy == 0 ? 1 : xy * xy / (xx * yy);
        if (function == "regr_sxy" && n > 0) wanted = xy;
        if (function == "skewness" && yy > 0) {
          wanted = std::sqrt(n) * moment(y, 3, x, 0) / std::pow(yy, 1.5);
        }
        if (function == "kurtosis" && yy > 0) wanted = n * moment(y, 4, x, 0) / (yy * yy) - 3;
        // What is the same but for rounding may come out as 0, or as nearly that.
        if ((of_one ? yy : xx) < 1e-9 || (function == "corr" && yy < 1e-9)) continue;
        RC_ASSERT(result.IsNull(group) == !wanted.has_value());
        if (wanted) RC_ASSERT(std::abs(result.DoubleAt(group) - *wanted) < 1e-6);
      }
    }
  }
}

TEST(Sketches, EstimateWithinAFewDeviations) {
  for (const int64_t distinct : {0, 1, 10, 500, 3'000, 100'000}) {
    ColumnBuilder builder(DataType::kInt64);
    for (int64_t i = 0; i < 2 * distinct; ++i) builder.Int64(i / 2 * 7919);
    const RecordBatch batch = BatchOf({builder.Finish()});
    const std::vector<uint32_t> groups(static_cast<size_t>(2 * distinct), 0);
    for (const double error : {0.05, 0.01}) {
      const Aggregation aggregation(Call("approx_count_distinct", {Col("c0"), error}), batch,
                                    groups, 1);
      const auto count = static_cast<double>(aggregation.OfAllRows().Int64At(0));
      EXPECT_NEAR(count, static_cast<double>(distinct), 4 * error * static_cast<double>(distinct))
          << distinct;
      platform::Random random(1);
      EXPECT_EQ(aggregation.OfParts(random).Int64At(0), aggregation.OfAllRows().Int64At(0));
    }
  }
}

}  // namespace
}  // namespace wavetank::runtime
