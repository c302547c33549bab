// Random columns and batches for property tests: few distinct values, so that keys meet; nulls; the
// ends of the ranges; strings around the sizes at which code paths change.
#ifndef WAVETANK_TESTS_RUNTIME_COLUMNAR_RANDOM_BATCH_H_
#define WAVETANK_TESTS_RUNTIME_COLUMNAR_RANDOM_BATCH_H_

#include <cstdint>
#include <limits>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "platform/random.h"
#include "runtime/columnar/record_batch.h"

namespace wavetank::runtime {

inline int64_t RandomInt64(platform::Random& random) {
  switch (random.Below(8)) {
    case 0:
      return std::numeric_limits<int64_t>::min();
    case 1:
      return std::numeric_limits<int64_t>::max();
    case 2:
      return static_cast<int64_t>(random.Next());
    default:
      return random.Between(-3, 3);
  }
}

inline std::string RandomText(platform::Random& random) {
  constexpr size_t kSizes[] = {0, 1, 2, 3, 4, 5, 11, 12, 13, 16, 17, 40, 70, 130};
  std::string text(kSizes[random.Below(std::size(kSizes))], ' ');
  for (char& c : text) {
    c = "ab  \n\xc3\xa9"[random.Below(7)];
  }
  return text;
}

inline Column RandomColumn(platform::Random& random, DataType type, int64_t rows, bool nulls) {
  ColumnBuilder builder(type);
  for (int64_t row = 0; row < rows; ++row) {
    if (nulls && random.Below(4) == 0) {
      builder.Null();
    } else if (type == DataType::kBool) {
      builder.Bool(random.Below(2) == 0);
    } else if (type == DataType::kString) {
      builder.String(RandomText(random));
    } else if (type == DataType::kDouble) {
      constexpr double kDoubles[] = {0.0,
                                     -0.0,
                                     1.5,
                                     -2.25,
                                     1e300,
                                     std::numeric_limits<double>::infinity(),
                                     std::numeric_limits<double>::quiet_NaN()};
      builder.Double(kDoubles[random.Below(std::size(kDoubles))]);
    } else {
      builder.Int64(RandomInt64(random));
    }
  }
  return builder.Finish();
}

// Columns c0, c1, ... of these types, about half of them with nulls.
inline RecordBatch RandomBatch(platform::Random& random, const std::vector<DataType>& types,
                               int64_t rows) {
  std::vector<Field> fields;
  std::vector<Column> columns;
  for (const DataType& type : types) {
    fields.push_back({"c" + std::to_string(fields.size()), type});
    const bool nulls = random.Below(2) == 0;
    columns.push_back(RandomColumn(random, type, rows, nulls));
  }
  return RecordBatch(std::make_shared<const Schema>(std::move(fields)), std::move(columns), rows);
}

inline DataType RandomType(platform::Random& random) {
  return static_cast<DataType::Kind>(random.Between(1, 5));
}

inline RecordBatch RandomBatch(platform::Random& random) {
  std::vector<DataType> types(random.Below(5), DataType::kInt64);
  for (DataType& type : types) type = RandomType(random);
  const int64_t rows = random.Between(0, 200);
  return RandomBatch(random, types, rows);
}

}  // namespace wavetank::runtime

#endif  // WAVETANK_TESTS_RUNTIME_COLUMNAR_RANDOM_BATCH_H_
