// Row keys: the values of several columns as one string of bytes, and their hash. Both are durable
// formats: state is stored under row keys, and the hash says in which shuffle partition.
//
//   row key  for each column: u8 0 (null), or u8 1 and the value's bytes, for string and binary
//            with their length, u32, before them
//   hash     h = 0; for each column: h = XXH3_64(the value's bytes, seed h), or h = MixBits(h + 1)
//            for a null
//
//   a value's bytes, little-endian: int8 1, int16 2, int32 and date 4, int64 and timestamp 8; float
//   4, double 8 (IEEE 754; those equal by value have equal bits: -0 is 0, NaN is one NaN); bool
//   one, 0 or 1; string and binary themselves
//
// A partition is the high bits' share: PartitionOf (runtime/columnar/partition_of.h).
#ifndef WAVETANK_RUNTIME_COLUMNAR_ROW_KEY_H_
#define WAVETANK_RUNTIME_COLUMNAR_ROW_KEY_H_

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

#include "runtime/columnar/column.h"

namespace wavetank::runtime {

// One hash a row. REQUIRES: each column has `rows` rows.
BufferBuilder<uint64_t> HashRows(const std::vector<Column>& columns, int64_t rows);

// A string column of row keys.
Column EncodeRowKeys(const std::vector<Column>& columns, int64_t rows);
// The columns of these types that `keys`, a string column, was made of. kDataLoss: it was not.
absl::StatusOr<std::vector<Column>> DecodeRowKeys(const Column& keys,
                                                  const std::vector<DataType>& types);
absl::StatusOr<std::vector<Column>> DecodeRowKeys(std::span<const std::string_view> keys,
                                                  const std::vector<DataType>& types);

// How wide the values of these types are in a row key; 0: as their lengths say.
std::vector<uint8_t> RowKeyWidths(const std::vector<DataType>& types);

// The hash of the columns that a row key begins with, of these widths. Nothing: it does not.
std::optional<uint64_t> HashOfRowKey(std::string_view key, std::span<const uint8_t> widths);

// Columns of floats and doubles as keys see them: one zero and one NaN. Others as they are.
Column NormaliseKey(const Column& column);

}  // namespace wavetank::runtime

#endif  // WAVETANK_RUNTIME_COLUMNAR_ROW_KEY_H_
