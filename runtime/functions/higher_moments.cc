// Skewness and kurtosis, in Spark's way: of all values, the kurtosis as what is above a normal
// distribution's. The sums of powers of distances from the mean merge as Pébay has it (*Formulas
// for robust, one-pass parallel computation of covariances and arbitrary-order statistical
// moments*, 2008).
#include <cmath>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "runtime/functions/groups.h"
#include "runtime/functions/merged_doubles.h"

namespace wavetank::runtime {
namespace {

struct HigherMoments {
  double count = 0;
  double mean = 0;
  double second = 0;  // sums of powers of distances
  double third = 0;
  double fourth = 0;
  static constexpr double HigherMoments::* kParts[] = {
      &HigherMoments::count, &HigherMoments::mean, &HigherMoments::second, &HigherMoments::third,
      &HigherMoments::fourth};

  static std::optional<HigherMoments> OfRow(std::span<const Column> arguments, int64_t row) {
    if (arguments[0].IsNull(row)) return std::nullopt;
    return HigherMoments{.count = 1, .mean = arguments[0].DoubleAt(row)};
  }
  void Add(const HigherMoments& more) {
    if (more.count == 0) return;
    if (count == 0) {  // what is squared below may be beyond what a double holds
      *this = more;
      return;
    }
    const double apart = more.mean - mean;
    const double all = count + more.count;
    const double of_more = apart * more.count / all;
    const double of_this = apart * count / all;
    const double products = count * more.count;
    const double fourth_apart = apart * apart * apart * apart * products *
                                (count * count - products + more.count * more.count) /
                                (all * all * all);
    fourth += more.fourth + fourth_apart +
              6 * (of_this * of_this * more.second + of_more * of_more * second) +
              4 * (of_this * more.third - of_more * third);
    third += more.third + apart * apart * apart * products * (count - more.count) / (all * all) +
             3 * (of_this * more.second - of_more * second);
    second += more.second + apart * apart * products / all;
    mean += of_more;
    count = all;
  }
};

// Of one value at least.
using Shape = double (*)(const HigherMoments& of);

std::shared_ptr<const AggregateParts> ShapeParts(Shape shape) {
  return PartsOfDoubles<HigherMoments>(
      DataType::kDouble, [shape](const HigherMoments& of, ColumnBuilder& builder) {
        // Of values that are all the same there is no shape.
        of.count == 0 || of.second == 0 ? builder.Null() : builder.Double(shape(of));
      });
}

}  // namespace

void AddHigherMoments(std::vector<Function>& functions) {
  const auto add = [&functions](std::string name, Shape shape, std::string help,
                                std::string gives) {
    functions.push_back({.name = std::move(name),
                         .parameters = {{"number", Accepts::kDouble}},
                         .result = Gives(DataType::kDouble),
                         .nulls = Nulls::kAnyTime,
                         .parts = ShapeParts(shape),
                         .help = std::move(help),
                         .examples = {{.rows = {{1}, {ExampleTerm::Null(DataType::kInt64)}, {3}},
                                       .gives = std::move(gives)}}});
  };
  add(
      "skewness",
      [](const HigherMoments& of) {
        return std::sqrt(of.count) * of.third / std::sqrt(of.second * of.second * of.second);
      },
      "how far values lean to one side: above 0, those that are far off are great ones; null "
      "without values that differ",
      "0");
  add(
      "kurtosis",
      [](const HigherMoments& of) { return of.count * of.fourth / (of.second * of.second) - 3; },
      "how much of the variance is of values far off: 0 of a normal distribution; null without "
      "values that differ",
      "-2");
}

}  // namespace wavetank::runtime
