// Functions of real numbers: the nearest double, on every machine; at their ends as in Spark.
#include <limits>
#include <string>

#include "gtest/gtest.h"

#include "tests/runtime/functions/calls.h"

namespace wavetank::runtime {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

TEST(RealFunctions, AreTheNearestDouble) {
  const struct {
    Expression call;
    const char* gives;
  } calls[] = {
      {Call("exp", {1.0}), "2.718281828459045"},
      {Call("exp", {-1.0}), "0.36787944117144233"},
      {Call("expm1", {1e-20}), "1e-20"},
      {Call("ln", {2.0}), "0.6931471805599453"},
      {Call("ln", {10.0}), "2.302585092994046"},
      {Call("log2", {10.0}), "3.321928094887362"},
      {Call("log10", {2.0}), "0.3010299956639812"},
      {Call("log1p", {1e-20}), "1e-20"},
      {Call("log", {2.0, 8.0}), "3"},
      {Call("pow", {2.0, 0.5}), "1.4142135623730951"},
      {Call("pow", {-2.0, 3.0}), "-8"},
      {Call("cbrt", {-27.0}), "-3"},
      {Call("hypot", {1e200, 1e200}), "1.414213562373095e+200"},
      {Call("sin", {1.0}), "0.8414709848078965"},
      {Call("cos", {1.0}), "0.5403023058681398"},
      {Call("tan", {1.0}), "1.5574077246549023"},
      {Call("sin", {1e22}), "-0.8522008497671888"},
      {Call("asin", {0.5}), "0.5235987755982989"},
      {Call("acos", {0.5}), "1.0471975511965979"},
      {Call("atan", {1.0}), "0.7853981633974483"},
      {Call("sinh", {1.0}), "1.1752011936438014"},
      {Call("cosh", {1.0}), "1.5430806348152437"},
      {Call("tanh", {1.0}), "0.7615941559557649"},
      {Call("asinh", {1.0}), "0.881373587019543"},
      {Call("acosh", {2.0}), "1.3169578969248168"},
      {Call("atanh", {0.5}), "0.5493061443340549"},
  };
  for (const auto& [call, gives] : calls) EXPECT_EQ(Result(call), gives) << ToText(*call.node());
}

TEST(RealFunctions, AtTheirEndsAreAsInSpark) {
  EXPECT_EQ(Result(Call("exp", {710.0})), Result(Expression(kInfinity)));
  EXPECT_EQ(Result(Call("exp", {-800.0})), "0");
  for (const char* const logarithm : {"ln", "log2", "log10"}) {
    EXPECT_EQ(Result(Call(logarithm, {0.0})), "null") << logarithm;
    EXPECT_EQ(Result(Call(logarithm, {-kInfinity})), "null") << logarithm;
    EXPECT_EQ(Result(Call(logarithm, {kNaN})), "nan") << logarithm;
    EXPECT_EQ(Result(Call(logarithm, {kInfinity})), Result(Expression(kInfinity))) << logarithm;
  }
  EXPECT_EQ(Result(Call("log", {0.0, 2.0})), "null");
  // Other than in C, where each is 1.
  EXPECT_EQ(Result(Call("pow", {1.0, kNaN})), "nan");
  EXPECT_EQ(Result(Call("pow", {-1.0, kInfinity})), "nan");
  EXPECT_EQ(Result(Call("pow", {kNaN, 0.0})), "1");
  EXPECT_EQ(Result(Call("pow", {-8.0, 0.5})), "nan");
  EXPECT_EQ(Result(Call("atan2", {-0.0, -1.0})), "3.141592653589793");
  EXPECT_EQ(Result(Call("cot", {0.0})), Result(Expression(kInfinity)));
  EXPECT_EQ(Result(Call("pow", {Null(), 2.0})), "null");
}

}  // namespace
}  // namespace wavetank::runtime
