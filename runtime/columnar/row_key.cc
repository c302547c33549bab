#include "runtime/columnar/row_key.h"

#include <xxhash.h>

#include <bit>
#include <cmath>
#include <cstring>
#include <limits>
#include <utility>

#include "platform/check.h"
#include "platform/random.h"

namespace wavetank::runtime {
namespace {

// Bytes that a value of this row takes after the null flag.
size_t ValueBytes(const Column& column, int64_t row) {
  switch (column.type().kind()) {
    case DataType::kBool:
      return 1;
    case DataType::kString:
      return sizeof(uint32_t) + column.StringAt(row).size();
    default:
      return sizeof(int64_t);
  }
}

char* PutValue(const Column& column, int64_t row, char* to) {
  switch (column.type().kind()) {
    case DataType::kBool:
      *to = column.BoolAt(row) ? 1 : 0;
      return to + 1;
    case DataType::kString: {
      const std::string_view text = column.StringAt(row);
      const auto length = static_cast<uint32_t>(text.size());
      std::memcpy(to, &length, sizeof length);
      if (!text.empty()) std::memcpy(to + sizeof length, text.data(), text.size());
      return to + sizeof length + text.size();
    }
    default:
      std::memcpy(to, column.int64s() + row, sizeof(int64_t));
      return to + sizeof(int64_t);
  }
}

// Reads one value off the front of `rest`: its bytes, or null. False: it is not there.
bool TakeValue(const DataType& type, std::string_view& rest,
               std::optional<std::string_view>* value) {
  value->reset();
  if (rest.empty()) return false;
  const char flag = rest.front();
  rest.remove_prefix(1);
  if (flag == 0) return true;
  if (flag != 1) return false;
  size_t length = type == DataType::kBool ? 1 : sizeof(int64_t);
  if (type == DataType::kString) {
    uint32_t prefix;
    if (rest.size() < sizeof prefix) return false;
    std::memcpy(&prefix, rest.data(), sizeof prefix);
    rest.remove_prefix(sizeof prefix);
    length = prefix;
  }
  if (rest.size() < length) return false;
  *value = rest.substr(0, length);
  rest.remove_prefix(length);
  return true;
}

int64_t WordOf(std::string_view value) {
  int64_t word = 0;
  std::memcpy(&word, value.data(), value.size());
  return word;
}

void AppendValue(const DataType& type, std::optional<std::string_view> value,
                 ColumnBuilder& builder) {
  if (!value) {
    builder.Null();
  } else if (type == DataType::kString) {
    builder.String(*value);
  } else if (type == DataType::kBool) {
    builder.Bool(WordOf(*value) != 0);
  } else if (type == DataType::kDouble) {
    builder.Double(std::bit_cast<double>(WordOf(*value)));
  } else {
    builder.Int64(WordOf(*value));
  }
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

}  // namespace

BufferBuilder<uint64_t> HashRows(const std::vector<Column>& columns, int64_t rows) {
  BufferBuilder<uint64_t> hashes;
  hashes.AppendRepeated(static_cast<size_t>(rows), 0);
  for (const Column& column : columns) {
    switch (column.type().kind()) {
      case DataType::kString:
        HashColumn(column, hashes, [&](int64_t row) { return column.StringAt(row); });
        break;
      case DataType::kBool:
        HashColumn(column, hashes, [&](int64_t row) {
          return std::string_view(column.BoolAt(row) ? "\1" : "\0", 1);
        });
        break;
      default:
        HashColumn(column, hashes, [&](int64_t row) {
          return std::string_view(reinterpret_cast<const char*>(column.int64s() + row),
                                  sizeof(int64_t));
        });
        break;
    }
  }
  return hashes;
}

Column EncodeRowKeys(const std::vector<Column>& columns, int64_t rows) {
  BufferBuilder<int64_t> offsets(static_cast<size_t>(rows) + 1);
  offsets.Append(0);
  int64_t length = 0;
  for (int64_t row = 0; row < rows; ++row) {
    for (const Column& column : columns) {
      length += 1;
      if (!column.IsNull(row)) length += static_cast<int64_t>(ValueBytes(column, row));
    }
    offsets.Append(length);
  }
  BufferBuilder<char> bytes(static_cast<size_t>(length));
  char* to = bytes.data();
  for (int64_t row = 0; row < rows; ++row) {
    for (const Column& column : columns) {
      const bool null = column.IsNull(row);
      *to++ = null ? 0 : 1;
      if (!null) to = PutValue(column, row, to);
    }
  }
  bytes.SetSize(static_cast<size_t>(length));
  return Column(rows, offsets.Finish(), bytes.Finish(), Buffer());
}

absl::StatusOr<std::vector<Column>> DecodeRowKeys(const Column& keys,
                                                  const std::vector<DataType>& types) {
  WT_CHECK(keys.type() == DataType::kString);
  std::vector<ColumnBuilder> builders;
  builders.reserve(types.size());
  for (const DataType& type : types) builders.emplace_back(type);
  for (int64_t row = 0; row < keys.size(); ++row) {
    std::string_view rest = keys.StringAt(row);
    for (size_t i = 0; i < types.size(); ++i) {
      std::optional<std::string_view> value;
      if (!TakeValue(types[i], rest, &value)) {
        return absl::DataLossError("a state row of other columns than the query's");
      }
      AppendValue(types[i], value, builders[i]);
    }
    if (!rest.empty()) return absl::DataLossError("a state row of more columns than the query's");
  }
  std::vector<Column> columns;
  columns.reserve(builders.size());
  for (ColumnBuilder& builder : builders) columns.push_back(builder.Finish());
  return columns;
}

bool RowKeyInt64(std::string_view key, const std::vector<DataType>& types, int index,
                 std::optional<int64_t>* value) {
  std::optional<std::string_view> taken;
  for (int i = 0; i <= index; ++i) {
    if (!TakeValue(types[static_cast<size_t>(i)], key, &taken)) return false;
  }
  value->reset();
  if (taken) *value = WordOf(*taken);
  return true;
}

Column NormaliseKey(const Column& column) {
  if (column.type() != DataType::kDouble) return column;
  const auto rows = static_cast<size_t>(column.size());
  BufferBuilder<double> values(rows);
  for (size_t row = 0; row < rows; ++row) {
    const double value = column.doubles()[row];
    values.Append(std::isnan(value) ? std::numeric_limits<double>::quiet_NaN()
                  : value == 0      ? 0.0
                                    : value);
  }
  return Column(DataType::kDouble, column.size(), values.Finish(), column.validity_buffer());
}

}  // namespace wavetank::runtime
