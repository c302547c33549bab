// Arithmetic: int64 wraps around, division is of doubles, by zero gives null.
#include <cmath>
#include <utility>

#include "platform/check.h"
#include "runtime/functions/groups.h"
#include "runtime/functions/kernels.h"

namespace wavetank::runtime {
namespace {

// Unsigned, since signed overflow is undefined.
template <typename Combine>
Kernel ArithmeticKernel(Combine combine) {
  return [combine](const KernelCall& call) {
    const Operand& a = call.operands[0];
    const Operand& b = call.operands[1];
    WT_CHECK(a.column.type() == b.column.type());
    const auto with = [&]<typename T>() {
      return Values<T>(
          call.rows, [combine, x = a.column.values_buffer().data<T>(),
                      y = b.column.values_buffer().data<T>(), dx = a.stride(),
                      dy = b.stride()](int64_t row) { return combine(x[row * dx], y[row * dy]); });
    };
    Buffer values = call.type == DataType::kDouble ? with.template operator()<double>()
                                                   : with.template operator()<uint64_t>();
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

Column RemainderKernel(const KernelCall& call) {
  return ValuesOrNull<int64_t>(call.type, call.rows, CombinedValidity(call.operands, call.rows),
                               [&](int64_t row, int64_t* result) {
                                 const int64_t divisor = Int64At(call.operands[1], row);
                                 if (divisor == 0) return false;
                                 // -1 would trap on the least int64.
                                 *result =
                                     divisor == -1 ? 0 : Int64At(call.operands[0], row) % divisor;
                                 return true;
                               });
}

template <typename OfInt64, typename OfDouble>
Kernel UnaryKernel(OfInt64 of_int64, OfDouble of_double) {
  return [of_int64, of_double](const KernelCall& call) {
    const Operand& a = call.operands[0];
    const int64_t stride = a.stride();
    Buffer values;
    if (call.type == DataType::kDouble) {
      values = Values<double>(call.rows, [=, x = a.column.doubles()](int64_t row) {
        return of_double(x[row * stride]);
      });
    } else {
      values = Values<uint64_t>(
          call.rows, [=, x = a.column.int64s()](int64_t row) { return of_int64(x[row * stride]); });
    }
    return Column(call.type, call.rows, std::move(values),
                  CombinedValidity(call.operands, call.rows));
  };
}

uint64_t Negated(int64_t value) { return uint64_t{0} - static_cast<uint64_t>(value); }

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
  functions.push_back(Arithmetic("%", Accepts::kInt64, RemainderKernel,
                                 "the remainder, with a's sign; null if b is 0", "1"));
  functions.back().nulls = Nulls::kOfArgumentsToo;
  functions.push_back({.name = "negate",
                       .parameters = {{"number", Accepts::kNumber}},
                       .result = GivesTypeOf(0),
                       .kernel = UnaryKernel(Negated, [](double a) { return -a; }),
                       .help = "-number",
                       .examples = {{.arguments = {7}, .gives = "-7"}}});
  functions.push_back({.name = "abs",
                       .parameters = {{"number", Accepts::kNumber}},
                       .result = GivesTypeOf(0),
                       .kernel = UnaryKernel(
                           [](int64_t a) { return a < 0 ? Negated(a) : static_cast<uint64_t>(a); },
                           [](double a) { return std::fabs(a); }),
                       .help = "without its sign; the least int64 is its own",
                       .examples = {{.arguments = {-7}, .gives = "7"}}});
}

}  // namespace wavetank::runtime
