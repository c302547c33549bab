// Kernels of functions that are computed a row at a time, and short entries of functions.
#ifndef WAVETANK_RUNTIME_FUNCTIONS_ROW_KERNELS_H_
#define WAVETANK_RUNTIME_FUNCTIONS_ROW_KERNELS_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "runtime/functions/kernels.h"

namespace wavetank::runtime {

// Longer texts are not made: the result is null.
inline constexpr int64_t kMostTextMade = int64_t{1} << 20;

// The arguments of a row, none of which is null.
class RowArguments {
 public:
  RowArguments(const KernelCall& call, int64_t row) : call_(call), row_(row) {}

  size_t size() const { return call_.operands.size(); }
  std::string_view text(size_t i) const { return TextAt(call_.operands[i], row_); }
  int64_t int64(size_t i) const { return Int64At(call_.operands[i], row_); }
  double real(size_t i) const { return column(i).doubles()[at(i)]; }
  bool truth(size_t i) const { return column(i).BoolAt(at(i)); }
  int32_t days(size_t i) const { return column(i).values<int32_t>()[at(i)]; }
  const Column& column(size_t i) const { return call_.operands[i].column; }
  int64_t at(size_t i) const { return row_ * call_.operands[i].stride(); }

 private:
  const KernelCall& call_;
  const int64_t row_;
};

// `compute(arguments, &result)` where no argument is null; false makes it null.
template <typename T, typename F>
Kernel RowKernel(F compute) {
  return [compute](const KernelCall& call) {
    return ValuesOrNull<T>(
        call.type, call.rows, CombinedValidity(call.operands, call.rows),
        [&](int64_t row, T* result) { return compute(RowArguments(call, row), result); });
  };
}

// The same, of bools.
template <typename F>
Kernel TruthKernel(F compute) {
  return [compute](const KernelCall& call) {
    Buffer validity = CombinedValidity(call.operands, call.rows);
    const uint64_t* const valid = validity.empty() ? nullptr : validity.data<uint64_t>();
    Buffer bits = PackBits(call.rows, [&](int64_t row) {
      return (valid == nullptr || BitAt(valid, row)) && compute(RowArguments(call, row));
    });
    return Column(call.type, call.rows, std::move(bits), std::move(validity));
  };
}

// The same, of texts and binary values.
template <typename F>
Kernel TextKernel(F compute) {
  return [compute](const KernelCall& call) {
    const Buffer validity = CombinedValidity(call.operands, call.rows);
    const uint64_t* const valid = validity.empty() ? nullptr : validity.data<uint64_t>();
    ColumnBuilder builder(call.type);
    std::string made;
    for (int64_t row = 0; row < call.rows; ++row) {
      made.clear();
      const bool given =
          (valid == nullptr || BitAt(valid, row)) && compute(RowArguments(call, row), &made);
      given ? builder.String(made) : builder.Null();
    }
    return builder.Finish();
  };
}

struct Entry {
  std::string name;
  std::vector<Parameter> parameters;
  ResultType result;
  Kernel kernel;
  std::string help;
  std::vector<Example> examples;
  // Whether it is null only where an argument is.
  bool always = false;
  int optional = 0;
};

inline void AddAll(std::vector<Entry> entries, std::vector<Function>& functions) {
  for (Entry& entry : entries) {
    functions.push_back({.name = std::move(entry.name),
                         .parameters = std::move(entry.parameters),
                         .optional = entry.optional,
                         .result = std::move(entry.result),
                         .nulls = entry.always ? Nulls::kOfArguments : Nulls::kOfArgumentsToo,
                         .kernel = std::move(entry.kernel),
                         .help = std::move(entry.help),
                         .examples = std::move(entry.examples)});
  }
}

}  // namespace wavetank::runtime

#endif  // WAVETANK_RUNTIME_FUNCTIONS_ROW_KERNELS_H_
