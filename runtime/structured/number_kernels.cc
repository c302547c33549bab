#include <limits>
#include <utility>

#include "platform/check.h"
#include "runtime/structured/kernels.h"

namespace wavetank::runtime {
namespace {

// `value(row)` for each row.
template <typename T, typename F>
Buffer Values(int64_t rows, F value) {
  BufferBuilder<T> values(static_cast<size_t>(rows));
  for (int64_t row = 0; row < rows; ++row) values.data()[row] = value(row);
  values.SetSize(static_cast<size_t>(rows));
  return values.Finish();
}

// `value(row, &result)` for each row that has no null operand; false makes it null.
template <typename T, typename F>
Column ValuesOrNull(DataType type, int64_t rows, const Buffer& validity, F value) {
  BufferBuilder<T> values(static_cast<size_t>(rows));
  ValidityBuilder valid;
  const uint64_t* const bits = validity.empty() ? nullptr : validity.data<uint64_t>();
  for (int64_t row = 0; row < rows; ++row) {
    T result{};
    const bool given = (bits == nullptr || BitAt(bits, row)) && value(row, &result);
    values.Append(given ? result : T{});
    valid.Append(given);
  }
  return Column(type, rows, values.Finish(), valid.Finish(rows));
}

Buffer IntArithmetic(Operator op, const Operand& a, const Operand& b, int64_t rows) {
  // Unsigned, since signed overflow is undefined; int64 wraps around.
  const auto* const x = reinterpret_cast<const uint64_t*>(a.column.int64s());
  const auto* const y = reinterpret_cast<const uint64_t*>(b.column.int64s());
  const int64_t dx = a.stride();
  const int64_t dy = b.stride();
  switch (op) {
    case Operator::kAdd:
      return Values<uint64_t>(rows, [=](int64_t row) { return x[row * dx] + y[row * dy]; });
    case Operator::kSubtract:
      return Values<uint64_t>(rows, [=](int64_t row) { return x[row * dx] - y[row * dy]; });
    case Operator::kMultiply:
      return Values<uint64_t>(rows, [=](int64_t row) { return x[row * dx] * y[row * dy]; });
    default:
      WT_CHECK(false, "no int64 arithmetic");
  }
}

Buffer DoubleArithmetic(Operator op, const Operand& a, const Operand& b, int64_t rows) {
  const double* const x = a.column.doubles();
  const double* const y = b.column.doubles();
  const int64_t dx = a.stride();
  const int64_t dy = b.stride();
  switch (op) {
    case Operator::kAdd:
      return Values<double>(rows, [=](int64_t row) { return x[row * dx] + y[row * dy]; });
    case Operator::kSubtract:
      return Values<double>(rows, [=](int64_t row) { return x[row * dx] - y[row * dy]; });
    case Operator::kMultiply:
      return Values<double>(rows, [=](int64_t row) { return x[row * dx] * y[row * dy]; });
    default:
      WT_CHECK(false, "no double arithmetic");
  }
}

}  // namespace

Column ArithmeticKernel(Operator op, const Operand& a, const Operand& b, int64_t rows) {
  WT_CHECK(a.column.type() == b.column.type());
  const DataType type = a.column.type();
  Buffer validity = CombinedValidity({&a, &b}, rows);
  const int64_t dx = a.stride();
  const int64_t dy = b.stride();
  if (op == Operator::kDivide) {
    return ValuesOrNull<double>(
        type, rows, validity,
        [&, x = a.column.doubles(), y = b.column.doubles()](int64_t row, double* result) {
          if (y[row * dy] == 0) return false;
          *result = x[row * dx] / y[row * dy];
          return true;
        });
  }
  if (op == Operator::kRemainder) {
    return ValuesOrNull<int64_t>(
        type, rows, validity,
        [&, x = a.column.int64s(), y = b.column.int64s()](int64_t row, int64_t* result) {
          const int64_t divisor = y[row * dy];
          if (divisor == 0) return false;
          *result = divisor == -1 ? 0 : x[row * dx] % divisor;  // -1 would trap on the least int64
          return true;
        });
  }
  Buffer values =
      type == DataType::kDouble ? DoubleArithmetic(op, a, b, rows) : IntArithmetic(op, a, b, rows);
  return Column(type, rows, std::move(values), std::move(validity));
}

Column NegateKernel(const Operand& a, int64_t rows) {
  const int64_t stride = a.stride();
  Buffer values;
  if (a.column.type() == DataType::kDouble) {
    values =
        Values<double>(rows, [=, x = a.column.doubles()](int64_t row) { return -x[row * stride]; });
  } else {
    values = Values<uint64_t>(rows, [=, x = a.column.int64s()](int64_t row) {
      return uint64_t{0} - static_cast<uint64_t>(x[row * stride]);
    });
  }
  return Column(a.column.type(), rows, std::move(values), CombinedValidity({&a}, rows));
}

Column WindowStartKernel(const Operand& time, int64_t size_micros, int64_t rows) {
  WT_CHECK(size_micros > 0);
  const int64_t* const times = time.column.int64s();
  return ValuesOrNull<int64_t>(DataType::kTimestamp, rows, CombinedValidity({&time}, rows),
                               [&](int64_t row, int64_t* start) {
                                 const int64_t at = times[row * time.stride()];
                                 int64_t into = at % size_micros;
                                 if (into < 0) into += size_micros;
                                 return !__builtin_sub_overflow(at, into, start);
                               });
}

Column WindowEndKernel(const Operand& start, int64_t size_micros, int64_t rows) {
  const int64_t* const starts = start.column.int64s();
  Buffer ends = Values<int64_t>(rows, [&](int64_t row) {
    int64_t end = 0;
    const bool beyond = __builtin_add_overflow(starts[row * start.stride()], size_micros, &end);
    return beyond ? std::numeric_limits<int64_t>::max() : end;
  });
  return Column(DataType::kTimestamp, rows, std::move(ends), CombinedValidity({&start}, rows));
}

}  // namespace wavetank::runtime
