// Functions of real numbers that IEEE 754 does not say exactly. What the C library gives for them
// differs from one version to the next, and a batch that runs again elsewhere must not; so they are
// MPFR's, which gives the double that is nearest to the true value, at some microsecond a row.
#include "runtime/functions/real_functions.h"

#include <mpfr.h>

#include <cmath>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "runtime/functions/groups.h"
#include "runtime/functions/row_kernels.h"

namespace wavetank::runtime {
namespace {

// A number of as many bits as a double has.
class Real {
 public:
  explicit Real(double value = 0) {
    mpfr_init2(value_, std::numeric_limits<double>::digits);
    mpfr_set_d(value_, value, MPFR_RNDN);
  }
  Real(const Real&) = delete;
  Real& operator=(const Real&) = delete;
  ~Real() { mpfr_clear(value_); }
  mpfr_ptr get() { return value_; }
  void Set(double value) { mpfr_set_d(value_, value, MPFR_RNDN); }
  double ToDouble() const { return mpfr_get_d(value_, MPFR_RNDN); }

 private:
  mpfr_t value_;
};

using OfOne = int (*)(mpfr_ptr result, mpfr_srcptr of, mpfr_rnd_t round);
using OfTwo = int (*)(mpfr_ptr result, mpfr_srcptr a, mpfr_srcptr b, mpfr_rnd_t round);

// compute(a, b, work) for each row; b is a where there is one argument.
struct Work {
  Real a;
  Real b;
  Real result;

  double Of(OfOne function, double x) {
    a.Set(x);
    function(result.get(), a.get(), MPFR_RNDN);
    return result.ToDouble();
  }
  double Of(OfTwo function, double x, double y) {
    a.Set(x);
    b.Set(y);
    function(result.get(), a.get(), b.get(), MPFR_RNDN);
    return result.ToDouble();
  }
};

template <typename Compute>
Kernel RealKernel(Compute compute) {
  return [compute](const KernelCall& call) {
    Work work;
    Column column = ValuesOrNull<double>(
        DataType::kDouble, call.rows, CombinedValidity(call.operands, call.rows),
        [&](int64_t row, double* result) {
          const auto real = [&](size_t argument) {
            const Operand& operand = call.operands[argument];
            return operand.column.DoubleAt(row * operand.stride());
          };
          return compute(work, real(0), real(call.operands.size() - 1), result);
        });
    mpfr_free_cache2(MPFR_FREE_LOCAL_CACHE);  // of this thread, which may end
    return column;
  };
}

Entry One(const char* name, OfOne function, const char* help, double of, const char* gives) {
  return {.name = name,
          .parameters = {{"number", Accepts::kDouble}},
          .result = Gives(DataType::kDouble),
          .kernel = RealKernel([function](Work& work, double x, double, double* result) {
            *result = work.Of(function, x);
            return true;
          }),
          .help = help,
          .examples = {{.arguments = {of}, .gives = gives}},
          .always = true};
}

// Null up to there.
Entry Logarithm(const char* name, OfOne function, double above, const char* help, double of,
                const char* gives) {
  return {
      .name = name,
      .parameters = {{"number", Accepts::kDouble}},
      .result = Gives(DataType::kDouble),
      .kernel = RealKernel([function, above](Work& work, double x, double, double* result) {
        if (x <= above) return false;
        *result = work.Of(function, x);
        return true;
      }),
      .help = help,
      .examples = {{.arguments = {of}, .gives = gives}, {.arguments = {-1.0}, .gives = "null"}}};
}

Entry Two(const char* name, std::vector<Parameter> parameters,
          double (*compute)(Work& work, double a, double b), const char* help,
          std::vector<Example> examples) {
  return {.name = name,
          .parameters = std::move(parameters),
          .result = Gives(DataType::kDouble),
          .kernel = RealKernel([compute](Work& work, double a, double b, double* result) {
            *result = compute(work, a, b);
            return true;
          }),
          .help = help,
          .examples = std::move(examples),
          .always = true};
}

// As in Java, and so in Spark: other than in C, what is not a number stays so.
double Power(Work& work, double base, double exponent) {
  const bool undefined = std::isnan(exponent) || (std::abs(base) == 1 && std::isinf(exponent));
  return undefined ? std::numeric_limits<double>::quiet_NaN() : work.Of(mpfr_pow, base, exponent);
}

}  // namespace

double NaturalLogarithm(double number) {
  const double result = Work().Of(mpfr_log, number);
  mpfr_free_cache2(MPFR_FREE_LOCAL_CACHE);
  return result;
}

void AddRealFunctions(std::vector<Function>& functions) {
  const Parameter y = {"y", Accepts::kDouble};
  const Parameter x = {"x", Accepts::kDouble};
  AddAll(
      {One("exp", mpfr_exp, "Euler's number to that power", 1.0, "2.718281828459045"),
       One("expm1", mpfr_expm1, "exp less 1, exactly also where that is small", 0.0, "0"),
       Logarithm("ln", mpfr_log, 0, "its natural logarithm; null at or below 0", 1.0, "0"),
       Logarithm("log2", mpfr_log2, 0, "its logarithm to base 2; null at or below 0", 8.0, "3"),
       Logarithm("log10", mpfr_log10, 0, "its logarithm to base 10; null at or below 0", 1000.0,
                 "3"),
       Logarithm("log1p", mpfr_log1p, -1,
                 "the natural logarithm of 1 and it, exactly also where it is small; null at or "
                 "below -1",
                 0.0, "0"),
       {.name = "log",
        .parameters = {{"base", Accepts::kDouble}, {"number", Accepts::kDouble}},
        .result = Gives(DataType::kDouble),
        .kernel = RealKernel([](Work& work, double base, double number, double* result) {
          if (base <= 0 || number <= 0) return false;
          *result = work.Of(mpfr_log, number) / work.Of(mpfr_log, base);
          return true;
        }),
        .help = "the logarithm to that base; null where one of both is at or below 0 (in Spark, "
                "log of one number is ln)",
        .examples = {{.arguments = {10.0, 100.0}, .gives = "2"},
                     {.arguments = {10.0, 0.0}, .gives = "null"}}},
       Two("pow", {{"base", Accepts::kDouble}, {"exponent", Accepts::kDouble}}, Power,
           "the base to the power of the exponent",
           {{.arguments = {2.0, 10.0}, .gives = "1024"}, {.arguments = {4.0, 0.5}, .gives = "2"}}),
       One("cbrt", mpfr_cbrt, "its cube root", 27.0, "3"),
       Two("hypot", {x, y},
           [](Work& work, double a, double b) { return work.Of(mpfr_hypot, a, b); },
           "sqrt(x * x + y * y), where x * x may be beyond what a double holds",
           {{.arguments = {3.0, 4.0}, .gives = "5"}}),
       One("sin", mpfr_sin, "the sine of an angle in radians", 0.0, "0"),
       One("cos", mpfr_cos, "the cosine of an angle in radians", 0.0, "1"),
       One("tan", mpfr_tan, "the tangent of an angle in radians", 0.0, "0"),
       One("cot", mpfr_cot, "1 by the tangent of an angle in radians", 1.0, "0.6420926159343308"),
       One("sec", mpfr_sec, "1 by the cosine of an angle in radians", 0.0, "1"),
       One("csc", mpfr_csc, "1 by the sine of an angle in radians", 1.0, "1.1883951057781212"),
       One("asin", mpfr_asin, "the angle of which it is the sine, in radians; NaN beyond -1 and 1",
           1.0, "1.5707963267948966"),
       One("acos", mpfr_acos,
           "the angle of which it is the cosine, in radians; NaN beyond -1 and 1", 2.0, "nan"),
       One("atan", mpfr_atan, "the angle of which it is the tangent, in radians", 0.0, "0"),
       // One zero, as in Spark.
       Two("atan2", {y, x},
           [](Work& work, double a, double b) { return work.Of(mpfr_atan2, a + 0.0, b + 0.0); },
           "the angle in radians between the x axis and the way to (x, y)",
           {{.arguments = {0.0, -1.0}, .gives = "3.141592653589793"}}),
       One("sinh", mpfr_sinh, "its hyperbolic sine", 0.0, "0"),
       One("cosh", mpfr_cosh, "its hyperbolic cosine", 0.0, "1"),
       One("tanh", mpfr_tanh, "its hyperbolic tangent", 0.0, "0"),
       One("asinh", mpfr_asinh, "of which it is the hyperbolic sine", 0.0, "0"),
       One("acosh", mpfr_acosh, "of which it is the hyperbolic cosine; NaN below 1", 1.0, "0"),
       One("atanh", mpfr_atanh, "of which it is the hyperbolic tangent; NaN beyond -1 and 1", 0.0,
           "0")},
      functions);
}

}  // namespace wavetank::runtime
