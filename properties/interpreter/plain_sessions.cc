#include <algorithm>
#include <iterator>
#include <map>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "properties/interpreter/plain_operators.h"
#include "properties/interpreter/running_value.h"

namespace wavetank::properties {
namespace {

// From where to where a row reaches, and the arguments of each aggregate.
struct Reach {
  int64_t start = 0;
  int64_t end = 0;
  std::vector<PlainRow> arguments = {};
};

class Sessions final : public StatefulOperator {
 public:
  Sessions(const PlainNode& node, NaiveMode mode) : node_(node), mode_(mode) {
    for (const PlainEventTime& time : node.event_times) {
      by_end_ = by_end_ || time.column == EndKey();
    }
  }

  PlainRows Run(const std::vector<const PlainRows*>& inputs, const PlainBatch& batch,
                PlainCounts& counts) override {
    for (const PlainRow& row : *inputs[0]) {
      PlainRow key;
      for (const PlainExpression& expression : node_.expressions) {
        key.push_back(AsKey(expression.Of(row, batch.timestamp_ms)));
      }
      const PlainValue end = key[EndKey()];
      const PlainValue start = key[EndKey() - 1];
      key.resize(EndKey() - 1);
      if (start.is_null()) {
        ++counts.without_time;
        continue;
      }
      if (mode_ != NaiveMode::kComplete && Passed(end.number(), batch.late_micros)) {
        ++counts.late;
        continue;
      }
      Reach& reach = rows_[key].emplace_back(Reach{start.number(), end.number()});
      for (const PlainAggregateCall& call : node_.calls) {
        PlainRow& arguments = reach.arguments.emplace_back();
        for (const PlainExpression& argument : call.arguments) {
          arguments.push_back(argument.Of(row, batch.timestamp_ms));
        }
      }
    }
    PlainRows shown;
    for (auto& [key, rows] : rows_) {
      std::vector<Reach> left;
      for (const std::vector<Reach>& session : SessionsOf(rows)) {
        const bool is_final =
            mode_ != NaiveMode::kComplete && Passed(EndOf(session), batch.final_micros);
        if (is_final || mode_ == NaiveMode::kComplete) shown.push_back(Shown(key, session));
        if (!is_final) left.insert(left.end(), session.begin(), session.end());
      }
      rows = std::move(left);
    }
    return shown;
  }

  std::optional<int64_t> NextFinalMicros() const override {
    FinalTimes times;
    if (mode_ == NaiveMode::kComplete || !by_end_) return std::nullopt;
    for (const auto& [key, rows] : rows_) {
      for (const std::vector<Reach>& session : SessionsOf(rows)) times.Add(EndOf(session), 0);
    }
    return times.next();
  }

  bool GoOnFrom(StatefulOperator& before) override {
    auto* const sessions = dynamic_cast<Sessions*>(&before);
    if (sessions == nullptr || node_.expressions.size() != sessions->node_.expressions.size() ||
        node_.calls.size() != sessions->node_.calls.size()) {
      return false;
    }
    rows_ = std::move(sessions->rows_);
    return true;
  }

 private:
  size_t EndKey() const { return node_.expressions.size() - 1; }
  bool Passed(int64_t end, std::optional<int64_t> watermark_micros) const {
    return by_end_ && watermark_micros && end <= *watermark_micros;
  }

  static std::vector<std::vector<Reach>> SessionsOf(std::vector<Reach> rows) {
    std::ranges::sort(rows, {}, &Reach::start);
    std::vector<std::vector<Reach>> sessions;
    for (Reach& row : rows) {
      if (sessions.empty() || row.start > EndOf(sessions.back())) sessions.emplace_back();
      sessions.back().push_back(std::move(row));
    }
    return sessions;
  }
  static int64_t EndOf(const std::vector<Reach>& session) {
    return std::ranges::max_element(session, {}, &Reach::end)->end;
  }

  PlainRow Shown(const PlainRow& key, const std::vector<Reach>& session) const {
    PlainRow row = key;
    row.push_back(session.front().start);
    row.push_back(EndOf(session));
    for (size_t i = 0; i < node_.calls.size(); ++i) {
      RunningValue value;
      for (const Reach& reach : session) value.Add(node_.calls[i], reach.arguments[i]);
      row.push_back(value.Result(node_.calls[i]));
    }
    return row;
  }

  const PlainNode& node_;
  const NaiveMode mode_;
  bool by_end_ = false;                                     // whether sessions become final
  std::map<PlainRow, std::vector<Reach>, PlainLess> rows_;  // of sessions that are not
};

}  // namespace

std::unique_ptr<StatefulOperator> MakePlainSessions(const PlainNode& node, NaiveMode mode) {
  return std::make_unique<Sessions>(node, mode);
}

}  // namespace wavetank::properties
