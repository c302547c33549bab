// RunningValue: one aggregate of one group, row after row.
#ifndef WAVETANK_PROPERTIES_INTERPRETER_RUNNING_VALUE_H_
#define WAVETANK_PROPERTIES_INTERPRETER_RUNNING_VALUE_H_

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "properties/interpreter/plain_plan.h"

namespace wavetank::properties {

class RunningValue {
 public:
  void Add(const PlainAggregateCall& call, const PlainRow& arguments) {
    const std::string& function = call.function;
    if (function == "count") {
      rows_ += arguments.empty() || !arguments[0].is_null() ? 1 : 0;
      return;
    }
    if (KeepsEach(function)) {
      Keep(function, arguments);
      return;
    }
    const PlainValue& decides = arguments.back();
    if (decides.is_null()) return;
    if (function == "count_if") {
      rows_ += decides.truth() ? 1 : 0;
      return;
    }
    ++rows_;
    if (function == "bool_and" || function == "bool_or") {
      const bool ends = function == "bool_or";  // what decides it
      if (value_.is_null() || decides.truth() == ends) value_ = decides;
      return;
    }
    if (function == "bit_and" || function == "bit_or" || function == "bit_xor") {
      value_ = value_.is_null() ? decides : WithBits(function, value_.number(), decides.number());
      return;
    }
    if (function == "sum" || function == "avg") {
      value_ = value_.is_null() ? decides : Plus(value_, decides);
      return;
    }
    // An extreme: the first one of equals.
    const int order = order_.is_null() ? -1 : Compare(decides, order_);
    const bool least = function == "min" || function == "min_by";
    if (!order_.is_null() && (least ? order >= 0 : order <= 0)) return;
    order_ = decides;
    value_ = arguments.front();
  }

  PlainValue Result(const PlainAggregateCall& call) const {
    if (call.function == "count" || call.function == "count_if") return rows_;
    if (KeepsEach(call.function)) return OfAll(call.function);
    if (call.function == "avg" && rows_ > 0) return value_.real() / static_cast<double>(rows_);
    return value_;
  }

 private:
  static PlainValue WithBits(const std::string& function, int64_t a, int64_t b) {
    if (function == "bit_and") return a & b;
    return function == "bit_or" ? a | b : a ^ b;
  }
  // Those whose answer is worked out of all rows at the end.
  static bool KeepsEach(std::string_view function) {
    constexpr std::string_view kOthers[] = {
        "first",   "any_value",  "last",   "collect_list",      "collect_set",
        "listagg", "percentile", "median", "percentile_approx", "mode"};
    return IsOfSpread(function) || std::ranges::count(kOthers, function) > 0;
  }
  static bool IsOfSpread(std::string_view function) {
    return function.starts_with("var_") || function.starts_with("stddev_");
  }
  void Keep(std::string_view function, const PlainRow& arguments) {
    const bool of_end = function == "first" || function == "any_value" || function == "last";
    const bool ignores_nulls = !of_end || (arguments.size() > 1 && arguments[1].truth());
    if (!of_end && arguments.size() > 1) literal_ = arguments[1];
    if (arguments[0].is_null() && ignores_nulls) return;
    ++rows_;
    values_.push_back(arguments[0]);
  }
  PlainValue OfAll(std::string_view function) const {
    if (function == "collect_list") return PlainValue(values_);
    if (function == "collect_set") return PlainValue(OnceEach());
    if (IsOfSpread(function)) return Spread(function);
    if (values_.empty()) return PlainValue();
    if (function == "first" || function == "any_value") return values_.front();
    if (function == "last") return values_.back();
    if (function == "listagg") return Joined();
    std::vector<PlainValue> sorted;
    for (const PlainValue& value : values_) sorted.push_back(AsKey(value));
    std::ranges::sort(sorted, PlainLess());
    if (function == "mode") return MostFrequent(sorted);
    const double share = literal_.is_null() ? 0.5 : literal_.real();
    if (function == "percentile_approx") {
      size_t at = 1;
      while (static_cast<double>(at) < share * static_cast<double>(sorted.size())) ++at;
      return sorted[at - 1];
    }
    const double place = share * static_cast<double>(sorted.size() - 1);
    const double below = std::floor(place);
    const double low = sorted[static_cast<size_t>(below)].real();
    const double high = sorted[static_cast<size_t>(std::ceil(place))].real();
    return low == high || below == place ? low
                                         : low * (1 - (place - below)) + high * (place - below);
  }
  std::vector<PlainValue> OnceEach() const {
    std::vector<PlainValue> once;
    for (const PlainValue& value : values_) {
      const bool is_there = std::ranges::any_of(
          once, [&value](const PlainValue& other) { return Compare(value, other) == 0; });
      if (!is_there) once.push_back(AsKey(value));
    }
    return once;
  }
  PlainValue Joined() const {
    std::string text;
    for (size_t i = 0; i < values_.size(); ++i) {
      if (i > 0 && !literal_.is_null()) text += literal_.text();
      text += values_[i].text();
    }
    return text;
  }
  static PlainValue MostFrequent(const std::vector<PlainValue>& sorted) {
    PlainValue best;
    ptrdiff_t most = 0;
    for (const PlainValue& value : sorted) {
      const ptrdiff_t times = std::ranges::count_if(
          sorted, [&value](const PlainValue& other) { return Compare(value, other) == 0; });
      if (times <= most) continue;
      most = times;
      best = AsKey(value);
    }
    return best;
  }
  // By the definition: the mean first.
  PlainValue Spread(std::string_view function) const {
    const bool sample = function.ends_with("_samp");
    const auto count = static_cast<double>(rows_);
    if (rows_ < (sample ? 2 : 1)) return PlainValue();
    double mean = 0;
    for (const PlainValue& value : values_) mean += value.real() / count;
    double distance = 0;
    for (const PlainValue& value : values_) {
      distance += (value.real() - mean) * (value.real() - mean);
    }
    const double variance = distance / (sample ? count - 1 : count);
    return function.starts_with("var") ? variance : std::sqrt(variance);
  }
  static PlainValue Plus(const PlainValue& a, const PlainValue& b) {
    if (std::holds_alternative<double>(a.value)) return a.real() + b.real();
    return static_cast<int64_t>(static_cast<uint64_t>(a.number()) +
                                static_cast<uint64_t>(b.number()));
  }

  int64_t rows_ = 0;  // that counted
  PlainValue value_;
  PlainValue order_;
  std::vector<PlainValue> values_;  // all, of those that keep each
  PlainValue literal_;              // behind the value
};

}  // namespace wavetank::properties

#endif  // WAVETANK_PROPERTIES_INTERPRETER_RUNNING_VALUE_H_
