#include "runtime/columnar/take.h"

#include "gtest/gtest.h"
#include "rapidcheck/gtest.h"

#include "tests/runtime/columnar/random_batch.h"

namespace wavetank::runtime {
namespace {

RC_GTEST_PROP(Take, GivesTheNumberedRowsInOrder, (uint64_t seed)) {
  platform::Random random(seed);
  const RecordBatch batch = RandomBatch(random);
  std::vector<uint32_t> rows(batch.num_rows() == 0 ? 0 : random.Below(200));
  for (uint32_t& row : rows) {
    row = static_cast<uint32_t>(random.Below(static_cast<uint64_t>(batch.num_rows())));
  }
  const RecordBatch taken = Take(batch, rows);
  RC_ASSERT(taken.num_rows() == static_cast<int64_t>(rows.size()));
  for (size_t i = 0; i < batch.columns().size(); ++i) {
    ColumnBuilder expected(batch.columns()[i].type());
    for (const uint32_t row : rows) expected.Copy(batch.columns()[i], row);
    RC_ASSERT(taken.columns()[i] == expected.Finish());
  }
}

RC_GTEST_PROP(TrueRows, LeavesOutFalseAndNull, (uint64_t seed)) {
  platform::Random random(seed);
  const Column column = RandomColumn(random, DataType::kBool, random.Between(0, 200), true);
  std::vector<uint32_t> expected;
  for (int64_t row = 0; row < column.size(); ++row) {
    if (!column.IsNull(row) && column.BoolAt(row)) expected.push_back(static_cast<uint32_t>(row));
  }
  const RowNumbers rows = TrueRows(column);
  RC_ASSERT(std::vector<uint32_t>(rows.data(), rows.data() + rows.size()) == expected);
}

}  // namespace
}  // namespace wavetank::runtime
