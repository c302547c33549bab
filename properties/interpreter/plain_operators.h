// The operators of the interpreter that keep something from batch to batch.
#ifndef WAVETANK_PROPERTIES_INTERPRETER_PLAIN_OPERATORS_H_
#define WAVETANK_PROPERTIES_INTERPRETER_PLAIN_OPERATORS_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <vector>

#include "properties/interpreter/plain_plan.h"
#include "properties/naive_query.h"

namespace wavetank::properties {

using PlainRows = std::vector<PlainRow>;

struct PlainBatch {
  int64_t timestamp_ms = 0;
  // Of this operator. Rows at or below the first, which the batch before had as its second, are
  // late; what is at or below the second is final once all input is there.
  std::optional<int64_t> late_micros;
  std::optional<int64_t> final_micros;
};

struct PlainCounts {
  int64_t late = 0;
  int64_t without_time = 0;
};

class StatefulOperator {
 public:
  virtual ~StatefulOperator() = default;
  // The output of the next batch; `inputs` by the node's inputs.
  virtual PlainRows Run(const std::vector<const PlainRows*>& inputs, const PlainBatch& batch,
                        PlainCounts& counts) = 0;
  // The earliest watermark, of this operator, at which something that it keeps becomes final: is
  // given, or may be forgotten; unset: nothing ever does.
  virtual std::optional<int64_t> NextFinalMicros() const = 0;
  // Goes on with what `before`, the same operator under another plan, keeps. False: that is made of
  // other columns.
  virtual bool GoOnFrom(StatefulOperator& before) = 0;
};

// When what is kept becomes final, of as many as there are.
class FinalTimes {
 public:
  // Something with this time does at the watermark time + `after_micros`. Null never does.
  void Add(const PlainValue& time, __int128 after_micros);
  // What has become so by this watermark is no longer kept.
  void Forget(std::optional<int64_t> watermark_micros);
  std::optional<int64_t> next() const;

 private:
  std::multiset<int64_t> watermarks_;
};

// Groups in an ordered map. Append gives a group once, when its event time is final, and forgets
// it; update, the groups that the batch has changed; complete all, and no row is late.
std::unique_ptr<StatefulOperator> MakePlainAggregate(const PlainNode& node, NaiveMode mode);

// Rows in sessions: those of one key whose spans, from start to end, meet one another, worked out
// anew from all rows each time. Append gives a session once, when its end is final, and forgets it;
// complete all.
std::unique_ptr<StatefulOperator> MakePlainSessions(const PlainNode& node, NaiveMode mode);

// Every pair of a new row and an earlier or new one of the other side for which the condition is
// true; of an outer join, rows that have met none as the watermark passes the time at which an
// engine lets them go; of a semi join, left rows as they first meet one. Rows are kept for ever:
// what an engine may let go by the watermark meets no row that is not late. (When it may is told of
// rows that can meet one at all, or are shown if they do not.)
std::unique_ptr<StatefulOperator> MakePlainJoin(const PlainNode& node, const PlainNode& left,
                                                const PlainNode& right);

// The first row of those alike in the key columns. Keys are kept for ever: if one has the event
// time, what is alike comes late once it is final. Or (within) until the watermark has reached the
// first one's event time plus the delay.
std::unique_ptr<StatefulOperator> MakePlainDropDuplicates(const PlainNode& node);

// Whether a row is at or below a watermark: the event time and its span on top. Null is at none.
bool IsPast(const PlainRow& row, const std::optional<PlainEventTime>& time,
            std::optional<int64_t> watermark_micros);

}  // namespace wavetank::properties

#endif  // WAVETANK_PROPERTIES_INTERPRETER_PLAIN_OPERATORS_H_
