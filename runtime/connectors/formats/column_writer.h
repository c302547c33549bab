// ColumnWriter: builds one column value by value, and takes values back: a row that turns out to be
// malformed at its fifth field leaves nothing behind. What decoders write into.
#ifndef WAVETANK_RUNTIME_CONNECTORS_FORMATS_COLUMN_WRITER_H_
#define WAVETANK_RUNTIME_CONNECTORS_FORMATS_COLUMN_WRITER_H_

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "runtime/columnar/buffer.h"
#include "runtime/columnar/column.h"
#include "runtime/types/data_type.h"

namespace wavetank::runtime {

class ColumnWriter {
 public:
  explicit ColumnWriter(DataType type);

  const DataType& type() const { return type_; }
  int64_t size() const { return size_; }

  void Null();
  void Bool(bool value) {
    ++size_;
    GrowBits();
    if (value) SetBit(bits_.data(), size_ - 1);
  }
  // REQUIRES: values of the type are T's (WithValueType).
  template <typename T>
  void Fixed(T value) {
    ++size_;
    fixed_.Append(reinterpret_cast<const char*>(&value), sizeof value);
  }
  // Of strings and binary values.
  void Bytes(std::string_view value) {
    ++size_;
    bytes_.Append(value.data(), value.size());
    offsets_.Append(static_cast<int64_t>(bytes_.size()));
  }
  // An array of what was written to its elements since the row before.
  void EndArray() {
    ++size_;
    offsets_.Append(children_.front().size());
  }
  // A struct of what was written to its fields. REQUIRES: one value each.
  void EndStruct() { ++size_; }

  ColumnWriter& elements() { return children_.front(); }
  ColumnWriter& field(int i) { return children_[static_cast<size_t>(i)]; }

  // Forgets all rows but the first `size`, and what was written to children for a row that did not
  // come to its end. REQUIRES: size <= size().
  void Truncate(int64_t size);

  // The rows; the writer is empty then.
  Column Finish();

 private:
  void GrowBits() {
    if ((size_ & 63) == 1) bits_.Append(0);
  }
  // Sets the bits of so many rows, as far as there are none yet.
  void FillValid(int64_t size);

  DataType type_;
  int64_t size_ = 0;
  bool nulls_ = false;             // there is one, or there was
  BufferBuilder<uint64_t> valid_;  // words up to the last null; bits behind it are set
  BufferBuilder<uint64_t> bits_;
  BufferBuilder<char> fixed_;  // values, one after the other
  BufferBuilder<int64_t> offsets_;
  BufferBuilder<char> bytes_;
  std::vector<ColumnWriter> children_;  // the elements, the fields
};

}  // namespace wavetank::runtime

#endif  // WAVETANK_RUNTIME_CONNECTORS_FORMATS_COLUMN_WRITER_H_
