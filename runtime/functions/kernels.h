// What the kernels of several groups of functions share.
#ifndef WAVETANK_RUNTIME_FUNCTIONS_KERNELS_H_
#define WAVETANK_RUNTIME_FUNCTIONS_KERNELS_H_

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <span>
#include <string_view>
#include <type_traits>
#include <utility>

#include "runtime/functions/function.h"

namespace wavetank::runtime {

// Null where any operand is null; empty where none ever is.
Buffer CombinedValidity(std::span<const Operand> operands, int64_t rows);

// NaN equals itself and is above all else.
struct TotalOrder {
  template <typename T>
  static bool Equal(const T& a, const T& b) {
    if constexpr (std::is_floating_point_v<T>) {
      return a == b || (std::isnan(a) && std::isnan(b));
    } else {
      return a == b;
    }
  }
  template <typename T>
  static bool Less(const T& a, const T& b) {
    if constexpr (std::is_floating_point_v<T>) {
      return std::isnan(b) ? !std::isnan(a) : a < b;
    } else {
      return a < b;
    }
  }
};

// `bit(row)` for each row.
template <typename F>
Buffer PackBits(int64_t rows, F bit) {
  const auto words = static_cast<size_t>(BitWords(rows));
  BufferBuilder<uint64_t> packed(words);
  for (size_t word = 0; word < words; ++word) {
    const int64_t begin = static_cast<int64_t>(word) * 64;
    const int64_t end = std::min(begin + 64, rows);
    uint64_t bits = 0;
    for (int64_t row = begin; row < end; ++row) bits |= uint64_t{bit(row)} << (row - begin);
    packed.data()[word] = bits;
  }
  packed.SetSize(words);
  return packed.Finish();
}

// `value(row)` for each row.
template <typename T, typename F>
Buffer Values(int64_t rows, F value) {
  BufferBuilder<T> values(static_cast<size_t>(rows));
  for (int64_t row = 0; row < rows; ++row) values.data()[row] = value(row);
  values.SetSize(static_cast<size_t>(rows));
  return values.Finish();
}

// `value(row, &result)` for each row that has no null operand; false makes it null.
template <typename T, typename F>
Column ValuesOrNull(DataType type, int64_t rows, const Buffer& validity, F value) {
  BufferBuilder<T> values(static_cast<size_t>(rows));
  ValidityBuilder valid;
  const uint64_t* const bits = validity.empty() ? nullptr : validity.data<uint64_t>();
  for (int64_t row = 0; row < rows; ++row) {
    T result{};
    const bool given = (bits == nullptr || BitAt(bits, row)) && value(row, &result);
    values.Append(given ? result : T{});
    valid.Append(given);
  }
  return Column(std::move(type), rows, values.Finish(), valid.Finish(rows));
}

// A string column of `text(row)`, null where an operand is. What `text` gives may change with the
// next row.
template <typename F>
Column Texts(const KernelCall& call, F text) {
  const int64_t rows = call.rows;
  Buffer validity = CombinedValidity(call.operands, rows);
  BufferBuilder<int64_t> offsets(static_cast<size_t>(rows) + 1);
  BufferBuilder<char> bytes;
  offsets.Append(0);
  const uint64_t* const valid = validity.empty() ? nullptr : validity.data<uint64_t>();
  for (int64_t row = 0; row < rows; ++row) {
    if (valid == nullptr || BitAt(valid, row)) {
      const std::string_view value = text(row);
      bytes.Append(value.data(), value.size());
    }
    offsets.Append(static_cast<int64_t>(bytes.size()));
  }
  return Column(rows, offsets.Finish(), bytes.Finish(), std::move(validity));
}

// One value of a column; none: null.
struct Cell {
  const Column* column = nullptr;
  int64_t row = 0;

  bool IsNull() const { return column == nullptr || column->IsNull(row); }
};

// `cell(row)` for each row, of columns of this type.
template <typename F>
Column Gather(const DataType& type, int64_t rows, F cell) {
  if (type.is_nested()) {
    ColumnBuilder builder(type);
    for (int64_t row = 0; row < rows; ++row) {
      const Cell from = cell(row);
      from.IsNull() ? builder.Null() : builder.Copy(*from.column, from.row);
    }
    return builder.Finish();
  }
  ValidityBuilder valid;
  const auto value = [&](int64_t row) {
    Cell from = cell(row);
    const bool is_null = from.IsNull();
    valid.Append(!is_null);
    return is_null ? Cell() : from;
  };
  if (type.is_bytes()) {
    BufferBuilder<int64_t> offsets(static_cast<size_t>(rows) + 1);
    BufferBuilder<char> bytes;
    offsets.Append(0);
    for (int64_t row = 0; row < rows; ++row) {
      if (const Cell from = value(row); from.column != nullptr) {
        const std::string_view text = from.column->StringAt(from.row);
        bytes.Append(text.data(), text.size());
      }
      offsets.Append(static_cast<int64_t>(bytes.size()));
    }
    return Column(rows, offsets.Finish(), bytes.Finish(), valid.Finish(rows), type);
  }
  Buffer values;
  if (type.layout() == Layout::kBits) {
    values = PackBits(rows, [&](int64_t row) {
      const Cell from = value(row);
      return from.column != nullptr && from.column->BoolAt(from.row);
    });
  } else {
    values = WithWidth(type.width(), [&]<typename T>(T) {
      return Values<T>(rows, [&](int64_t row) {
        const Cell from = value(row);
        return from.column == nullptr ? T{} : from.column->values<T>()[from.row];
      });
    });
  }
  return Column(type, rows, std::move(values), valid.Finish(rows));
}

// The column's only row, `rows` times.
Column Repeat(const Column& column, int64_t rows);

inline std::string_view TextAt(const Operand& operand, int64_t row) {
  return operand.column.StringAt(row * operand.stride());
}
inline int64_t Int64At(const Operand& operand, int64_t row) {
  return operand.column.Int64At(row * operand.stride());
}
inline bool IsNullAt(const Operand& operand, int64_t row) {
  return operand.column.IsNull(row * operand.stride());
}
inline Cell CellAt(const Operand& operand, int64_t row) {
  return {&operand.column, row * operand.stride()};
}

}  // namespace wavetank::runtime

#endif  // WAVETANK_RUNTIME_FUNCTIONS_KERNELS_H_
