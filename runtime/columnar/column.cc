#include "runtime/columnar/column.h"

#include <bit>
#include <charconv>
#include <cmath>
#include <concepts>
#include <limits>

#include "platform/check.h"

namespace wavetank::runtime {
namespace {

int64_t CountSet(const uint64_t* bits, int64_t size) {
  int64_t count = 0;
  for (int64_t word = 0; word < size / 64; ++word) count += std::popcount(bits[word]);
  const int64_t rest = size & 63;
  if (rest != 0) count += std::popcount(bits[size / 64] & ((uint64_t{1} << rest) - 1));
  return count;
}

// The shortest text that reads back as `value`.
template <typename T>
std::string NumberText(T value) {
  if constexpr (std::floating_point<T>) {
    if (std::isnan(value)) return "nan";  // no order and no key knows its sign and payload
  }
  char text[32];
  const auto end = std::to_chars(text, text + sizeof text, value).ptr;
  return std::string(text, end);
}

size_t BitmapBytes(int64_t size) { return static_cast<size_t>(BitWords(size)) * sizeof(uint64_t); }

}  // namespace

Column::Column(DataType type, int64_t size, Buffer values, Buffer validity)
    : type_(type), size_(size), validity_(std::move(validity)), values_(std::move(values)) {
  WT_CHECK(type != DataType::kString && type.kind() != DataType::kArray);
  const size_t wanted = type == DataType::kBool ? (static_cast<size_t>(size) + 7) / 8
                                                : static_cast<size_t>(size) * sizeof(int64_t);
  WT_CHECK(values_.size_bytes() >= wanted);
  CountNulls();
}

Column::Column(int64_t size, Buffer offsets, Buffer bytes, Buffer validity)
    : type_(DataType::kString),
      size_(size),
      validity_(std::move(validity)),
      values_(std::move(offsets)),
      bytes_(std::move(bytes)) {
  WT_CHECK(values_.size_bytes() >= static_cast<size_t>(size + 1) * sizeof(int64_t));
  CountNulls();
}

Column::Column(Buffer offsets, Column elements, Buffer validity)
    : type_(DataType::Array(elements.type())),
      size_(static_cast<int64_t>(offsets.size_bytes() / sizeof(int64_t)) - 1),
      validity_(std::move(validity)),
      values_(std::move(offsets)),
      elements_(std::make_shared<const Column>(std::move(elements))) {
  WT_CHECK(size_ >= 0 && this->offsets()[size_] <= elements_->size());
  CountNulls();
}

void Column::CountNulls() {
  if (validity_.empty()) return;
  null_count_ = size_ - CountSet(validity_.data<uint64_t>(), size_);
  if (null_count_ == 0) validity_ = Buffer();
}

Column Column::Slice(int64_t begin, int64_t length) const {
  WT_CHECK(begin % 64 == 0 && begin >= 0 && length >= 0 && begin + length <= size_);
  const size_t begin_bits = static_cast<size_t>(begin) / 8;
  const size_t begin_words = static_cast<size_t>(begin) * sizeof(int64_t);
  const size_t words = static_cast<size_t>(length) * sizeof(int64_t);
  Buffer validity = validity_.empty() ? Buffer() : validity_.Slice(begin_bits, BitmapBytes(length));
  switch (type_.kind()) {
    case DataType::kBool:
      return Column(type_, length, values_.Slice(begin_bits, BitmapBytes(length)),
                    std::move(validity));
    case DataType::kString:
      return Column(length, values_.Slice(begin_words, words + sizeof(int64_t)), bytes_,
                    std::move(validity));
    case DataType::kArray:
      return Column(values_.Slice(begin_words, words + sizeof(int64_t)), *elements_,
                    std::move(validity));
    default:
      return Column(type_, length, values_.Slice(begin_words, words), std::move(validity));
  }
}

std::string Column::CellText(int64_t row) const {
  if (IsNull(row)) return "null";
  switch (type_.kind()) {
    case DataType::kBool:
      return BoolAt(row) ? "true" : "false";
    case DataType::kInt64:
      return NumberText(Int64At(row));
    case DataType::kDouble:
      return NumberText(DoubleAt(row));
    case DataType::kString:
      return std::string(StringAt(row));
    case DataType::kTimestamp:
      return TimestampText(Int64At(row));
    case DataType::kInterval:
      return absl::FormatDuration(absl::Microseconds(Int64At(row)));
    case DataType::kArray: {
      std::string text = "[";
      for (int64_t i = offsets()[row]; i < offsets()[row + 1]; ++i) {
        if (text.size() > 1) text += ", ";
        text += elements_->CellText(i);
      }
      return text + "]";
    }
  }
  WT_CHECK(false, "no such data type");
}

namespace {

// Row i of the one is row j of the other. REQUIRES: the same type.
bool IsSameRow(const Column& a, int64_t i, const Column& b, int64_t j) {
  if (a.IsNull(i) || b.IsNull(j)) return a.IsNull(i) == b.IsNull(j);
  switch (a.type().kind()) {
    case DataType::kBool:
      return a.BoolAt(i) == b.BoolAt(j);
    case DataType::kString:
      return a.StringAt(i) == b.StringAt(j);
    case DataType::kArray: {
      const int64_t size = a.offsets()[i + 1] - a.offsets()[i];
      if (b.offsets()[j + 1] - b.offsets()[j] != size) return false;
      for (int64_t k = 0; k < size; ++k) {
        if (!IsSameRow(a.elements(), a.offsets()[i] + k, b.elements(), b.offsets()[j] + k)) {
          return false;
        }
      }
      return true;
    }
    default:
      return a.Int64At(i) == b.Int64At(j);
  }
}

}  // namespace

bool operator==(const Column& a, const Column& b) {
  if (a.type_ != b.type_ || a.size_ != b.size_ || a.null_count_ != b.null_count_) return false;
  for (int64_t row = 0; row < a.size_; ++row) {
    if (!IsSameRow(a, row, b, row)) return false;
  }
  return true;
}

Column Concatenate(const DataType& type, const std::vector<const Column*>& parts) {
  int64_t size = 0;
  bool nulls = false;
  for (const Column* part : parts) {
    WT_CHECK(part->type() == type);
    size += part->size();
    nulls |= part->null_count() != 0;
  }
  // Bits of parts do not lie at whole words.
  if (nulls || type == DataType::kBool || type.kind() == DataType::kArray) {
    ColumnBuilder builder(type);
    for (const Column* part : parts) {
      for (int64_t row = 0; row < part->size(); ++row) builder.Copy(*part, row);
    }
    return builder.Finish();
  }
  const bool strings = type == DataType::kString;
  BufferBuilder<int64_t> words(static_cast<size_t>(size) + 1);
  BufferBuilder<char> bytes;
  if (strings) words.Append(0);
  for (const Column* part : parts) {
    if (!strings) {
      words.Append(part->int64s(), static_cast<size_t>(part->size()));
      continue;
    }
    const int64_t* const offsets = part->offsets();
    const int64_t shift = static_cast<int64_t>(bytes.size()) - offsets[0];
    for (int64_t row = 1; row <= part->size(); ++row) words.Append(offsets[row] + shift);
    bytes.Append(part->bytes() + offsets[0],
                 static_cast<size_t>(offsets[part->size()] - offsets[0]));
  }
  if (strings) return Column(size, words.Finish(), bytes.Finish(), Buffer());
  return Column(type, size, words.Finish(), Buffer());
}

void ValidityBuilder::AppendNull() {
  const auto words = static_cast<size_t>(BitWords(size_ + 1));
  if (valid_.size() < words) valid_.AppendRepeated(words - valid_.size(), ~uint64_t{0});
  valid_[static_cast<size_t>(size_ >> 6)] &= ~(uint64_t{1} << (size_ & 63));
  ++null_count_;
  ++size_;
}

Buffer ValidityBuilder::Finish(int64_t size) {
  const bool nulls = null_count_ != 0;
  size_ = null_count_ = 0;
  if (!nulls) return Buffer();
  const auto words = static_cast<size_t>(BitWords(size));
  if (valid_.size() < words) valid_.AppendRepeated(words - valid_.size(), ~uint64_t{0});
  return valid_.Finish();
}

ColumnBuilder::ColumnBuilder(DataType type) : type_(std::move(type)) {
  if (type_ == DataType::kString) words_.Append(0);
  if (type_.kind() != DataType::kArray) return;
  words_.Append(0);
  elements_ = std::make_unique<ColumnBuilder>(type_.element());
}

ColumnBuilder& ColumnBuilder::Null() {
  validity_.AppendNull();
  switch (type_.kind()) {
    case DataType::kBool:
      return GrowBits();
    case DataType::kString:
      words_.Append(static_cast<int64_t>(bytes_.size()));
      return *this;
    case DataType::kArray:
      words_.Append(elements_->size());
      return *this;
    default:
      words_.Append(0);
      return *this;
  }
}

ColumnBuilder& ColumnBuilder::Bool(bool value) {
  WT_CHECK(type_ == DataType::kBool);
  const int64_t row = size();
  validity_.Append(true);
  GrowBits();
  if (value) SetBit(bits_.data(), row);
  return *this;
}

ColumnBuilder& ColumnBuilder::Int64(int64_t value) {
  WT_CHECK(type_ == DataType::kInt64 || type_ == DataType::kTimestamp ||
           type_ == DataType::kInterval);
  validity_.Append(true);
  words_.Append(value);
  return *this;
}

ColumnBuilder& ColumnBuilder::Double(double value) {
  WT_CHECK(type_ == DataType::kDouble);
  validity_.Append(true);
  words_.Append(std::bit_cast<int64_t>(value));
  return *this;
}

ColumnBuilder& ColumnBuilder::String(std::string_view value) {
  WT_CHECK(type_ == DataType::kString);
  validity_.Append(true);
  bytes_.Append(value.data(), value.size());
  words_.Append(static_cast<int64_t>(bytes_.size()));
  return *this;
}

ColumnBuilder& ColumnBuilder::Array(const Column& elements, int64_t begin, int64_t end) {
  WT_CHECK(elements_ != nullptr);
  validity_.Append(true);
  for (int64_t i = begin; i < end; ++i) elements_->Copy(elements, i);
  words_.Append(elements_->size());
  return *this;
}

ColumnBuilder& ColumnBuilder::Copy(const Column& from, int64_t row) {
  WT_CHECK(from.type() == type_);
  if (from.IsNull(row)) return Null();
  switch (type_.kind()) {
    case DataType::kBool:
      return Bool(from.BoolAt(row));
    case DataType::kDouble:
      return Double(from.DoubleAt(row));
    case DataType::kString:
      return String(from.StringAt(row));
    case DataType::kArray:
      return Array(from.elements(), from.offsets()[row], from.offsets()[row + 1]);
    default:
      return Int64(from.Int64At(row));
  }
}

ColumnBuilder& ColumnBuilder::GrowBits() {
  const auto words = static_cast<size_t>(BitWords(size()));
  if (bits_.size() < words) bits_.Append(0);
  return *this;
}

Column ColumnBuilder::Finish() {
  const int64_t rows = size();
  Buffer validity = validity_.Finish(rows);
  switch (type_.kind()) {
    case DataType::kBool:
      return Column(type_, rows, bits_.Finish(), std::move(validity));
    case DataType::kString: {
      Column column(rows, words_.Finish(), bytes_.Finish(), std::move(validity));
      words_.Append(0);
      return column;
    }
    case DataType::kArray: {
      Column column(words_.Finish(), elements_->Finish(), std::move(validity));
      words_.Append(0);
      return column;
    }
    default:
      return Column(type_, rows, words_.Finish(), std::move(validity));
  }
}

}  // namespace wavetank::runtime
