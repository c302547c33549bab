// RunningValue: one aggregate of one group, row after row.
#ifndef WAVETANK_PROPERTIES_INTERPRETER_RUNNING_VALUE_H_
#define WAVETANK_PROPERTIES_INTERPRETER_RUNNING_VALUE_H_

#include <cmath>
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "properties/interpreter/plain_plan.h"

namespace wavetank::properties {

// Of doubles, each of which counts, and is rounded.
inline bool IsOfSpread(std::string_view function) {
  return function.starts_with("var_") || function.starts_with("stddev_");
}

class RunningValue {
 public:
  void Add(const PlainAggregateCall& call, const PlainRow& arguments) {
    const std::string& function = call.function;
    if (function == "count") {
      rows_ += arguments.empty() || !arguments[0].is_null() ? 1 : 0;
      return;
    }
    const PlainValue& decides = arguments.back();
    if (decides.is_null()) return;
    if (function == "count_if") {
      rows_ += decides.truth() ? 1 : 0;
      return;
    }
    ++rows_;
    if (IsOfSpread(function)) {
      values_.push_back(decides.real());
      return;
    }
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
    if (IsOfSpread(call.function)) return Spread(call.function);
    if (call.function == "avg" && rows_ > 0) return value_.real() / static_cast<double>(rows_);
    return value_;
  }

 private:
  static PlainValue WithBits(const std::string& function, int64_t a, int64_t b) {
    if (function == "bit_and") return a & b;
    return function == "bit_or" ? a | b : a ^ b;
  }
  // By the definition: the mean first.
  PlainValue Spread(const std::string& function) const {
    const bool sample = function.ends_with("_samp");
    const auto count = static_cast<double>(rows_);
    if (rows_ < (sample ? 2 : 1)) return PlainValue();
    double mean = 0;
    for (const double value : values_) mean += value / count;
    double distance = 0;
    for (const double value : values_) distance += (value - mean) * (value - mean);
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
  std::vector<double> values_;  // all
};

}  // namespace wavetank::properties

#endif  // WAVETANK_PROPERTIES_INTERPRETER_RUNNING_VALUE_H_
