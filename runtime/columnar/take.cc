#include "runtime/columnar/take.h"

#include <bit>
#include <cstring>
#include <utility>

#include "platform/check.h"

namespace wavetank::runtime {
namespace {

Buffer TakeBits(const uint64_t* bits, std::span<const uint32_t> rows) {
  const auto words = static_cast<size_t>(BitWords(static_cast<int64_t>(rows.size())));
  BufferBuilder<uint64_t> taken(words);
  for (size_t word = 0; word < words; ++word) {
    const size_t begin = word * 64;
    const size_t end = std::min(begin + 64, rows.size());
    uint64_t packed = 0;
    for (size_t i = begin; i < end; ++i) {
      packed |= uint64_t{BitAt(bits, rows[i])} << (i - begin);
    }
    taken.Append(packed);
  }
  return taken.Finish();
}

template <typename T>
Buffer TakeValues(const T* values, std::span<const uint32_t> rows) {
  BufferBuilder<T> taken(rows.size());
  for (size_t i = 0; i < rows.size(); ++i) taken.data()[i] = values[rows[i]];
  taken.SetSize(rows.size());
  return taken.Finish();
}

}  // namespace

RowNumbers TrueRows(const Column& condition) {
  WT_CHECK(condition.type() == DataType::kBool);
  const int64_t size = condition.size();
  RowNumbers rows(static_cast<size_t>(size));
  const uint64_t* const bits = condition.bits();
  const uint64_t* const validity = condition.validity();
  for (int64_t word = 0; word < BitWords(size); ++word) {
    uint64_t set = bits[word];
    if (validity != nullptr) set &= validity[word];
    if (word == size / 64) set &= (uint64_t{1} << (size & 63)) - 1;
    for (; set != 0; set &= set - 1) {
      rows.data()[rows.size()] = static_cast<uint32_t>(word * 64 + std::countr_zero(set));
      rows.SetSize(rows.size() + 1);
    }
  }
  return rows;
}

Column Take(const Column& column, std::span<const uint32_t> rows) {
  const auto size = static_cast<int64_t>(rows.size());
  Buffer validity;
  if (column.null_count() != 0) validity = TakeBits(column.validity(), rows);
  switch (column.type().layout()) {
    case Layout::kBits:
      return Column(column.type(), size, TakeBits(column.bits(), rows), std::move(validity));
    case Layout::kBytes: {
      const int64_t* const from = column.offsets();
      BufferBuilder<int64_t> offsets(rows.size() + 1);
      int64_t length = 0;
      offsets.Append(0);
      for (const uint32_t row : rows) {
        length += from[row + 1] - from[row];
        offsets.Append(length);
      }
      BufferBuilder<char> bytes(static_cast<size_t>(length));
      for (const uint32_t row : rows) {
        bytes.Append(column.bytes() + from[row], static_cast<size_t>(from[row + 1] - from[row]));
      }
      return Column(size, offsets.Finish(), bytes.Finish(), std::move(validity), column.type());
    }
    case Layout::kList: {
      const int64_t* const from = column.offsets();
      BufferBuilder<int64_t> offsets(rows.size() + 1);
      RowNumbers elements;
      offsets.Append(0);
      for (const uint32_t row : rows) {
        for (int64_t element = from[row]; element < from[row + 1]; ++element) {
          elements.Append(static_cast<uint32_t>(element));
        }
        offsets.Append(static_cast<int64_t>(elements.size()));
      }
      return Column(offsets.Finish(), Take(column.elements(), Numbers(elements)),
                    std::move(validity));
    }
    case Layout::kStruct: {
      std::vector<Column> fields;
      for (int i = 0; i < static_cast<int>(column.type().children().size()); ++i) {
        fields.push_back(Take(column.field(i), rows));
      }
      return Column(column.type(), size, std::move(fields), std::move(validity));
    }
    case Layout::kFixed: {
      Buffer values = WithWidth(column.type().width(), [&]<typename T>(T) {
        return TakeValues(column.values<T>(), rows);
      });
      return Column(column.type(), size, std::move(values), std::move(validity));
    }
  }
  WT_CHECK(false, "no such layout");
}

RecordBatch Take(const RecordBatch& batch, std::span<const uint32_t> rows) {
  std::vector<Column> columns;
  columns.reserve(batch.columns().size());
  for (const Column& column : batch.columns()) columns.push_back(Take(column, rows));
  return RecordBatch(batch.schema_ptr(), std::move(columns), static_cast<int64_t>(rows.size()));
}

}  // namespace wavetank::runtime
