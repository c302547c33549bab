// RunningValue: one aggregate of one group, row after row.
#ifndef WAVETANK_PROPERTIES_INTERPRETER_RUNNING_VALUE_H_
#define WAVETANK_PROPERTIES_INTERPRETER_RUNNING_VALUE_H_

#include <cstdint>
#include <string>
#include <variant>

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
    const PlainValue& decides = arguments.back();
    if (decides.is_null()) return;
    ++rows_;
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
    if (call.function == "count") return rows_;
    if (call.function == "avg" && rows_ > 0) return value_.real() / static_cast<double>(rows_);
    return value_;
  }

 private:
  static PlainValue Plus(const PlainValue& a, const PlainValue& b) {
    if (std::holds_alternative<double>(a.value)) return a.real() + b.real();
    return static_cast<int64_t>(static_cast<uint64_t>(a.number()) +
                                static_cast<uint64_t>(b.number()));
  }

  int64_t rows_ = 0;  // that counted
  PlainValue value_;
  PlainValue order_;
};

}  // namespace wavetank::properties

#endif  // WAVETANK_PROPERTIES_INTERPRETER_RUNNING_VALUE_H_
