// Random rows in groups, and aggregates of them against what their definitions say.
#ifndef WAVETANK_TESTS_RUNTIME_FUNCTIONS_GROUPED_ROWS_H_
#define WAVETANK_TESTS_RUNTIME_FUNCTIONS_GROUPED_ROWS_H_

#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "rapidcheck/gtest.h"

#include "tests/runtime/columnar/random_batch.h"
#include "tests/runtime/functions/aggregation.h"

namespace wavetank::runtime {

inline constexpr uint32_t kGroups = 3;

struct GroupedRows {
  RecordBatch batch;
  std::vector<uint32_t> groups;

  // Those of a group.
  std::vector<uint32_t> Of(uint32_t group) const {
    std::vector<uint32_t> rows;
    for (uint32_t row = 0; row < groups.size(); ++row) {
      if (groups[row] == group) rows.push_back(row);
    }
    return rows;
  }
};

// Sums of these doubles are exact in any order.
inline Column ExactDoubles(platform::Random& random, int64_t rows) {
  ColumnBuilder builder(DataType::kDouble);
  for (int64_t row = 0; row < rows; ++row) {
    const double value = static_cast<double>(random.Between(-8, 8)) / 4;
    random.Below(4) == 0 ? builder.Null() : builder.Double(value);
  }
  return builder.Finish();
}

inline GroupedRows RandomRows(platform::Random& random, const std::vector<DataType>& types,
                              bool exact) {
  const int64_t rows = random.Between(0, 40);
  std::vector<Column> columns;
  for (const DataType& type : types) {
    columns.push_back(exact && type == DataType::kDouble ? ExactDoubles(random, rows)
                                                         : RandomColumn(random, type, rows, true));
  }
  GroupedRows result{BatchOf(std::move(columns)), {}};
  for (int64_t row = 0; row < rows; ++row) {
    result.groups.push_back(static_cast<uint32_t>(random.Below(kGroups)));
  }
  return result;
}

// Checks the aggregate against `expected(group's rows)`, whole and in parts.
inline void Check(platform::Random& random, const Expression& call, const GroupedRows& rows,
                  const std::function<std::string(const std::vector<uint32_t>&)>& expected) {
  const Aggregation aggregation(call, rows.batch, rows.groups, kGroups);
  const Column whole = aggregation.OfAllRows();
  for (uint32_t group = 0; group < kGroups; ++group) {
    const std::string wanted = expected(rows.Of(group));
    if (whole.CellText(group) != wanted) {
      RC_FAIL(ToText(*call.node()) + " is " + whole.CellText(group) + ", not " + wanted);
    }
  }
  for (int i = 0; i < 3; ++i) {
    const Column parts = aggregation.OfParts(random);
    if (parts != whole) RC_FAIL(ToText(*call.node()) + " differs in parts");
  }
}

}  // namespace wavetank::runtime

#endif  // WAVETANK_TESTS_RUNTIME_FUNCTIONS_GROUPED_ROWS_H_
