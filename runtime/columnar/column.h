// Column: immutable values of one type in Arrow's layout.
//
//   validity   one bit a row, least significant first, 1 = not null; absent when nothing is null
//   values     numbers, dates, times: as many bytes a row as the type is wide; bool: one bit a row;
//              string, binary: size + 1 int64 offsets into `bytes` (Arrow's LargeUtf8 and
//              LargeBinary), never falling
//   bytes      string and binary only
//   elements   array only: those of the first row, then of the second, ...; `values` are offsets
//   fields     struct only: a column for each, of as many rows
//
// What a null row's value is does not matter, but it is initialised, and a null string or
// binary value is empty.
// Copies share the buffers. REQUIRES of all accessors: the type fits, 0 <= row < size().
#ifndef WAVETANK_RUNTIME_COLUMNAR_COLUMN_H_
#define WAVETANK_RUNTIME_COLUMNAR_COLUMN_H_

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "absl/time/time.h"

#include "platform/check.h"
#include "runtime/columnar/buffer.h"
#include "runtime/types/data_type.h"
#include "runtime/types/timestamp.h"

namespace wavetank::runtime {

inline bool BitAt(const uint64_t* bits, int64_t i) { return (bits[i >> 6] >> (i & 63)) & 1; }
inline void SetBit(uint64_t* bits, int64_t i) { bits[i >> 6] |= uint64_t{1} << (i & 63); }
inline int64_t BitWords(int64_t bits) { return (bits + 63) / 64; }

class Column {
 public:
  Column() = default;
  // Columns of bits or of values of one width. `validity` may be empty; bits behind the last row
  // mean nothing.
  Column(DataType type, int64_t size, Buffer values, Buffer validity);
  // A string column, or a binary one.
  Column(int64_t size, Buffer offsets, Buffer bytes, Buffer validity,
         DataType type = DataType::kString);
  // A column of arrays, one fewer than there are offsets.
  Column(Buffer offsets, Column elements, Buffer validity);
  // A column of structs. REQUIRES: a column of `size` rows for each field.
  Column(DataType type, int64_t size, std::vector<Column> fields, Buffer validity);

  const DataType& type() const { return type_; }
  int64_t size() const { return size_; }
  int64_t null_count() const { return null_count_; }
  bool IsNull(int64_t row) const { return null_count_ != 0 && !BitAt(validity(), row); }

  // Null pointer: nothing is null.
  const uint64_t* validity() const {
    return null_count_ == 0 ? nullptr : validity_.data<uint64_t>();
  }
  const uint64_t* bits() const { return values_.data<uint64_t>(); }
  // Of a type whose values are T's (WithValueType), or as wide.
  template <typename T>
  const T* values() const {
    return values_.data<T>();
  }
  const int64_t* int64s() const { return values_.data<int64_t>(); }
  const double* doubles() const { return values_.data<double>(); }
  const int64_t* offsets() const { return values_.data<int64_t>(); }
  const char* bytes() const { return bytes_.data<char>(); }
  const Column& elements() const { return children_->front(); }
  const Column& field(int i) const { return (*children_)[static_cast<size_t>(i)]; }

  bool BoolAt(int64_t row) const { return BitAt(bits(), row); }
  int64_t Int64At(int64_t row) const { return int64s()[row]; }           // timestamps too
  int32_t Int32At(int64_t row) const { return values<int32_t>()[row]; }  // dates too
  float FloatAt(int64_t row) const { return values<float>()[row]; }
  double DoubleAt(int64_t row) const { return doubles()[row]; }
  absl::Time TimeAt(int64_t row) const { return FromMicros(int64s()[row]); }
  std::string_view StringAt(int64_t row) const {  // binary too
    const int64_t begin = offsets()[row];
    return {bytes() + begin, static_cast<size_t>(offsets()[row + 1] - begin)};
  }

  const Buffer& values_buffer() const { return values_; }
  const Buffer& bytes_buffer() const { return bytes_; }
  const Buffer& validity_buffer() const { return validity_; }

  // Rows [begin, begin + length), sharing memory. REQUIRES: begin is a multiple of 64.
  Column Slice(int64_t begin, int64_t length) const;

  // For people, tests and text sinks: "null", "true", 12, 0.5 (shortest that reads back), the
  // string itself, X'01FF', 2026-01-31, 2026-01-31T00:00:00Z.
  std::string CellText(int64_t row) const;

  // Same type, nulls and values; floats and doubles by their bits.
  friend bool operator==(const Column& a, const Column& b);

 private:
  void CountNulls();

  DataType type_ = DataType::kInt64;
  int64_t size_ = 0;
  int64_t null_count_ = 0;
  Buffer validity_;
  Buffer values_;
  Buffer bytes_;
  std::shared_ptr<const std::vector<Column>> children_;  // elements, fields
};

// The rows of the columns, in order. REQUIRES: each has this type.
Column Concatenate(const DataType& type, const std::vector<const Column*>& parts);

// Builds a validity bitmap row by row, at no cost while nothing is null.
class ValidityBuilder {
 public:
  void Append(bool valid) {
    if (!valid)
      AppendNull();
    else
      ++size_;
  }
  void AppendNull();
  // REQUIRES: `size` is the number of rows appended, or more: the rest is valid.
  Buffer Finish(int64_t size);
  int64_t size() const { return size_; }

 private:
  BufferBuilder<uint64_t> valid_;  // words up to the last null; bits behind it are set
  int64_t size_ = 0;
  int64_t null_count_ = 0;
};

// Builds a column row by row: for tests and whatever is not hot.
class ColumnBuilder {
 public:
  explicit ColumnBuilder(DataType type);

  ColumnBuilder& Null();
  ColumnBuilder& Bool(bool value);
  ColumnBuilder& Int64(int64_t value);  // timestamps too, in microseconds
  ColumnBuilder& Double(double value);
  // Of a type whose values are T's: dates are int32_t.
  template <typename T>
  ColumnBuilder& Fixed(T value) {
    WT_CHECK(WithValueType(type_, []<typename V>(V) { return std::is_same_v<V, T>; }) &&
             type_.layout() == Layout::kFixed);
    return AppendFixed(value);
  }
  ColumnBuilder& String(std::string_view value);  // binary too
  // A value by the bytes that a row key has of it: of bool one, of fixed width as many as that, of
  // strings and binary values all.
  ColumnBuilder& Bytes(std::string_view value);
  ColumnBuilder& Time(absl::Time value) { return Int64(ToMicros(value)); }
  // The elements [begin, end) of a column of the element's type.
  ColumnBuilder& Array(const Column& elements, int64_t begin, int64_t end);
  // A struct of the fields that were appended to the builders of `field`.
  ColumnBuilder& Struct();
  ColumnBuilder& field(int i) { return children_[static_cast<size_t>(i)]; }
  // A row of a column of the same type.
  ColumnBuilder& Copy(const Column& from, int64_t row);
  Column Finish();
  int64_t size() const { return validity_.size(); }

 private:
  ColumnBuilder& GrowBits();
  template <typename T>
  ColumnBuilder& AppendFixed(T value) {
    validity_.Append(true);
    fixed_.Append(reinterpret_cast<const char*>(&value), sizeof value);
    return *this;
  }

  DataType type_;
  ValidityBuilder validity_;
  BufferBuilder<uint64_t> bits_;
  BufferBuilder<char> fixed_;  // values, one after the other
  BufferBuilder<int64_t> offsets_;
  BufferBuilder<char> bytes_;
  std::vector<ColumnBuilder> children_;  // of elements, of fields
};

}  // namespace wavetank::runtime

#endif  // WAVETANK_RUNTIME_COLUMNAR_COLUMN_H_
