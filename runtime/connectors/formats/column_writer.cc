#include "runtime/connectors/formats/column_writer.h"

#include <utility>

#include "platform/check.h"

namespace wavetank::runtime {

ColumnWriter::ColumnWriter(DataType type) : type_(std::move(type)) {
  if (type_.is_bytes() || type_.layout() == Layout::kList) offsets_.Append(0);
  for (const DataType& child : type_.children()) children_.emplace_back(child);
}

void ColumnWriter::Null() {
  nulls_ = true;
  FillValid(size_ + 1);
  valid_[static_cast<size_t>(size_ >> 6)] &= ~(uint64_t{1} << (size_ & 63));
  ++size_;
  switch (type_.layout()) {
    case Layout::kBits:
      return GrowBits();
    case Layout::kFixed:
      return fixed_.AppendRepeated(static_cast<size_t>(type_.width()), 0);
    case Layout::kBytes:
      return offsets_.Append(static_cast<int64_t>(bytes_.size()));
    case Layout::kList:
      return offsets_.Append(children_.front().size());
    case Layout::kStruct:
      for (ColumnWriter& field : children_) field.Null();
  }
}

void ColumnWriter::FillValid(int64_t size) {
  const auto words = static_cast<size_t>(BitWords(size));
  if (valid_.size() < words) valid_.AppendRepeated(words - valid_.size(), ~uint64_t{0});
}

void ColumnWriter::Truncate(int64_t size) {
  WT_CHECK(size <= size_);
  if (size != size_) {
    size_ = size;
    const auto words = static_cast<size_t>(BitWords(size));
    const uint64_t beyond = (size & 63) == 0 ? 0 : ~uint64_t{0} << (size & 63);
    if (valid_.size() >= words) {
      valid_.SetSize(words);
      if (words > 0) valid_[words - 1] |= beyond;
    }
    if (type_.layout() == Layout::kBits) {
      bits_.SetSize(words);
      if (words > 0) bits_[words - 1] &= ~beyond;
    }
    if (type_.layout() == Layout::kFixed) fixed_.SetSize(static_cast<size_t>(size * type_.width()));
    if (offsets_.size() != 0) offsets_.SetSize(static_cast<size_t>(size) + 1);
    if (type_.is_bytes()) bytes_.SetSize(static_cast<size_t>(offsets_[offsets_.size() - 1]));
  }
  if (type_.layout() == Layout::kList) children_.front().Truncate(offsets_[offsets_.size() - 1]);
  if (type_.layout() == Layout::kStruct) {
    for (ColumnWriter& field : children_) field.Truncate(size);
  }
}

Column ColumnWriter::Finish() {
  const int64_t rows = std::exchange(size_, 0);
  Buffer validity;
  if (std::exchange(nulls_, false)) {
    FillValid(rows);
    validity = valid_.Finish();
  }
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
      for (ColumnWriter& field : children_) fields.push_back(field.Finish());
      return Column(type_, rows, std::move(fields), std::move(validity));
    }
  }
  WT_CHECK(false, "no such layout");
}

}  // namespace wavetank::runtime
