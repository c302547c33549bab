// Kernels: one operator on whole columns. Types are those that the analyser lets through.
#ifndef WAVETANK_RUNTIME_STRUCTURED_KERNELS_H_
#define WAVETANK_RUNTIME_STRUCTURED_KERNELS_H_

#include <cstdint>
#include <vector>

#include "runtime/columnar/column.h"
#include "runtime/structured/expression.h"

namespace wavetank::runtime {

// A column with the kernel's number of rows, or a single row that stands for all of them.
struct Operand {
  Column column;
  bool scalar = false;

  int64_t stride() const { return scalar ? 0 : 1; }
};

// Null where any operand is null.
Buffer CombinedValidity(const std::vector<const Operand*>& operands, int64_t rows);

Column CompareKernel(Operator op, const Operand& a, const Operand& b, int64_t rows);
Column AndOrKernel(Operator op, const Operand& a, const Operand& b, int64_t rows);
Column NotKernel(const Operand& a, int64_t rows);
Column IsNullKernel(const Operand& a, int64_t rows);
Column ArithmeticKernel(Operator op, const Operand& a, const Operand& b, int64_t rows);
Column NegateKernel(const Operand& a, int64_t rows);
Column CastKernel(const Operand& a, DataType to, int64_t rows);
Column LowerKernel(const Operand& text, int64_t rows);
Column TrimKernel(const Operand& text, int64_t rows);
Column LengthKernel(const Operand& text, int64_t rows);
Column SubstringKernel(const Operand& text, const Operand& position, const Operand& length,
                       int64_t rows);
// Null where the text has no separator.
Column SubstringBeforeKernel(const Operand& text, const Operand& separator, int64_t rows);
Column SubstringAfterKernel(const Operand& text, const Operand& separator, int64_t rows);
// Null where the window would begin before the earliest timestamp.
Column WindowStartKernel(const Operand& time, int64_t size_micros, int64_t rows);
Column WindowEndKernel(const Operand& start, int64_t size_micros, int64_t rows);

}  // namespace wavetank::runtime

#endif  // WAVETANK_RUNTIME_STRUCTURED_KERNELS_H_
