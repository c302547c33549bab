#include "runtime/columnar/row_key.h"

#include <xxhash.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <optional>
#include <utility>

#include "platform/check.h"
#include "platform/random.h"

namespace wavetank::runtime {
namespace {

// Of a value that has always as many; 0: strings and binary values have not.
size_t FixedBytes(const DataType& type) {
  return type.layout() == Layout::kBits ? 1 : static_cast<size_t>(type.width());
}

// Adds what a column takes of each row's key to `lengths`.
void AddLengths(const Column& column, int64_t* lengths) {
  const size_t fixed = FixedBytes(column.type());
  const uint64_t* const validity = column.validity();
  for (int64_t row = 0; row < column.size(); ++row) {
    const bool valid = validity == nullptr || BitAt(validity, row);
    const size_t bytes = fixed != 0 ? fixed : sizeof(uint32_t) + column.StringAt(row).size();
    lengths[row] += 1 + (valid ? static_cast<int64_t>(bytes) : 0);
  }
}

// Appends the column's part to each row's key, which ends at `ends[row]` so far.
// `put(row, to)` gives where a value's bytes end.
template <typename Put>
void PutColumn(const Column& column, char* bytes, int64_t* ends, Put put) {
  const uint64_t* const validity = column.validity();
  for (int64_t row = 0; row < column.size(); ++row) {
    char* to = bytes + ends[row];
    const bool valid = validity == nullptr || BitAt(validity, row);
    *to++ = valid ? 1 : 0;
    if (valid) to = put(row, to);
    ends[row] = to - bytes;
  }
}

void PutColumn(const Column& column, char* bytes, int64_t* ends) {
  switch (column.type().layout()) {
    case Layout::kBits:
      return PutColumn(column, bytes, ends, [&](int64_t row, char* to) {
        *to = column.BoolAt(row) ? 1 : 0;
        return to + 1;
      });
    case Layout::kFixed:
      return WithWidth(column.type().width(), [&]<typename T>(T) {
        PutColumn(column, bytes, ends, [values = column.values<T>()](int64_t row, char* to) {
          std::memcpy(to, values + row, sizeof(T));
          return to + sizeof(T);
        });
      });
    case Layout::kBytes:
      return PutColumn(column, bytes, ends, [&](int64_t row, char* to) {
        const std::string_view text = column.StringAt(row);
        const auto length = static_cast<uint32_t>(text.size());
        std::memcpy(to, &length, sizeof length);
        if (!text.empty()) std::memcpy(to + sizeof length, text.data(), text.size());
        return to + sizeof length + text.size();
      });
    case Layout::kList:
    case Layout::kStruct:
      break;
  }
  WT_CHECK(false, "no key: " + DataTypeName(column.type()));
}

// Reads the values of one column off the fronts of `rests`. `read(value)` takes a value's bytes,
// empty for a null, and says whether they are as many as they must be. False: they are not there.
template <typename Read>
bool TakeColumn(BufferBuilder<std::string_view>& rests, size_t width, ValidityBuilder& validity,
                const Read& read) {
  for (size_t row = 0; row < rests.size(); ++row) {
    std::string_view rest = rests[row];
    if (rest.empty()) return false;
    const char flag = rest.front();
    rest.remove_prefix(1);
    validity.Append(flag != 0);
    size_t length = 0;
    if (flag == 1) {
      length = width;
      if (width == 0) {
        uint32_t prefix;
        if (rest.size() < sizeof prefix) return false;
        std::memcpy(&prefix, rest.data(), sizeof prefix);
        rest.remove_prefix(sizeof prefix);
        length = prefix;
      }
    } else if (flag != 0) {
      return false;
    }
    if (rest.size() < length) return false;
    read(flag == 1, rest.data(), length);
    rests[row] = rest.substr(length);
  }
  return true;
}

std::optional<Column> TakeColumn(BufferBuilder<std::string_view>& rests, const DataType& type) {
  const auto rows = static_cast<int64_t>(rests.size());
  ValidityBuilder validity;
  bool there = false;
  switch (type.layout()) {
    case Layout::kBits: {
      BufferBuilder<uint64_t> bits;
      bits.AppendRepeated(static_cast<size_t>(BitWords(rows)), 0);
      int64_t row = 0;
      there = TakeColumn(rests, 1, validity, [&](bool valid, const char* value, size_t) {
        if (valid && *value != 0) SetBit(bits.data(), row);
        ++row;
      });
      if (!there) return std::nullopt;
      return Column(type, rows, bits.Finish(), validity.Finish(rows));
    }
    case Layout::kFixed:
      return WithWidth(type.width(), [&]<typename T>(T) -> std::optional<Column> {
        BufferBuilder<T> values(rests.size());
        T* to = values.data();
        there = TakeColumn(rests, sizeof(T), validity, [&](bool valid, const char* value, size_t) {
          T word{};
          if (valid) std::memcpy(&word, value, sizeof word);
          *to++ = word;
        });
        if (!there) return std::nullopt;
        values.SetSize(rests.size());
        return Column(type, rows, values.Finish(), validity.Finish(rows));
      });
    case Layout::kBytes: {
      BufferBuilder<int64_t> offsets(rests.size() + 1);
      BufferBuilder<char> bytes;
      offsets.Append(0);
      there = TakeColumn(rests, 0, validity, [&](bool, const char* value, size_t length) {
        bytes.Append(value, length);
        offsets.Append(static_cast<int64_t>(bytes.size()));
      });
      if (!there) return std::nullopt;
      return Column(rows, offsets.Finish(), bytes.Finish(), validity.Finish(rows), type);
    }
    case Layout::kList:
    case Layout::kStruct:
      break;
  }
  WT_CHECK(false, "no key: " + DataTypeName(type));
}

// How long the keys of rows without nulls are, where all are alike: of columns of one width each.
// 0: they are not.
template <typename List, typename TypeOfOne>
size_t OneLength(const List& list, const TypeOfOne& type_of) {
  size_t length = 0;
  for (const auto& one : list) {
    if (type_of(one).layout() != Layout::kFixed) return 0;
    length += 1 + FixedBytes(type_of(one));
  }
  return length;
}

// EncodeRowKeys of such columns.
Column EncodeAlike(const std::vector<Column>& columns, int64_t rows, size_t length) {
  const auto count = static_cast<size_t>(rows);
  BufferBuilder<int64_t> offsets(count + 1);
  for (size_t row = 0; row <= count; ++row) offsets[row] = static_cast<int64_t>(row * length);
  offsets.SetSize(count + 1);
  BufferBuilder<char> bytes(count * length);
  size_t at = 0;
  for (const Column& column : columns) {
    WithWidth(column.type().width(), [&]<typename T>(T) {
      const T* const values = column.values<T>();
      char* to = bytes.data() + at;
      for (size_t row = 0; row < count; ++row, to += length) {
        *to = 1;
        std::memcpy(to + 1, values + row, sizeof(T));
      }
      at += 1 + sizeof(T);
    });
  }
  bytes.SetSize(count * length);
  return Column(rows, offsets.Finish(), bytes.Finish(), Buffer());
}

// DecodeRowKeys of such keys. Nothing: some are not.
std::optional<std::vector<Column>> DecodeAlike(std::span<const std::string_view> keys,
                                               const std::vector<DataType>& types, size_t length) {
  for (const std::string_view key : keys) {
    if (key.size() != length) return std::nullopt;
  }
  std::vector<Column> columns;
  size_t at = 0;
  bool valid = true;
  for (const DataType& type : types) {
    Buffer values = WithWidth(type.width(), [&]<typename T>(T) {
      BufferBuilder<T> read(keys.size());
      for (size_t row = 0; row < keys.size(); ++row) {
        valid &= keys[row][at] == 1;
        std::memcpy(&read[row], keys[row].data() + at + 1, sizeof(T));
      }
      at += 1 + sizeof(T);
      read.SetSize(keys.size());
      return read.Finish();
    });
    columns.emplace_back(type, static_cast<int64_t>(keys.size()), std::move(values), Buffer());
  }
  if (!valid) return std::nullopt;
  return columns;
}

// Adds a column to the hashes of its rows; `bytes(row)` are a value's bytes.
template <typename F>
void HashColumn(const Column& column, BufferBuilder<uint64_t>& hashes, F bytes) {
  const uint64_t* const validity = column.validity();
  for (int64_t row = 0; row < column.size(); ++row) {
    uint64_t& hash = hashes.data()[row];
    if (validity != nullptr && !BitAt(validity, row)) {
      hash = platform::MixBits(hash + 1);
      continue;
    }
    const std::string_view value = bytes(row);
    hash = XXH3_64bits_withSeed(value.data(), value.size(), hash);
  }
}

template <typename T>
Column Normalised(const Column& column) {
  const auto rows = static_cast<size_t>(column.size());
  BufferBuilder<T> values(rows);
  for (size_t row = 0; row < rows; ++row) {
    const T value = column.values<T>()[row];
    values.Append(std::isnan(value) ? std::numeric_limits<T>::quiet_NaN()
                  : value == T{0}   ? T{0}
                                    : value);
  }
  return Column(column.type(), column.size(), values.Finish(), column.validity_buffer());
}

}  // namespace

BufferBuilder<uint64_t> HashRows(const std::vector<Column>& columns, int64_t rows) {
  BufferBuilder<uint64_t> hashes;
  hashes.AppendRepeated(static_cast<size_t>(rows), 0);
  for (const Column& column : columns) {
    switch (column.type().layout()) {
      case Layout::kBytes:
        HashColumn(column, hashes, [&](int64_t row) { return column.StringAt(row); });
        break;
      case Layout::kBits:
        HashColumn(column, hashes, [&](int64_t row) {
          return std::string_view(column.BoolAt(row) ? "\1" : "\0", 1);
        });
        break;
      case Layout::kFixed:
        WithWidth(column.type().width(), [&]<typename T>(T) {
          HashColumn(column, hashes, [values = column.values<T>()](int64_t row) {
            return std::string_view(reinterpret_cast<const char*>(values + row), sizeof(T));
          });
        });
        break;
      case Layout::kList:
      case Layout::kStruct:
        WT_CHECK(false, "no key: " + DataTypeName(column.type()));
    }
  }
  return hashes;
}

Column EncodeRowKeys(const std::vector<Column>& columns, int64_t rows) {
  const size_t alike = OneLength(columns, [](const Column& column) { return column.type(); });
  if (alike != 0 &&
      std::ranges::all_of(columns, [](const Column& column) { return column.null_count() == 0; })) {
    return EncodeAlike(columns, rows, alike);
  }
  // Each row's length behind where it begins; then where it begins and, as it grows, ends: that is
  // where the next one begins.
  BufferBuilder<int64_t> offsets(static_cast<size_t>(rows) + 1);
  offsets.AppendRepeated(static_cast<size_t>(rows) + 1, 0);
  int64_t* const lengths = offsets.data() + 1;
  for (const Column& column : columns) AddLengths(column, lengths);
  int64_t length = 0;
  for (int64_t row = 0; row < rows; ++row) length += std::exchange(lengths[row], length);
  BufferBuilder<char> bytes(static_cast<size_t>(length));
  for (const Column& column : columns) PutColumn(column, bytes.data(), lengths);
  bytes.SetSize(static_cast<size_t>(length));
  return Column(rows, offsets.Finish(), bytes.Finish(), Buffer());
}

absl::StatusOr<std::vector<Column>> DecodeRowKeys(const Column& keys,
                                                  const std::vector<DataType>& types) {
  WT_CHECK(keys.type() == DataType::kString);
  std::vector<std::string_view> rows;
  rows.reserve(static_cast<size_t>(keys.size()));
  for (int64_t row = 0; row < keys.size(); ++row) rows.push_back(keys.StringAt(row));
  return DecodeRowKeys(rows, types);
}

absl::StatusOr<std::vector<Column>> DecodeRowKeys(std::span<const std::string_view> keys,
                                                  const std::vector<DataType>& types) {
  const size_t alike = OneLength(types, [](const DataType& type) { return type; });
  if (alike != 0) {
    if (std::optional<std::vector<Column>> columns = DecodeAlike(keys, types, alike)) {
      return *std::move(columns);
    }
  }
  BufferBuilder<std::string_view> rests;
  rests.Append(keys.data(), keys.size());
  std::vector<Column> columns;
  columns.reserve(types.size());
  for (const DataType& type : types) {
    std::optional<Column> column = TakeColumn(rests, type);
    if (!column) return absl::DataLossError("a state row of other columns than the query's");
    columns.push_back(*std::move(column));
  }
  for (size_t row = 0; row < rests.size(); ++row) {
    if (!rests[row].empty()) {
      return absl::DataLossError("a state row of more columns than the query's");
    }
  }
  return columns;
}

std::vector<uint8_t> RowKeyWidths(const std::vector<DataType>& types) {
  std::vector<uint8_t> widths;
  widths.reserve(types.size());
  for (const DataType& type : types) widths.push_back(static_cast<uint8_t>(FixedBytes(type)));
  return widths;
}

std::optional<uint64_t> HashOfRowKey(std::string_view key, std::span<const uint8_t> widths) {
  uint64_t hash = 0;
  for (const uint8_t width : widths) {
    if (key.empty()) return std::nullopt;
    const bool valid = key.front() != 0;
    key.remove_prefix(1);
    if (!valid) {
      hash = platform::MixBits(hash + 1);
      continue;
    }
    size_t length = width;
    if (width == 0) {
      uint32_t prefix;
      if (key.size() < sizeof prefix) return std::nullopt;
      std::memcpy(&prefix, key.data(), sizeof prefix);
      key.remove_prefix(sizeof prefix);
      length = prefix;
    }
    if (key.size() < length) return std::nullopt;
    hash = XXH3_64bits_withSeed(key.data(), length, hash);
    key.remove_prefix(length);
  }
  return hash;
}

Column NormaliseKey(const Column& column) {
  if (column.type() == DataType::kDouble) return Normalised<double>(column);
  if (column.type() == DataType::kFloat) return Normalised<float>(column);
  return column;
}

}  // namespace wavetank::runtime
