// The compiled forms of a query that MapTask and ReduceTask run: expressions bound to columns by
// number, in steps that each take a batch and give one.
#ifndef WAVETANK_RUNTIME_STRUCTURED_COMPILED_PLAN_H_
#define WAVETANK_RUNTIME_STRUCTURED_COMPILED_PLAN_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "runtime/columnar/record_batch.h"
#include "runtime/functions/bound_expression.h"
#include "runtime/structured/hash_aggregate.h"
#include "runtime/structured/physical_plan.h"

namespace wavetank::runtime {

enum class StepKind : uint8_t {
  kProject,    // expressions
  kExplode,    // expressions[1..], and the elements of expressions[0]
  kFilter,     // by expressions[0]
  kWatermark,  // observes expressions[0]
};

struct BatchStep {
  StepKind kind = StepKind::kProject;
  std::vector<BoundExpression> expressions;
  int operator_id = 0;
  SchemaPtr schema;  // of what it gives
};

// `event_times` may be null where there is no watermark.
RecordBatch RunSteps(const std::vector<BatchStep>& steps, RecordBatch batch, absl::Time timestamp,
                     std::map<int, EventTimeStats>* event_times);

struct MapPipeline {
  std::vector<BatchStep> steps;
};

struct AggregatePlan {
  std::vector<BoundExpression> keys;
  std::vector<DataType> key_types;
  std::vector<AggregateCall> calls;
  std::vector<BoundExpression> arguments;  // of each call, one after the other
  std::vector<DataType> intermediate;      // of each call, one after the other
  SchemaPtr partial_schema;                // keys, then intermediate columns: of partials and state
  SchemaPtr schema;                        // keys, then results
  // The key by which rows become final, once key + span is at or below the watermark; -1: none.
  int event_time_key = -1;
  int64_t span_micros = 0;
  // The key that is a window's start; -1: none. Rows without one are in no window.
  int window_key = -1;
  // From rows out of state to the query's output.
  std::vector<BatchStep> projection;
};

// From keys and intermediate columns to keys and results.
RecordBatch Results(const AggregatePlan& plan, const std::vector<Column>& columns, int64_t rows);

// Whether a row is final or late: event time + span <= watermark. Null times never are.
class WatermarkPredicate {
 public:
  WatermarkPredicate(const AggregatePlan& plan, absl::Time watermark);
  // False: nothing passes.
  bool active() const { return active_; }
  bool Passes(int64_t event_time_micros) const { return event_time_micros <= threshold_; }

 private:
  bool active_ = false;
  int64_t threshold_ = 0;
};

}  // namespace wavetank::runtime

#endif  // WAVETANK_RUNTIME_STRUCTURED_COMPILED_PLAN_H_
