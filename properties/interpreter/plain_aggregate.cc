#include <algorithm>
#include <limits>
#include <map>
#include <set>
#include <string>
#include <utility>

#include "properties/interpreter/plain_operators.h"

namespace wavetank::properties {
namespace {

// The running value of one aggregate in one group.
class Running {
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

class Aggregate final : public StatefulOperator {
 public:
  Aggregate(const PlainNode& node, NaiveMode mode) : node_(node), mode_(mode) {
    if (!node.event_times.empty()) time_ = node.event_times.front();
  }

  PlainRows Run(const std::vector<const PlainRows*>& inputs, const PlainBatch& batch,
                PlainCounts& counts) override {
    std::set<PlainRow, PlainLess> changed;
    if (node_.expressions.empty()) {  // the group of all rows, which is there without any
      groups_[{}].resize(node_.calls.size());
      changed.insert(PlainRow());
    }
    for (const PlainRow& row : *inputs[0]) {
      PlainRow key;
      for (const PlainExpression& expression : node_.expressions) {
        key.push_back(AsKey(expression.Of(row, batch.timestamp_ms)));
      }
      if (node_.window_key && key[*node_.window_key].is_null()) {
        ++counts.without_time;
        continue;
      }
      if (mode_ != NaiveMode::kComplete && IsPast(key, time_, batch.late_micros)) {
        ++counts.late;
        continue;
      }
      std::vector<Running>& group = groups_[key];
      group.resize(node_.calls.size());
      for (size_t i = 0; i < group.size(); ++i) {
        PlainRow arguments;
        for (const PlainExpression& argument : node_.calls[i].arguments) {
          arguments.push_back(argument.Of(row, batch.timestamp_ms));
        }
        group[i].Add(node_.calls[i], arguments);
      }
      changed.insert(std::move(key));
    }
    PlainRows shown;
    for (auto group = groups_.begin(); group != groups_.end();) {
      const bool is_final = IsPast(group->first, time_, batch.final_micros);
      if (mode_ == NaiveMode::kComplete ||
          (mode_ == NaiveMode::kUpdate ? changed.contains(group->first) : is_final)) {
        shown.push_back(Shown(group->first, group->second));
      }
      group = mode_ != NaiveMode::kComplete && is_final ? groups_.erase(group) : std::next(group);
    }
    return shown;
  }

  std::optional<int64_t> NextFinalMicros() const override {
    FinalTimes times;
    if (mode_ == NaiveMode::kComplete || !time_) return std::nullopt;
    for (const auto& [key, values] : groups_) times.Add(key[time_->column], time_->span_micros);
    return times.next();
  }

  bool GoOnFrom(StatefulOperator& before) override {
    auto* const aggregate = dynamic_cast<Aggregate*>(&before);
    if (aggregate == nullptr || node_.expressions.size() != aggregate->node_.expressions.size() ||
        node_.calls.size() != aggregate->node_.calls.size()) {
      return false;
    }
    groups_ = std::move(aggregate->groups_);
    return true;
  }

 private:
  PlainRow Shown(const PlainRow& key, const std::vector<Running>& values) const {
    PlainRow row = key;
    for (size_t i = 0; i < values.size(); ++i) row.push_back(values[i].Result(node_.calls[i]));
    return row;
  }

  const PlainNode& node_;
  const NaiveMode mode_;
  std::optional<PlainEventTime> time_;  // of the keys
  std::map<PlainRow, std::vector<Running>, PlainLess> groups_;
};

}  // namespace

bool IsPast(const PlainRow& row, const std::optional<PlainEventTime>& time,
            std::optional<int64_t> watermark_micros) {
  if (!time || !watermark_micros || row[time->column].is_null()) return false;
  return __int128{row[time->column].number()} + time->span_micros <= *watermark_micros;
}

void FinalTimes::Add(const PlainValue& time, __int128 after_micros) {
  if (time.is_null()) return;
  const __int128 watermark = time.number() + after_micros;
  // What is beyond all times never comes.
  if (watermark >= std::numeric_limits<int64_t>::max()) return;
  const __int128 first = std::numeric_limits<int64_t>::min();
  watermarks_.insert(static_cast<int64_t>(std::max(watermark, first)));
}

void FinalTimes::Forget(std::optional<int64_t> watermark_micros) {
  if (!watermark_micros) return;
  watermarks_.erase(watermarks_.begin(), watermarks_.upper_bound(*watermark_micros));
}

std::optional<int64_t> FinalTimes::next() const {
  return watermarks_.empty() ? std::nullopt : std::optional(*watermarks_.begin());
}

std::unique_ptr<StatefulOperator> MakePlainAggregate(const PlainNode& node, NaiveMode mode) {
  return std::make_unique<Aggregate>(node, mode);
}

}  // namespace wavetank::properties
