// Operators without state, which make of each batch what they make of its rows: a file each.
// `schema` is of what comes out. Expressions are bound to the columns of what goes in.
#ifndef WAVETANK_RUNTIME_OPERATORS_ROW_OPERATORS_H_
#define WAVETANK_RUNTIME_OPERATORS_ROW_OPERATORS_H_

#include <memory>
#include <vector>

#include "runtime/functions/bound_expression.h"
#include "runtime/operators/operator.h"

namespace wavetank::runtime {

// A column an expression.
std::unique_ptr<Operator> MakeProject(std::vector<BoundExpression> columns, SchemaPtr schema);

// The keys as they are compared (row_key.h), then the columns that there are.
std::unique_ptr<Operator> MakeKey(std::vector<BoundExpression> keys, SchemaPtr schema);

// A row for each element of `array`: the `kept` columns, then the element. A null array, or an
// empty one, gives none.
std::unique_ptr<Operator> MakeExplode(BoundExpression array, std::vector<BoundExpression> kept,
                                      SchemaPtr schema);

// The rows for which `condition` is true: neither false nor null.
std::unique_ptr<Operator> MakeFilter(BoundExpression condition);

// All rows; watches the event times that pass (OperatorReport::event_times).
std::unique_ptr<Operator> MakeWatermark(BoundExpression event_time);

}  // namespace wavetank::runtime

#endif  // WAVETANK_RUNTIME_OPERATORS_ROW_OPERATORS_H_
