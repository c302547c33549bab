#include <cmath>
#include <utility>

#include "platform/check.h"
#include "runtime/structured/kernels.h"

namespace wavetank::runtime {
namespace {

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

// Word `word` of a bitmap, of which a scalar has one bit for all rows.
uint64_t Word(const uint64_t* bits, bool scalar, size_t word) {
  return scalar ? (bits[0] & 1) != 0 ? ~uint64_t{0} : 0 : bits[word];
}

uint64_t ValidWord(const Operand& operand, size_t word) {
  const uint64_t* const validity = operand.column.validity();
  return validity == nullptr ? ~uint64_t{0} : Word(validity, operand.scalar, word);
}

// NaN equals itself and is above all else.
struct TotalOrder {
  static bool Equal(double a, double b) { return a == b || (std::isnan(a) && std::isnan(b)); }
  static bool Less(double a, double b) { return std::isnan(b) ? !std::isnan(a) : a < b; }
  template <typename T>
  static bool Equal(const T& a, const T& b) {
    return a == b;
  }
  template <typename T>
  static bool Less(const T& a, const T& b) {
    return a < b;
  }
};

template <typename Value>
Buffer CompareValues(Operator op, int64_t rows, Value a, Value b) {
  switch (op) {
    case Operator::kEqual:
      return PackBits(rows, [&](int64_t row) { return TotalOrder::Equal(a(row), b(row)); });
    case Operator::kNotEqual:
      return PackBits(rows, [&](int64_t row) { return !TotalOrder::Equal(a(row), b(row)); });
    case Operator::kLess:
      return PackBits(rows, [&](int64_t row) { return TotalOrder::Less(a(row), b(row)); });
    case Operator::kLessOrEqual:
      return PackBits(rows, [&](int64_t row) { return !TotalOrder::Less(b(row), a(row)); });
    case Operator::kGreater:
      return PackBits(rows, [&](int64_t row) { return TotalOrder::Less(b(row), a(row)); });
    case Operator::kGreaterOrEqual:
      return PackBits(rows, [&](int64_t row) { return !TotalOrder::Less(a(row), b(row)); });
    default:
      WT_CHECK(false, "no comparison");
  }
}

Buffer CompareOperands(Operator op, const Operand& a, const Operand& b, int64_t rows) {
  const auto accessor = [](const Operand& operand, auto values) {
    return [values, stride = operand.stride()](int64_t row) { return values[row * stride]; };
  };
  switch (a.column.type()) {
    case DataType::kInt64:
    case DataType::kTimestamp:
      return CompareValues(op, rows, accessor(a, a.column.int64s()),
                           accessor(b, b.column.int64s()));
    case DataType::kDouble:
      return CompareValues(op, rows, accessor(a, a.column.doubles()),
                           accessor(b, b.column.doubles()));
    case DataType::kBool: {
      const auto bit = [](const Operand& operand) {
        return [bits = operand.column.bits(), stride = operand.stride()](int64_t row) {
          return BitAt(bits, row * stride);
        };
      };
      return CompareValues(op, rows, bit(a), bit(b));
    }
    case DataType::kString: {
      const auto text = [](const Operand& operand) {
        return [&column = operand.column, stride = operand.stride()](int64_t row) {
          return column.StringAt(row * stride);
        };
      };
      return CompareValues(op, rows, text(a), text(b));
    }
  }
  WT_CHECK(false, "no such data type");
}

}  // namespace

Buffer CombinedValidity(const std::vector<const Operand*>& operands, int64_t rows) {
  bool nulls = false;
  for (const Operand* operand : operands) nulls |= operand->column.null_count() != 0;
  if (!nulls) return Buffer();
  const auto words = static_cast<size_t>(BitWords(rows));
  BufferBuilder<uint64_t> validity(words);
  for (size_t word = 0; word < words; ++word) {
    uint64_t valid = ~uint64_t{0};
    for (const Operand* operand : operands) valid &= ValidWord(*operand, word);
    validity.Append(valid);
  }
  return validity.Finish();
}

Column CompareKernel(Operator op, const Operand& a, const Operand& b, int64_t rows) {
  WT_CHECK(a.column.type() == b.column.type());
  return Column(DataType::kBool, rows, CompareOperands(op, a, b, rows),
                CombinedValidity({&a, &b}, rows));
}

Column AndOrKernel(Operator op, const Operand& a, const Operand& b, int64_t rows) {
  const bool is_and = op == Operator::kAnd;
  const auto words = static_cast<size_t>(BitWords(rows));
  BufferBuilder<uint64_t> values(words);
  BufferBuilder<uint64_t> validity(words);
  for (size_t word = 0; word < words; ++word) {
    const uint64_t valid_a = ValidWord(a, word);
    const uint64_t valid_b = ValidWord(b, word);
    const uint64_t true_a = Word(a.column.bits(), a.scalar, word) & valid_a;
    const uint64_t true_b = Word(b.column.bits(), b.scalar, word) & valid_b;
    const uint64_t false_a = valid_a & ~true_a;
    const uint64_t false_b = valid_b & ~true_b;
    const uint64_t is_true = is_and ? true_a & true_b : true_a | true_b;
    const uint64_t is_false = is_and ? false_a | false_b : false_a & false_b;
    values.Append(is_true);
    validity.Append(is_true | is_false);
  }
  return Column(DataType::kBool, rows, values.Finish(), validity.Finish());
}

Column NotKernel(const Operand& a, int64_t rows) {
  const auto words = static_cast<size_t>(BitWords(rows));
  BufferBuilder<uint64_t> values(words);
  for (size_t word = 0; word < words; ++word) {
    values.Append(~Word(a.column.bits(), a.scalar, word));
  }
  return Column(DataType::kBool, rows, values.Finish(), CombinedValidity({&a}, rows));
}

Column IsNullKernel(const Operand& a, int64_t rows) {
  const auto words = static_cast<size_t>(BitWords(rows));
  BufferBuilder<uint64_t> values(words);
  for (size_t word = 0; word < words; ++word) values.Append(~ValidWord(a, word));
  return Column(DataType::kBool, rows, values.Finish(), Buffer());
}

}  // namespace wavetank::runtime
