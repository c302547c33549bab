// Arithmetic: integers wrap around, division is of doubles, by zero gives null.
#include <cmath>
#include <type_traits>
#include <utility>

#include "platform/check.h"
#include "runtime/functions/groups.h"
#include "runtime/functions/kernels.h"
#include "runtime/functions/rounding.h"

namespace wavetank::runtime {
namespace {

// What numbers are computed in: integers as unsigned ones, whose overflow is defined, at least as
// wide as int, so that none is widened to it; their lower bytes are the result.
template <typename T>
using ComputedIn = std::conditional_t<std::is_floating_point_v<T>, T,
                                      std::conditional_t<sizeof(T) == 8, uint64_t, uint32_t>>;

template <typename Combine>
Kernel ArithmeticKernel(Combine combine) {
  return [combine](const KernelCall& call) {
    const Operand& a = call.operands[0];
    const Operand& b = call.operands[1];
    WT_CHECK(a.column.type() == b.column.type());
    Buffer values = WithValueType(call.type, [&]<typename T>(T) {
      using C = ComputedIn<T>;
      return Values<T>(call.rows, [combine, x = a.column.values<T>(), y = b.column.values<T>(),
                                   dx = a.stride(), dy = b.stride()](int64_t row) {
        return static_cast<T>(combine(static_cast<C>(x[row * dx]), static_cast<C>(y[row * dy])));
      });
    });
    return Column(call.type, call.rows, std::move(values),
                  CombinedValidity(call.operands, call.rows));
  };
}

Column DivideKernel(const KernelCall& call) {
  const Operand& a = call.operands[0];
  const Operand& b = call.operands[1];
  return ValuesOrNull<double>(
      call.type, call.rows, CombinedValidity(call.operands, call.rows),
      [&, x = a.column.doubles(), y = b.column.doubles()](int64_t row, double* result) {
        if (y[row * b.stride()] == 0) return false;
        *result = x[row * a.stride()] / y[row * b.stride()];
        return true;
      });
}

template <typename T>
T Remainder(T a, T divisor) {
  if constexpr (std::is_floating_point_v<T>) {
    return std::fmod(a, divisor);
  } else {
    // The least integer by -1 would trap.
    return divisor == -1 ? T{0} : static_cast<T>(a % divisor);
  }
}

Column RemainderKernel(const KernelCall& call) {
  const Operand& a = call.operands[0];
  const Operand& b = call.operands[1];
  return WithValueType(call.type, [&]<typename T>(T) {
    return ValuesOrNull<T>(
        call.type, call.rows, CombinedValidity(call.operands, call.rows),
        [&, x = a.column.values<T>(), y = b.column.values<T>()](int64_t row, T* result) {
          const T divisor = y[row * b.stride()];
          if (divisor == 0) return false;
          *result = Remainder(x[row * a.stride()], divisor);
          return true;
        });
  });
}

// `compute(a)` of each number.
template <typename Compute>
Kernel UnaryKernel(Compute compute) {
  return [compute](const KernelCall& call) {
    const Operand& a = call.operands[0];
    Buffer values = WithValueType(call.type, [&]<typename T>(T) {
      return Values<T>(call.rows, [compute, x = a.column.values<T>(), stride = a.stride()](
                                      int64_t row) { return compute(x[row * stride]); });
    });
    return Column(call.type, call.rows, std::move(values),
                  CombinedValidity(call.operands, call.rows));
  };
}

template <typename T>
T Negated(T value) {
  if constexpr (std::is_floating_point_v<T>) {
    return -value;
  } else {
    using C = ComputedIn<T>;
    return static_cast<T>(C{0} - static_cast<C>(value));
  }
}

template <typename T>
T Absolute(T value) {
  if constexpr (std::is_floating_point_v<T>) {
    return std::fabs(value);
  } else {
    return value < 0 ? Negated(value) : value;
  }
}

Column RoundKernel(const KernelCall& call) {
  const Operand& a = call.operands[0];
  const int64_t scale = call.operands.size() < 2 ? 0 : Int64At(call.operands[1], 0);
  Buffer values = WithValueType(call.type, [&]<typename T>(T) {
    return Values<T>(call.rows, [scale, x = a.column.values<T>(), stride = a.stride()](
                                    int64_t row) { return RoundedHalfUp(x[row * stride], scale); });
  });
  return Column(call.type, call.rows, std::move(values),
                CombinedValidity(call.operands.first(1), call.rows));
}

Function Arithmetic(std::string sign, Accepts accepts, Kernel kernel, std::string help,
                    const char* gives) {
  Function function;
  function.name = sign;
  function.parameters = {{"a", accepts, 'T'}, {"b", accepts, 'T'}};
  function.result = GivesTypeOf(0);
  function.sign = std::move(sign);
  function.kernel = std::move(kernel);
  function.help = std::move(help);
  function.examples = {{.arguments = {7, 2}, .gives = gives}};
  return function;
}

}  // namespace

void AddNumberFunctions(std::vector<Function>& functions) {
  functions.push_back(Arithmetic("+", Accepts::kNumber,
                                 ArithmeticKernel([](auto a, auto b) { return a + b; }), "the sum",
                                 "9"));
  functions.push_back(Arithmetic("-", Accepts::kNumber,
                                 ArithmeticKernel([](auto a, auto b) { return a - b; }),
                                 "the difference", "5"));
  functions.push_back(Arithmetic("*", Accepts::kNumber,
                                 ArithmeticKernel([](auto a, auto b) { return a * b; }),
                                 "the product", "14"));
  functions.push_back(Arithmetic("/", Accepts::kDouble, DivideKernel,
                                 "the quotient, a double; null if b is 0", "3.5"));
  functions.back().result = Gives(DataType::kDouble);
  functions.back().nulls = Nulls::kOfArgumentsToo;
  functions.push_back(Arithmetic("%", Accepts::kNumber, RemainderKernel,
                                 "the remainder, with a's sign; null if b is 0", "1"));
  functions.back().nulls = Nulls::kOfArgumentsToo;
  functions.push_back({.name = "negate",
                       .parameters = {{"number", Accepts::kNumber}},
                       .result = GivesTypeOf(0),
                       .kernel = UnaryKernel([](auto a) { return Negated(a); }),
                       .help = "-number",
                       .examples = {{.arguments = {7}, .gives = "-7"}}});
  functions.push_back({.name = "abs",
                       .parameters = {{"number", Accepts::kNumber}},
                       .result = GivesTypeOf(0),
                       .kernel = UnaryKernel([](auto a) { return Absolute(a); }),
                       .help = "without its sign; the least integer is its own",
                       .examples = {{.arguments = {-7}, .gives = "7"}}});
  functions.push_back(
      {.name = "round",
       .parameters = {{"number", Accepts::kNumber}, {"scale", Accepts::kInt64, '\0', true}},
       .optional = 1,
       .result = GivesTypeOf(0),
       .refuses =
           [](const CallArguments& arguments) {
             const std::span<const Value> literals = arguments.literals;
             const bool null =
                 literals.size() > 1 && std::holds_alternative<std::monostate>(literals[1]);
             return null ? "the scale is null" : "";
           },
       .kernel = RoundKernel,
       .help = "with `scale` digits behind the point (none unless given; negative: before it), "
               "half away from zero; integers wrap around",
       .examples = {{.arguments = {2.675, 2}, .gives = "2.68"},
                    {.arguments = {-2.5}, .gives = "-3"},
                    {.arguments = {1250, -2}, .gives = "1300"}}});
}

}  // namespace wavetank::runtime
