// Aggregates of two numbers in a row: covariances, correlation, regression by least squares. Rows
// in which one of them is null do not count. The means and sums of products of distances from them
// merge as in moments.cc.
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

struct PairMoments {
  double count = 0;
  double mean_y = 0;  // of the first argument
  double mean_x = 0;  // of the second
  double yy = 0;      // sums of products of distances
  double xx = 0;
  double xy = 0;
  static constexpr double PairMoments::* kParts[] = {&PairMoments::count,  &PairMoments::mean_y,
                                                     &PairMoments::mean_x, &PairMoments::yy,
                                                     &PairMoments::xx,     &PairMoments::xy};

  static std::optional<PairMoments> OfRow(std::span<const Column> arguments, int64_t row) {
    if (arguments[0].IsNull(row) || arguments[1].IsNull(row)) return std::nullopt;
    return PairMoments{
        .count = 1, .mean_y = arguments[0].DoubleAt(row), .mean_x = arguments[1].DoubleAt(row)};
  }
  void Add(const PairMoments& more) {
    if (more.count == 0) return;
    if (count == 0) {  // what is squared below may be beyond what a double holds
      *this = more;
      return;
    }
    const double apart_y = more.mean_y - mean_y;
    const double apart_x = more.mean_x - mean_x;
    const double all = count + more.count;
    const double weight = count * more.count / all;
    yy += more.yy + apart_y * apart_y * weight;
    xx += more.xx + apart_x * apart_x * weight;
    xy += more.xy + apart_x * apart_y * weight;
    mean_y += apart_y * more.count / all;
    mean_x += apart_x * more.count / all;
    count = all;
  }
};

using Result = std::optional<double>;  // nullopt: null

struct OfPairs {
  const char* name;
  Result (*value)(const PairMoments& of);
  const char* help;
  const char* gives;  // of (1, 1), (3, 5)
};

// Nothing, of fewer pairs.
Result IfThereAre(double least, const PairMoments& of, double value) {
  return of.count < least ? std::nullopt : Result(value);
}

constexpr OfPairs kOfPairs[] = {
    {"covar_pop", [](const PairMoments& of) { return IfThereAre(1, of, of.xy / of.count); },
     "the covariance of all pairs; null without one", "2"},
    {"covar_samp", [](const PairMoments& of) { return IfThereAre(2, of, of.xy / (of.count - 1)); },
     "the covariance that a sample says; null of fewer than two pairs", "4"},
    {"corr",
     [](const PairMoments& of) {
       return of.xx == 0 || of.yy == 0 ? std::nullopt : Result(of.xy / std::sqrt(of.xx * of.yy));
     },
     "Pearson's correlation; null where one of both is always the same", "1"},
    {"regr_avgx", [](const PairMoments& of) { return IfThereAre(1, of, of.mean_x); },
     "the mean of x, of rows that have both; null without one", "3"},
    {"regr_avgy", [](const PairMoments& of) { return IfThereAre(1, of, of.mean_y); },
     "the mean of y, of rows that have both; null without one", "2"},
    {"regr_intercept",
     [](const PairMoments& of) {
       return of.xx == 0 ? std::nullopt : Result(of.mean_y - of.xy / of.xx * of.mean_x);
     },
     "where the line of least squares, y by x, is at x = 0; null where x is always the same",
     "0.5"},
    {"regr_slope",
     [](const PairMoments& of) { return of.xx == 0 ? std::nullopt : Result(of.xy / of.xx); },
     "how the line of least squares rises, y by x; null where x is always the same", "0.5"},
    {"regr_r2",
     [](const PairMoments& of) {
       if (of.xx == 0) return Result();
       return Result(of.yy == 0 ? 1.0 : of.xy * of.xy / (of.xx * of.yy));
     },
     "how much of y's variance that line explains, from 0 to 1; null where x is always the same",
     "1"},
    {"regr_sxx", [](const PairMoments& of) { return IfThereAre(1, of, of.xx); },
     "the sum of squared distances of x from its mean; null without a pair", "8"},
    {"regr_sxy", [](const PairMoments& of) { return IfThereAre(1, of, of.xy); },
     "the sum of products of the distances of x and y from their means; null without a pair", "4"},
    {"regr_syy", [](const PairMoments& of) { return IfThereAre(1, of, of.yy); },
     "the sum of squared distances of y from its mean; null without a pair", "2"},
};

}  // namespace

void AddMomentsOfPairs(std::vector<Function>& functions) {
  const auto add = [&functions](std::string name, DataType type,
                                std::shared_ptr<const AggregateParts> parts, std::string help,
                                std::string gives) {
    functions.push_back({.name = std::move(name),
                         .parameters = {{"y", Accepts::kDouble}, {"x", Accepts::kDouble}},
                         .result = Gives(std::move(type)),
                         .nulls = Nulls::kAnyTime,
                         .parts = std::move(parts),
                         .help = std::move(help),
                         .examples = {{.rows = {{1, 1}, {3, 5}}, .gives = std::move(gives)}}});
  };
  for (const OfPairs& of_pairs : kOfPairs) {
    auto parts = PartsOfDoubles<PairMoments>(
        DataType::kDouble, [value = of_pairs.value](const PairMoments& of, ColumnBuilder& builder) {
          const Result result = value(of);
          result ? builder.Double(*result) : builder.Null();
        });
    add(of_pairs.name, DataType::kDouble, std::move(parts), of_pairs.help, of_pairs.gives);
  }
  add("regr_count", DataType::kInt64,
      PartsOfDoubles<PairMoments>(DataType::kInt64,
                                  [](const PairMoments& of, ColumnBuilder& builder) {
                                    builder.Int64(static_cast<int64_t>(of.count));
                                  }),
      "the rows that have both", "2");
}

}  // namespace wavetank::runtime
