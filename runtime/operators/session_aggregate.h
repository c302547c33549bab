// Aggregates by sessions: the rows of a key that come within a gap of one another are one group.
#ifndef WAVETANK_RUNTIME_OPERATORS_SESSION_AGGREGATE_H_
#define WAVETANK_RUNTIME_OPERATORS_SESSION_AGGREGATE_H_

#include <memory>

#include "runtime/operators/aggregate.h"

namespace wavetank::runtime {

// Of partial aggregates (aggregate.h) whose last two keys are a session's start and end. Those of
// one other key of which one begins no later than the other ends become one, from the first start
// to the last end; their values are merged in the order of their starts, then that of the row that
// joins them. Then gives, at the end of every epoch:
//
//   append    sessions whose end the watermark has passed, once, when they are removed
//   otherwise all; nothing is removed
//
// State: the row key of the keys, start and end, and that of the intermediate values. No two
// sessions of a key there meet.
// kDataLoss: state or partials that this aggregate did not write.
std::unique_ptr<Operator> MakeSessionAggregate(std::shared_ptr<const AggregateSpec> spec);

}  // namespace wavetank::runtime

#endif  // WAVETANK_RUNTIME_OPERATORS_SESSION_AGGREGATE_H_
