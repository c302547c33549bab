// Aggregates of how far numbers lie apart: variances and standard deviations, in Spark's way: the
// mean and the sum of squared distances from it, which merge as Chan, Golub and LeVeque have it
// (*Updating formulae and a pairwise algorithm for computing sample variances*, 1979).
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

struct Moments {
  int64_t count = 0;
  double mean = 0;
  double distance = 0;  // squared, summed up

  void Add(const Moments& more) {
    if (more.count == 0) return;
    if (count == 0) {
      *this = more;
      return;
    }
    const double apart = more.mean - mean;
    const auto had = static_cast<double>(count);
    const auto adds = static_cast<double>(more.count);
    count += more.count;
    mean += apart * adds / (had + adds);
    distance += more.distance + apart * apart * had * adds / (had + adds);
  }
};

class MomentsState final : public AggregateState {
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
      moments_[groups[row]].Add({.count = partials[0].int64s()[row],
                                 .mean = partials[1].doubles()[row],
                                 .distance = partials[2].doubles()[row]});
    }
  }
  std::vector<Column> Partials(std::span<const uint32_t> groups) const override {
    ColumnBuilder counts(DataType::kInt64);
    ColumnBuilder means(DataType::kDouble);
    ColumnBuilder distances(DataType::kDouble);
    for (const uint32_t group : groups) {
      counts.Int64(moments_[group].count);
      means.Double(moments_[group].mean);
      distances.Double(moments_[group].distance);
    }
    return {counts.Finish(), means.Finish(), distances.Finish()};
  }

 private:
  std::vector<Moments> moments_;
};

// result(count, distance), of `least` values at least; null of fewer.
std::shared_ptr<const AggregateParts> MomentsParts(
    int64_t least, const std::function<double(double count, double distance)>& result) {
  auto parts = std::make_shared<AggregateParts>();
  parts->intermediate = [](std::span<const DataType>) {
    return std::vector<DataType>{DataType::kInt64, DataType::kDouble, DataType::kDouble};
  };
  parts->make = [](std::span<const DataType>) { return std::make_unique<MomentsState>(); };
  parts->result = [least, result](std::span<const Column> intermediate) {
    ColumnBuilder builder(DataType::kDouble);
    for (int64_t row = 0; row < intermediate[0].size(); ++row) {
      const int64_t count = intermediate[0].int64s()[row];
      count < least
          ? builder.Null()
          : builder.Double(result(static_cast<double>(count), intermediate[2].doubles()[row]));
    }
    return builder.Finish();
  };
  return parts;
}

}  // namespace

void AddMoments(std::vector<Function>& functions) {
  const auto add = [&functions](std::string name, int64_t least,
                                const std::function<double(double, double)>& result,
                                std::string help, std::string gives) {
    functions.push_back({.name = std::move(name),
                         .parameters = {{"number", Accepts::kDouble}},
                         .result = Gives(DataType::kDouble),
                         .nulls = Nulls::kAnyTime,
                         .parts = MomentsParts(least, result),
                         .help = std::move(help),
                         .examples = {{.rows = {{1}, {ExampleTerm::Null(DataType::kInt64)}, {3}},
                                       .gives = std::move(gives)}}});
  };
  const auto of_all = [](double count, double distance) { return distance / count; };
  const auto of_sample = [](double count, double distance) { return distance / (count - 1); };
  add("var_pop", 1, of_all, "the variance of all values; null without one", "1");
  add("var_samp", 2, of_sample, "the variance that a sample says; null of fewer than two values",
      "2");
  add(
      "stddev_pop", 1,
      [of_all](double count, double distance) { return std::sqrt(of_all(count, distance)); },
      "the standard deviation of all values; null without one", "1");
  add(
      "stddev_samp", 2,
      [of_sample](double count, double distance) { return std::sqrt(of_sample(count, distance)); },
      "the standard deviation that a sample says; null of fewer than two values",
      "1.4142135623730951");
}

}  // namespace wavetank::runtime
