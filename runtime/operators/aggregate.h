// A grouped aggregate in two operators: partial aggregates of the rows of each task, then, in the
// partition of the group, the groups of all tasks and of state. A file each.
#ifndef WAVETANK_RUNTIME_OPERATORS_AGGREGATE_H_
#define WAVETANK_RUNTIME_OPERATORS_AGGREGATE_H_

#include <cstdint>
#include <memory>
#include <vector>

#include "absl/time/time.h"

#include "runtime/functions/bound_expression.h"
#include "runtime/operators/hash_aggregate.h"
#include "runtime/operators/operator.h"
#include "runtime/plan/output_mode.h"

namespace wavetank::runtime {

struct AggregateSpec {
  // Of the rows that go into the partial aggregate.
  std::vector<BoundExpression> keys = {};
  std::vector<BoundExpression> arguments = {};  // of each call, one after the other
  std::vector<DataType> key_types = {};
  std::vector<AggregateCall> calls = {};
  std::vector<DataType> intermediate = {};  // of each call, one after the other
  SchemaPtr partial_schema = nullptr;  // keys, then intermediate columns: of partials and state
  SchemaPtr schema = nullptr;          // keys, then results
  QueryOutputMode mode = QueryOutputMode::kAppend;
  // The key by which rows become final, once key + span is at or below the watermark; -1: never.
  int event_time_key = -1;
  int64_t span_micros = 0;
  // The key that is a window's start; -1: none. Rows without one are in no window.
  int window_key = -1;
  // Partial aggregates are given at the end of an epoch, and whenever so many rows or bytes have
  // come since they were given before: at the same row in every run, never by time or memory.
  // Merged later, they are as good, and the memory of a task has a bound.
  int64_t most_rows = int64_t{1} << 20;
  int64_t most_bytes = int64_t{64} << 20;
};

// Drops late rows, in complete mode none, and rows in no window. Gives partial aggregates in the
// order in which their groups came.
std::unique_ptr<Operator> MakePartialAggregate(std::shared_ptr<const AggregateSpec> spec);

// Merges partials, in the order in which they come, into state, under row keys. Then gives, at the
// end of every epoch, also of one without input:
//
//   append    rows whose event time the watermark has passed, once, when they are removed
//   update    rows that changed; then removes what the watermark has passed
//   complete  all rows; late ones count too and nothing is removed
//
// kDataLoss: state or partials that this aggregate did not write.
std::unique_ptr<Operator> MakeFinalAggregate(std::shared_ptr<const AggregateSpec> spec);

// Whether a row is final or late: event time + span <= watermark. Null times never are.
class WatermarkPredicate {
 public:
  WatermarkPredicate(const AggregateSpec& spec, absl::Time watermark);
  // False: nothing passes.
  bool active() const { return active_; }
  bool Passes(int64_t event_time_micros) const { return event_time_micros <= threshold_; }

 private:
  bool active_ = false;
  int64_t threshold_ = 0;
};

}  // namespace wavetank::runtime

#endif  // WAVETANK_RUNTIME_OPERATORS_AGGREGATE_H_
