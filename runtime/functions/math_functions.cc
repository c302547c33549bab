// Functions of real numbers that IEEE 754 says exactly, and of integers. (Others, such as exp, are
// not: what a library gives differs from one version to the next.)
#include <cmath>
#include <numbers>
#include <utility>

#include "runtime/functions/groups.h"
#include "runtime/functions/row_kernels.h"

namespace wavetank::runtime {
namespace {

Entry OfReal(const char* name, double (*compute)(double), const char* help, ExampleTerm of,
             const char* gives) {
  return {.name = name,
          .parameters = {{"number", Accepts::kDouble}},
          .result = Gives(DataType::kDouble),
          .kernel = RowKernel<double>([compute](const RowArguments& a, double* result) {
            *result = compute(a.real(0));
            return true;
          }),
          .help = help,
          .examples = {{.arguments = {std::move(of)}, .gives = gives},
                       {.arguments = {ExampleTerm::Null(DataType::kDouble)}, .gives = "null"}},
          .always = true};
}

Entry Constant(const char* name, double value, const char* help, const char* gives) {
  return {.name = name,
          .parameters = {},
          .result = Gives(DataType::kDouble),
          .kernel = RowKernel<double>([value](const RowArguments&, double* result) {
            *result = value;
            return true;
          }),
          .help = help,
          .examples = {{.arguments = {}, .gives = gives}},
          .always = true};
}

// Up or down to a whole number, which int64 holds or the result is null.
Entry Whole(const char* name, double (*compute)(double), const char* help, const char* gives) {
  return {
      .name = name,
      .parameters = {{"number", Accepts::kDouble}},
      .result = Gives(DataType::kInt64),
      .kernel = RowKernel<int64_t>([compute](const RowArguments& a, int64_t* result) {
        const double whole = compute(a.real(0));
        if (!(whole >= -0x1p63 && whole < 0x1p63)) return false;
        *result = static_cast<int64_t>(whole);
        return true;
      }),
      .help = help,
      .examples = {{.arguments = {-2.5}, .gives = gives}, {.arguments = {1e300}, .gives = "null"}}};
}

Entry OfIntegers(const char* name, bool (*compute)(int64_t, int64_t, int64_t*), const char* help,
                 std::vector<Example> examples) {
  return {.name = name,
          .parameters = {{"a", Accepts::kInt64}, {"b", Accepts::kInt64}},
          .result = Gives(DataType::kInt64),
          .kernel = RowKernel<int64_t>([compute](const RowArguments& a, int64_t* result) {
            return compute(a.int64(0), a.int64(1), result);
          }),
          .help = help,
          .examples = std::move(examples)};
}

bool Divide(int64_t a, int64_t b, int64_t* result) {
  if (b == 0) return false;
  // The least integer by -1 wraps around.
  *result = b == -1 ? static_cast<int64_t>(uint64_t{0} - static_cast<uint64_t>(a)) : a / b;
  return true;
}

bool PositiveRemainder(int64_t a, int64_t b, int64_t* result) {
  if (b == 0) return false;
  const int64_t rest = b == -1 ? 0 : a % b;
  *result = rest < 0 ? static_cast<int64_t>((static_cast<__int128>(rest) + b) % b) : rest;
  return true;
}

bool TryAdd(int64_t a, int64_t b, int64_t* result) { return !__builtin_add_overflow(a, b, result); }
bool TrySubtract(int64_t a, int64_t b, int64_t* result) {
  return !__builtin_sub_overflow(a, b, result);
}
bool TryMultiply(int64_t a, int64_t b, int64_t* result) {
  return !__builtin_mul_overflow(a, b, result);
}
bool TryRemainder(int64_t a, int64_t b, int64_t* result) {
  if (b == 0) return false;
  *result = b == -1 ? 0 : a % b;
  return true;
}

bool Factorial(const RowArguments& a, int64_t* result) {
  if (a.int64(0) < 0 || a.int64(0) > 20) return false;
  *result = 1;
  for (int64_t i = 2; i <= a.int64(0); ++i) *result *= i;
  return true;
}

double Sign(double x) { return x > 0 ? 1 : x < 0 ? -1 : x; }
double ToDegrees(double x) { return x * 180 / std::numbers::pi; }
double ToRadians(double x) { return x * std::numbers::pi / 180; }

}  // namespace

void AddMathFunctions(std::vector<Function>& functions) {
  const ExampleTerm most = ExampleTerm::Of(INT64_MAX);
  const ExampleTerm least = ExampleTerm::Of(INT64_MIN);
  AddAll(
      {OfReal("sqrt", std::sqrt, "its square root; NaN below 0", 9.0, "3"),
       OfReal("degrees", ToDegrees, "an angle in radians, in degrees", 0.0, "0"),
       OfReal("radians", ToRadians, "an angle in degrees, in radians", 0.0, "0"),
       OfReal("rint", std::nearbyint, "the nearest whole number, of two the even one", 2.5, "2"),
       OfReal("signum", Sign, "-1, 0 or 1, as it is below, at or above 0", -2.5, "-1"),
       Constant("e", std::numbers::e, "Euler's number", "2.718281828459045"),
       Constant("pi", std::numbers::pi, "half the circumference of the unit circle",
                "3.141592653589793"),
       Whole("ceil", std::ceil, "the least whole number not below it; null beyond int64", "-2"),
       Whole("floor", std::floor, "the greatest whole number not above it; null beyond int64",
             "-3"),
       {.name = "factorial",
        .parameters = {{"number", Accepts::kInt64}},
        .result = Gives(DataType::kInt64),
        .kernel = RowKernel<int64_t>(Factorial),
        .help = "the product of 1 to it; null below 0 and above 20",
        .examples = {{.arguments = {5}, .gives = "120"},
                     {.arguments = {20}, .gives = "2432902008176640000"},
                     {.arguments = {21}, .gives = "null"}}},
       OfIntegers("div", Divide, "the whole part of the quotient; null if b is 0",
                  {{.arguments = {-7, 2}, .gives = "-3"},
                   {.arguments = {7, 0}, .gives = "null"},
                   {.arguments = {least, -1}, .gives = "-9223372036854775808"}}),
       OfIntegers("pmod", PositiveRemainder, "the remainder that has b's sign; null if b is 0",
                  {{.arguments = {-7, 3}, .gives = "2"}, {.arguments = {7, 0}, .gives = "null"}}),
       OfIntegers("try_add", TryAdd, "the sum; null if int64 does not hold it",
                  {{.arguments = {1, 2}, .gives = "3"}, {.arguments = {most, 1}, .gives = "null"}}),
       OfIntegers(
           "try_subtract", TrySubtract, "the difference; null if int64 does not hold it",
           {{.arguments = {1, 2}, .gives = "-1"}, {.arguments = {least, 1}, .gives = "null"}}),
       OfIntegers(
           "try_multiply", TryMultiply, "the product; null if int64 does not hold it",
           {{.arguments = {6, 7}, .gives = "42"}, {.arguments = {most, 2}, .gives = "null"}}),
       OfIntegers("try_mod", TryRemainder, "the remainder, with a's sign; null if b is 0",
                  {{.arguments = {-7, 3}, .gives = "-1"}, {.arguments = {7, 0}, .gives = "null"}}),
       {.name = "try_divide",
        .parameters = {{"a", Accepts::kDouble}, {"b", Accepts::kDouble}},
        .result = Gives(DataType::kDouble),
        .kernel = RowKernel<double>([](const RowArguments& a, double* result) {
          *result = a.real(0) / a.real(1);
          return a.real(1) != 0;
        }),
        .help = "the quotient; null if b is 0",
        .examples = {{.arguments = {7, 2}, .gives = "3.5"},
                     {.arguments = {7, 0}, .gives = "null"}}}},
      functions);
}

}  // namespace wavetank::runtime
