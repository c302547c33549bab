#include <algorithm>
#include <map>
#include <utility>

#include "properties/interpreter/plain_operators.h"

namespace wavetank::properties {
namespace {

class DropDuplicates final : public StatefulOperator {
 public:
  explicit DropDuplicates(const PlainNode& node) : node_(node) {
    // One among the keys before others.
    for (const PlainEventTime& time : node.event_times) {
      const bool is_key = std::ranges::any_of(
          node.expressions, [&](const PlainExpression& key) { return key.column == time.column; });
      if (is_key && !time_) time_ = time;
    }
    goes_by_key_ = node.op == PlainOperator::kDropDuplicates && time_.has_value();
    if (!time_ && !node.event_times.empty()) time_ = node.event_times.front();
  }

  PlainRows Run(const std::vector<const PlainRows*>& inputs, const PlainBatch& batch,
                PlainCounts& counts) override {
    PlainRows first;
    for (const PlainRow& row : *inputs[0]) {
      if (IsPast(row, time_, batch.late_micros)) {
        ++counts.late;
        continue;
      }
      PlainRow key;
      for (const PlainExpression& expression : node_.expressions) {
        key.push_back(AsKey(expression.Of(row, batch.timestamp_ms)));
      }
      const std::optional<int64_t> until = AlikeUntil(row);
      if (!seen_.try_emplace(std::move(key), until).second) continue;
      if (goes_by_key_) final_times_.Add(row[time_->column], time_->span_micros);
      if (until) final_times_.Add(PlainValue(*until), 0);
      first.push_back(row);
    }
    final_times_.Forget(batch.final_micros);
    std::erase_if(seen_, [&](const auto& seen) {
      return seen.second && batch.final_micros && *seen.second <= *batch.final_micros;
    });
    return first;
  }

  std::optional<int64_t> NextFinalMicros() const override { return final_times_.next(); }

  bool GoOnFrom(StatefulOperator& before) override {
    auto* const drop = dynamic_cast<DropDuplicates*>(&before);
    if (drop == nullptr || node_.op != drop->node_.op ||
        node_.expressions.size() != drop->node_.expressions.size()) {
      return false;
    }
    seen_ = std::move(drop->seen_);
    final_times_ = std::move(drop->final_times_);
    return true;
  }

 private:
  std::optional<int64_t> AlikeUntil(const PlainRow& row) const {
    if (node_.op != PlainOperator::kDropDuplicatesWithin) return std::nullopt;
    const PlainValue& time = row[time_->column];
    if (time.is_null()) return std::nullopt;
    // Of a window: after its end. Beyond all times: for ever.
    int64_t until = 0;
    if (__builtin_add_overflow(time.number(), time_->span_micros, &until) ||
        __builtin_add_overflow(until, node_.delay_micros, &until)) {
      return std::nullopt;
    }
    return until;
  }

  const PlainNode& node_;
  std::optional<PlainEventTime> time_;
  bool goes_by_key_ = false;
  std::map<PlainRow, std::optional<int64_t>, PlainLess> seen_;  // until when; unset: for ever
  FinalTimes final_times_;
};

}  // namespace

std::unique_ptr<StatefulOperator> MakePlainDropDuplicates(const PlainNode& node) {
  return std::make_unique<DropDuplicates>(node);
}

}  // namespace wavetank::properties
