#include "runtime/columnar/column.h"

#include <bit>
#include <charconv>
#include <cmath>
#include <concepts>
#include <cstring>

#include "platform/check.h"
#include "runtime/types/date.h"
#include "runtime/types/value.h"

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
  const bool bits = type.layout() == Layout::kBits;
  WT_CHECK(bits || type.layout() == Layout::kFixed);
  const size_t wanted = bits ? (static_cast<size_t>(size) + 7) / 8
                             : static_cast<size_t>(size) * static_cast<size_t>(type.width());
  WT_CHECK(values_.size_bytes() >= wanted);
  CountNulls();
}

Column::Column(int64_t size, Buffer offsets, Buffer bytes, Buffer validity, DataType type)
    : type_(std::move(type)),
      size_(size),
      validity_(std::move(validity)),
      values_(std::move(offsets)),
      bytes_(std::move(bytes)) {
  WT_CHECK(type_.is_bytes());
  WT_CHECK(values_.size_bytes() >= static_cast<size_t>(size + 1) * sizeof(int64_t));
  CountNulls();
}

Column::Column(Buffer offsets, Column elements, Buffer validity)
    : type_(DataType::Array(elements.type())),
      size_(static_cast<int64_t>(offsets.size_bytes() / sizeof(int64_t)) - 1),
      validity_(std::move(validity)),
      values_(std::move(offsets)),
      children_(std::make_shared<const std::vector<Column>>(1, std::move(elements))) {
  WT_CHECK(size_ >= 0 && this->offsets()[size_] <= this->elements().size());
  CountNulls();
}

Column::Column(DataType type, int64_t size, std::vector<Column> fields, Buffer validity)
    : type_(std::move(type)),
      size_(size),
      validity_(std::move(validity)),
      children_(std::make_shared<const std::vector<Column>>(std::move(fields))) {
  WT_CHECK(type_.kind() == DataType::kStruct && children_->size() == type_.children().size());
  for (size_t i = 0; i < children_->size(); ++i) {
    WT_CHECK((*children_)[i].size() == size && (*children_)[i].type() == type_.children()[i]);
  }
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
  const auto values_of = [&](int width, int64_t more) {
    const auto bytes = static_cast<size_t>(width);
    return values_.Slice(static_cast<size_t>(begin) * bytes,
                         static_cast<size_t>(length + more) * bytes);
  };
  Buffer validity = validity_.empty() ? Buffer() : validity_.Slice(begin_bits, BitmapBytes(length));
  switch (type_.layout()) {
    case Layout::kBits:
      return Column(type_, length, values_.Slice(begin_bits, BitmapBytes(length)),
                    std::move(validity));
    case Layout::kFixed:
      return Column(type_, length, values_of(type_.width(), 0), std::move(validity));
    case Layout::kBytes:
      return Column(length, values_of(sizeof(int64_t), 1), bytes_, std::move(validity), type_);
    case Layout::kList:
      return Column(values_of(sizeof(int64_t), 1), elements(), std::move(validity));
    case Layout::kStruct: {
      std::vector<Column> fields;
      for (const Column& field : *children_) fields.push_back(field.Slice(begin, length));
      return Column(type_, length, std::move(fields), std::move(validity));
    }
  }
  WT_CHECK(false, "no such layout");
}

std::string Column::CellText(int64_t row) const {
  if (IsNull(row)) return "null";
  switch (type_.kind()) {
    case DataType::kBool:
      return BoolAt(row) ? "true" : "false";
    case DataType::kInt8:
    case DataType::kInt16:
    case DataType::kInt32:
    case DataType::kInt64:
    case DataType::kFloat:
    case DataType::kDouble:
      return WithValueType(type_, [&]<typename T>(T) { return NumberText(values<T>()[row]); });
    case DataType::kString:
      return std::string(StringAt(row));
    case DataType::kBinary:
      return BinaryText(StringAt(row));
    case DataType::kDate:
      return DateText(Int32At(row));
    case DataType::kNull:
      break;
    case DataType::kTimestamp:
      return TimestampText(Int64At(row));
    case DataType::kInterval:
      return absl::FormatDuration(absl::Microseconds(Int64At(row)));
    case DataType::kArray: {
      std::string text = "[";
      for (int64_t i = offsets()[row]; i < offsets()[row + 1]; ++i) {
        if (i > offsets()[row]) text += ", ";
        text += elements().CellText(i);
      }
      return text + "]";
    }
    case DataType::kStruct: {
      std::string text;
      for (const Column& field : *children_) {
        text += (text.empty() ? "{" : ", ") + field.CellText(row);
      }
      return text + "}";
    }
  }
  WT_CHECK(false, "no such data type");
}

namespace {

// Row i of the one is row j of the other. REQUIRES: the same type.
bool IsSameRow(const Column& a, int64_t i, const Column& b, int64_t j) {
  if (a.IsNull(i) || b.IsNull(j)) return a.IsNull(i) == b.IsNull(j);
  switch (a.type().layout()) {
    case Layout::kBits:
      return a.BoolAt(i) == b.BoolAt(j);
    case Layout::kFixed:
      return WithWidth(a.type().width(),
                       [&]<typename T>(T) { return a.values<T>()[i] == b.values<T>()[j]; });
    case Layout::kBytes:
      return a.StringAt(i) == b.StringAt(j);
    case Layout::kList: {
      const int64_t size = a.offsets()[i + 1] - a.offsets()[i];
      if (b.offsets()[j + 1] - b.offsets()[j] != size) return false;
      for (int64_t k = 0; k < size; ++k) {
        if (!IsSameRow(a.elements(), a.offsets()[i] + k, b.elements(), b.offsets()[j] + k)) {
          return false;
        }
      }
      return true;
    }
    case Layout::kStruct:
      for (int field = 0; field < static_cast<int>(a.type().children().size()); ++field) {
        if (!IsSameRow(a.field(field), i, b.field(field), j)) return false;
      }
      return true;
  }
  WT_CHECK(false, "no such layout");
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
  if (nulls || type.layout() == Layout::kBits || type.is_nested()) {
    ColumnBuilder builder(type);
    for (const Column* part : parts) {
      for (int64_t row = 0; row < part->size(); ++row) builder.Copy(*part, row);
    }
    return builder.Finish();
  }
  if (type.layout() == Layout::kFixed) {
    const auto width = static_cast<size_t>(type.width());
    BufferBuilder<char> values(static_cast<size_t>(size) * width);
    for (const Column* part : parts) {
      values.Append(part->values<char>(), static_cast<size_t>(part->size()) * width);
    }
    return Column(type, size, values.Finish(), Buffer());
  }
  size_t size_bytes = 0;
  for (const Column* part : parts) {
    size_bytes += static_cast<size_t>(part->offsets()[part->size()] - part->offsets()[0]);
  }
  BufferBuilder<int64_t> ends(static_cast<size_t>(size) + 1);
  BufferBuilder<char> bytes(size_bytes);
  ends.Append(0);
  for (const Column* part : parts) {
    const int64_t* const offsets = part->offsets();
    const int64_t shift = static_cast<int64_t>(bytes.size()) - offsets[0];
    for (int64_t row = 1; row <= part->size(); ++row) ends.Append(offsets[row] + shift);
    bytes.Append(part->bytes() + offsets[0],
                 static_cast<size_t>(offsets[part->size()] - offsets[0]));
  }
  return Column(size, ends.Finish(), bytes.Finish(), Buffer(), type);
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
  if (type_.is_bytes() || type_.layout() == Layout::kList) offsets_.Append(0);
  for (const DataType& child : type_.children()) children_.emplace_back(child);
}

ColumnBuilder& ColumnBuilder::Null() {
  validity_.AppendNull();
  switch (type_.layout()) {
    case Layout::kBits:
      return GrowBits();
    case Layout::kFixed:
      fixed_.AppendRepeated(static_cast<size_t>(type_.width()), 0);
      return *this;
    case Layout::kBytes:
      offsets_.Append(static_cast<int64_t>(bytes_.size()));
      return *this;
    case Layout::kList:
      offsets_.Append(children_.front().size());
      return *this;
    case Layout::kStruct:
      for (ColumnBuilder& field : children_) field.Null();
      return *this;
  }
  WT_CHECK(false, "no such layout");
}

ColumnBuilder& ColumnBuilder::Bool(bool value) {
  WT_CHECK(type_ == DataType::kBool);
  const int64_t row = size();
  validity_.Append(true);
  GrowBits();
  if (value) SetBit(bits_.data(), row);
  return *this;
}

ColumnBuilder& ColumnBuilder::Int64(int64_t value) { return Fixed(value); }

ColumnBuilder& ColumnBuilder::Double(double value) { return Fixed(value); }

ColumnBuilder& ColumnBuilder::String(std::string_view value) {
  WT_CHECK(type_.is_bytes());
  validity_.Append(true);
  bytes_.Append(value.data(), value.size());
  offsets_.Append(static_cast<int64_t>(bytes_.size()));
  return *this;
}

ColumnBuilder& ColumnBuilder::Bytes(std::string_view value) {
  if (type_.is_bytes()) return String(value);
  if (type_.layout() == Layout::kBits) return Bool(value.front() != 0);
  WT_CHECK(value.size() == static_cast<size_t>(type_.width()));
  return WithWidth(type_.width(), [&]<typename T>(T bits) -> ColumnBuilder& {
    std::memcpy(&bits, value.data(), sizeof bits);
    return AppendFixed(bits);
  });
}

ColumnBuilder& ColumnBuilder::Array(const Column& elements, int64_t begin, int64_t end) {
  WT_CHECK(type_.layout() == Layout::kList);
  validity_.Append(true);
  for (int64_t i = begin; i < end; ++i) children_.front().Copy(elements, i);
  offsets_.Append(children_.front().size());
  return *this;
}

ColumnBuilder& ColumnBuilder::Struct() {
  WT_CHECK(type_.layout() == Layout::kStruct);
  validity_.Append(true);
  for (const ColumnBuilder& field : children_) WT_CHECK(field.size() == size());
  return *this;
}

ColumnBuilder& ColumnBuilder::Copy(const Column& from, int64_t row) {
  WT_CHECK(from.type() == type_);
  if (from.IsNull(row)) return Null();
  switch (type_.layout()) {
    case Layout::kBits:
      return Bool(from.BoolAt(row));
    case Layout::kFixed:
      return WithWidth(type_.width(), [&]<typename T>(T) -> ColumnBuilder& {
        return AppendFixed(from.values<T>()[row]);
      });
    case Layout::kBytes:
      return String(from.StringAt(row));
    case Layout::kList:
      return Array(from.elements(), from.offsets()[row], from.offsets()[row + 1]);
    case Layout::kStruct:
      for (int i = 0; i < static_cast<int>(children_.size()); ++i)
        field(i).Copy(from.field(i), row);
      return Struct();
  }
  WT_CHECK(false, "no such layout");
}

ColumnBuilder& ColumnBuilder::GrowBits() {
  const auto words = static_cast<size_t>(BitWords(size()));
  if (bits_.size() < words) bits_.Append(0);
  return *this;
}

Column ColumnBuilder::Finish() {
  const int64_t rows = size();
  Buffer validity = validity_.Finish(rows);
  switch (type_.layout()) {
    case Layout::kBits:
      return Column(type_, rows, bits_.Finish(), std::move(validity));
    case Layout::kFixed:
      return Column(type_, rows, fixed_.Finish(), std::move(validity));
    case Layout::kBytes: {
      Column column(rows, offsets_.Finish(), bytes_.Finish(), std::move(validity), type_);
      offsets_.Append(0);
      return column;
    }
    case Layout::kList: {
      Column column(offsets_.Finish(), children_.front().Finish(), std::move(validity));
      offsets_.Append(0);
      return column;
    }
    case Layout::kStruct: {
      std::vector<Column> fields;
      for (ColumnBuilder& field : children_) fields.push_back(field.Finish());
      return Column(type_, rows, std::move(fields), std::move(validity));
    }
  }
  WT_CHECK(false, "no such layout");
}

}  // namespace wavetank::runtime
