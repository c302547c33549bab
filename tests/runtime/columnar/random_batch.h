// Random columns and batches for property tests: few distinct values, so that keys meet; nulls; the
// ends of the ranges; strings around the sizes at which code paths change.
#ifndef WAVETANK_TESTS_RUNTIME_COLUMNAR_RANDOM_BATCH_H_
#define WAVETANK_TESTS_RUNTIME_COLUMNAR_RANDOM_BATCH_H_

#include <cstdint>
#include <iterator>
#include <limits>
#include <memory>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "platform/random.h"
#include "runtime/columnar/record_batch.h"

namespace wavetank::runtime {

inline std::string RandomText(platform::Random& random) {
  constexpr size_t kSizes[] = {0, 1, 2, 3, 4, 5, 11, 12, 13, 16, 17, 40, 70, 130};
  std::string text(kSizes[random.Below(std::size(kSizes))], ' ');
  for (char& c : text) {
    c = "ab  \n\xc3\xa9"[random.Below(7)];
  }
  return text;
}

// Few values, the ends of the range among them.
template <typename T>
T RandomNumber(platform::Random& random) {
  if constexpr (std::is_floating_point_v<T>) {
    constexpr T kValues[] = {T(0.0),
                             T(-0.0),
                             T(1.5),
                             T(-2.25),
                             std::numeric_limits<T>::max() / 2,
                             std::numeric_limits<T>::infinity(),
                             std::numeric_limits<T>::quiet_NaN()};
    return kValues[random.Below(std::size(kValues))];
  } else {
    switch (random.Below(8)) {
      case 0:
        return std::numeric_limits<T>::min();
      case 1:
        return std::numeric_limits<T>::max();
      case 2:
        return static_cast<T>(random.Next());
      default:
        return static_cast<T>(random.Between(-3, 3));
    }
  }
}

inline Column RandomColumn(platform::Random& random, DataType type, int64_t rows, bool nulls) {
  ColumnBuilder builder(type);
  for (int64_t row = 0; row < rows; ++row) {
    if (type == DataType::kNull || (nulls && random.Below(4) == 0)) {
      builder.Null();
    } else if (type == DataType::kBool) {
      builder.Bool(random.Below(2) == 0);
    } else if (type.is_bytes()) {
      builder.String(RandomText(random));
    } else {
      WithValueType(type, [&]<typename T>(T) { builder.Fixed(RandomNumber<T>(random)); });
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

// Those that batches and state hold.
inline constexpr DataType::Kind kStorableKinds[] = {
    DataType::kBool,      DataType::kInt64,  DataType::kDouble, DataType::kString,
    DataType::kTimestamp, DataType::kInt8,   DataType::kInt16,  DataType::kInt32,
    DataType::kFloat,     DataType::kBinary, DataType::kDate};

inline DataType RandomType(platform::Random& random) {
  return kStorableKinds[random.Below(std::size(kStorableKinds))];
}

inline RecordBatch RandomBatch(platform::Random& random) {
  std::vector<DataType> types(random.Below(5), DataType::kInt64);
  for (DataType& type : types) type = RandomType(random);
  const int64_t rows = random.Between(0, 200);
  return RandomBatch(random, types, rows);
}

}  // namespace wavetank::runtime

#endif  // WAVETANK_TESTS_RUNTIME_COLUMNAR_RANDOM_BATCH_H_
