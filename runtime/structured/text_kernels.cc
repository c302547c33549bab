#include <algorithm>
#include <cstring>
#include <utility>

#include "platform/check.h"
#include "runtime/structured/kernels.h"

namespace wavetank::runtime {
namespace {

bool StartsCodePoint(char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; }

int64_t CodePoints(std::string_view text) { return std::ranges::count_if(text, StartsCodePoint); }

// The bytes from code point `begin` up to, not including, `end`. REQUIRES: 0 <= begin <= end.
std::string_view CodePointRange(std::string_view text, int64_t begin, int64_t end) {
  int64_t point = -1;
  size_t from = text.size();
  size_t to = text.size();
  for (size_t i = 0; i < text.size(); ++i) {
    if (!StartsCodePoint(text[i])) continue;
    ++point;
    if (point == begin) from = i;
    if (point == end) {
      to = i;
      break;
    }
  }
  return from < to ? text.substr(from, to - from) : std::string_view();
}

// A string column of `text(row)`, "" where `validity` has a null.
template <typename F>
Column Texts(int64_t rows, Buffer validity, F text) {
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

std::string_view TextAt(const Operand& operand, int64_t row) {
  return operand.column.StringAt(row * operand.stride());
}

}  // namespace

Column LowerKernel(const Operand& text, int64_t rows) {
  std::string lowered;
  return Texts(rows, CombinedValidity({&text}, rows), [&](int64_t row) -> std::string_view {
    lowered = TextAt(text, row);
    for (char& c : lowered) {
      if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    }
    return lowered;
  });
}

Column TrimKernel(const Operand& text, int64_t rows) {
  return Texts(rows, CombinedValidity({&text}, rows), [&](int64_t row) {
    std::string_view value = TextAt(text, row);
    while (value.starts_with(' ')) value.remove_prefix(1);
    while (value.ends_with(' ')) value.remove_suffix(1);
    return value;
  });
}

Column LengthKernel(const Operand& text, int64_t rows) {
  BufferBuilder<int64_t> lengths(static_cast<size_t>(rows));
  for (int64_t row = 0; row < rows; ++row) lengths.Append(CodePoints(TextAt(text, row)));
  return Column(DataType::kInt64, rows, lengths.Finish(), CombinedValidity({&text}, rows));
}

// Position 1 is the first code point, 0 means the same, -1 the last; positions before the text
// count towards the length, as in Spark.
Column SubstringKernel(const Operand& text, const Operand& position, const Operand& length,
                       int64_t rows) {
  Buffer validity = CombinedValidity({&text, &position, &length}, rows);
  return Texts(rows, std::move(validity), [&](int64_t row) -> std::string_view {
    const std::string_view value = TextAt(text, row);
    const int64_t size = CodePoints(value);
    const int64_t at = position.column.Int64At(row * position.stride());
    const int64_t wanted = length.column.Int64At(row * length.stride());
    if (wanted <= 0 || at > size) return {};
    const int64_t begin = at > 0 ? at - 1 : at < 0 ? at + size : 0;
    const int64_t end = begin < 0 ? begin + wanted : begin + std::min(wanted, size - begin);
    if (end <= 0) return {};
    return CodePointRange(value, std::max<int64_t>(begin, 0), end);
  });
}

namespace {

// Where the first separator begins, in each row that has a text with one: the others become null.
template <typename F>
Column AtSeparator(const Operand& text, const Operand& separator, int64_t rows, const F& part) {
  const Buffer validity = CombinedValidity({&text, &separator}, rows);
  const uint64_t* const valid = validity.empty() ? nullptr : validity.data<uint64_t>();
  ColumnBuilder builder(DataType::kString);
  for (int64_t row = 0; row < rows; ++row) {
    const bool is_null = valid != nullptr && !BitAt(valid, row);
    const std::string_view value = is_null ? std::string_view() : TextAt(text, row);
    const std::string_view mark = is_null ? std::string_view() : TextAt(separator, row);
    const size_t at = is_null ? std::string_view::npos : value.find(mark);
    if (at == std::string_view::npos) {
      builder.Null();
    } else {
      builder.String(part(value, at, mark.size()));
    }
  }
  return builder.Finish();
}

}  // namespace

Column SubstringBeforeKernel(const Operand& text, const Operand& separator, int64_t rows) {
  return AtSeparator(text, separator, rows,
                     [](std::string_view value, size_t at, size_t) { return value.substr(0, at); });
}

Column SubstringAfterKernel(const Operand& text, const Operand& separator, int64_t rows) {
  return AtSeparator(text, separator, rows, [](std::string_view value, size_t at, size_t size) {
    return value.substr(at + size);
  });
}

}  // namespace wavetank::runtime
