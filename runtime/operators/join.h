// The inner join of two streams: each pair of rows, one of either port, whose join keys are equal
// and for which the condition holds, once, in the epoch of the later one.
#ifndef WAVETANK_RUNTIME_OPERATORS_JOIN_H_
#define WAVETANK_RUNTIME_OPERATORS_JOIN_H_

#include <cstdint>
#include <memory>
#include <optional>

#include "runtime/columnar/schema.h"
#include "runtime/functions/bound_expression.h"
#include "runtime/operators/operator.h"

namespace wavetank::runtime {

// The left one is port 0 and store 0, the right one port 1 and store 1.
struct JoinSide {
  // Of the port's rows: the join keys, normalised, and then the side's own columns. All are
  // storable.
  SchemaPtr rows = nullptr;
  // Rows whose time in this column of `rows` + span is at or below Epoch::late are late and
  // dropped; -1: none is. Null times never are.
  int event_time_column = -1;
  int64_t span_micros = 0;
  // A row may be forgotten once its time in this column of `rows` is at or below Epoch::evict +
  // offset. REQUIRES: no row of the other side with a time above Epoch::evict can match it then.
  // -1: no row ever is. Null times never are.
  int evict_column = -1;
  int64_t evict_offset_micros = 0;
};

struct JoinSpec {
  int keys = 0;  // of each port the first columns, of the same types; their partitions too
  JoinSide sides[2] = {};
  SchemaPtr output = nullptr;  // the left side's own columns, then the right side's
  // Over rows of the output. Null is not true.
  std::optional<BoundExpression> condition = std::nullopt;
};

// Keys that are null equal nothing; such rows are dropped.
//
// Each row of port 0 meets the right rows of state, and is stored; then each of port 1 meets the
// left rows of state, those of this epoch too, and is stored. So pairs come in the order of the
// newer rows, and those of one row in the order in which the others were first stored. At the end
// of the epoch, what may be forgotten is removed. A right row that could be forgotten at once is
// joined and not stored; a left one is stored until the right rows of its epoch have met it.
//
// State: a row key of the port's whole row, which begins with that of the join keys, and how many
// such rows there are (u64). So what is in state depends on the rows alone, and rows alike are one
// entry.
//
// The report counts entries as state rows, stored rows as rows updated, removed entries as rows
// removed.
// kDataLoss: rows or state of other columns.
std::unique_ptr<Operator> MakeJoin(std::shared_ptr<const JoinSpec> spec);

}  // namespace wavetank::runtime

#endif  // WAVETANK_RUNTIME_OPERATORS_JOIN_H_
