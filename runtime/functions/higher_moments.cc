// Skewness and kurtosis, in Spark's way: of all values, the kurtosis as what is above a normal
// distribution's. The sums of powers of distances from the mean merge as Pébay has it (*Formulas
// for robust, one-pass parallel computation of covariances and arbitrary-order statistical
// moments*, 2008).
#include <cmath>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "runtime/functions/groups.h"
#include "runtime/functions/kernels.h"

namespace wavetank::runtime {
namespace {

struct HigherMoments {
  double count = 0;
  double mean = 0;
  double second = 0;  // sums of powers of distances
  double third = 0;
  double fourth = 0;

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

class HigherMomentsState final : public AggregateState {
 public:
  void Resize(uint32_t groups) override {
    if (groups > moments_.size()) moments_.resize(groups);
  }
  void Update(std::span<const Column> arguments, std::span<const uint32_t> groups) override {
    const double* const values = arguments[0].doubles();
    for (size_t row = 0; row < groups.size(); ++row) {
      if (arguments[0].IsNull(static_cast<int64_t>(row))) continue;
      moments_[groups[row]].Add({.count = 1, .mean = values[row]});
    }
  }
  void Merge(std::span<const Column> partials, std::span<const uint32_t> groups) override {
    for (size_t row = 0; row < groups.size(); ++row) {
      const auto part = [&](size_t column) { return partials[column].doubles()[row]; };
      moments_[groups[row]].Add({part(0), part(1), part(2), part(3), part(4)});
    }
  }
  std::vector<Column> Partials(std::span<const uint32_t> groups) const override {
    std::vector<Column> columns;
    for (const auto part : {&HigherMoments::count, &HigherMoments::mean, &HigherMoments::second,
                            &HigherMoments::third, &HigherMoments::fourth}) {
      ColumnBuilder builder(DataType::kDouble);
      for (const uint32_t group : groups) builder.Double(moments_[group].*part);
      columns.push_back(builder.Finish());
    }
    return columns;
  }

 private:
  std::vector<HigherMoments> moments_;
};

// result(count, second, third, fourth), of one value at least.
using Shape = double (*)(double count, double second, double third, double fourth);

std::shared_ptr<const AggregateParts> ShapeParts(Shape result) {
  auto parts = std::make_shared<AggregateParts>();
  parts->intermediate = [](std::span<const DataType>) {
    return std::vector<DataType>(5, DataType::kDouble);
  };
  parts->make = [](std::span<const DataType>) { return std::make_unique<HigherMomentsState>(); };
  parts->result = [result](std::span<const Column> intermediate) {
    ColumnBuilder builder(DataType::kDouble);
    for (int64_t row = 0; row < intermediate[0].size(); ++row) {
      const auto part = [&](size_t column) { return intermediate[column].DoubleAt(row); };
      // Of values that are all the same there is no shape.
      part(0) == 0 || part(2) == 0 ? builder.Null()
                                   : builder.Double(result(part(0), part(2), part(3), part(4)));
    }
    return builder.Finish();
  };
  return parts;
}

}  // namespace

void AddHigherMoments(std::vector<Function>& functions) {
  const auto add = [&functions](std::string name, Shape result, std::string help,
                                std::string gives) {
    functions.push_back({.name = std::move(name),
                         .parameters = {{"number", Accepts::kDouble}},
                         .result = Gives(DataType::kDouble),
                         .nulls = Nulls::kAnyTime,
                         .parts = ShapeParts(result),
                         .help = std::move(help),
                         .examples = {{.rows = {{1}, {ExampleTerm::Null(DataType::kInt64)}, {3}},
                                       .gives = std::move(gives)}}});
  };
  add(
      "skewness",
      [](double count, double second, double third, double) {
        return std::sqrt(count) * third / std::sqrt(second * second * second);
      },
      "how far values lean to one side: above 0, those that are far off are great ones; null "
      "without values that differ",
      "0");
  add(
      "kurtosis",
      [](double count, double second, double, double fourth) {
        return count * fourth / (second * second) - 3;
      },
      "how much of the variance is of values far off: 0 of a normal distribution; null without "
      "values that differ",
      "-2");
}

}  // namespace wavetank::runtime
