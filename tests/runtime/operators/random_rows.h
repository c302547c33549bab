// Random rows of a time and a key, for tests of every operator.
#ifndef WAVETANK_TESTS_RUNTIME_OPERATORS_RANDOM_ROWS_H_
#define WAVETANK_TESTS_RUNTIME_OPERATORS_RANDOM_ROWS_H_

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "platform/random.h"
#include "runtime/columnar/record_batch.h"
#include "tests/runtime/operators/own_operators.h"

namespace wavetank::runtime {

// Rows of (time, key), a few keys in a narrow time.
inline RecordBatch RandomRows(platform::Random& random, int64_t rows) {
  ColumnBuilder times(DataType::kTimestamp);
  ColumnBuilder keys(DataType::kString);
  for (int64_t row = 0; row < rows; ++row) {
    if (random.Below(8) == 0)
      times.Null();
    else
      times.Int64(random.Between(0, 20) * 1'000'000);
    std::string key(1, static_cast<char>('a' + random.Below(4)));
    if (random.Below(4) == 0) key += " b";
    random.Below(8) == 0 ? keys.Null() : keys.String(key);
  }
  return RecordBatch(TimedKeySchema(), {times.Finish(), keys.Finish()}, rows);
}

// The same, without nulls.
inline RecordBatch RandomWholeRows(platform::Random& random, int64_t rows) {
  ColumnBuilder times(DataType::kTimestamp);
  ColumnBuilder keys(DataType::kString);
  for (int64_t row = 0; row < rows; ++row) {
    times.Int64(random.Between(0, 20) * 1'000'000);
    keys.String(std::string(1, static_cast<char>('a' + random.Below(4))));
  }
  return RecordBatch(TimedKeySchema(), {times.Finish(), keys.Finish()}, rows);
}

inline RecordBatch KeysOf(const RecordBatch& rows) {
  return RecordBatch(WordSchema(), {rows.column(1)}, rows.num_rows());
}

inline RecordBatch KeyFirst(const RecordBatch& rows) {
  return RecordBatch(std::make_shared<const Schema>(std::vector<Field>{
                         {"key", DataType::kString}, {"time", DataType::kTimestamp}}),
                     {rows.column(1), rows.column(0)}, rows.num_rows());
}

}  // namespace wavetank::runtime

#endif  // WAVETANK_TESTS_RUNTIME_OPERATORS_RANDOM_ROWS_H_
