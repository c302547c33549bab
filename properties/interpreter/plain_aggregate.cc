#include <algorithm>
#include <limits>
#include <map>
#include <set>
#include <string>
#include <utility>

#include "properties/interpreter/plain_operators.h"
#include "properties/interpreter/running_value.h"

namespace wavetank::properties {
namespace {

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
      std::vector<RunningValue>& group = groups_[key];
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
  PlainRow Shown(const PlainRow& key, const std::vector<RunningValue>& values) const {
    PlainRow row = key;
    for (size_t i = 0; i < values.size(); ++i) row.push_back(values[i].Result(node_.calls[i]));
    return row;
  }

  const PlainNode& node_;
  const NaiveMode mode_;
  std::optional<PlainEventTime> time_;  // of the keys
  std::map<PlainRow, std::vector<RunningValue>, PlainLess> groups_;
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
