// The first row of those that are alike in their key columns.
#ifndef WAVETANK_RUNTIME_OPERATORS_DROP_DUPLICATES_H_
#define WAVETANK_RUNTIME_OPERATORS_DROP_DUPLICATES_H_

#include <cstdint>
#include <memory>
#include <optional>

#include "runtime/columnar/schema.h"
#include "runtime/operators/operator.h"

namespace wavetank::runtime {

struct DropDuplicatesSpec {
  int keys = 0;  // the first columns; their partitions too
  // Of the rows that come: the keys, normalised, and then the rows' own columns. Keys are storable.
  SchemaPtr rows = nullptr;
  SchemaPtr output = nullptr;  // the own columns
  // Rows whose time in this column of `rows` + span is at or below Epoch::late are late, and
  // dropped; -1: none is. Null times never are.
  int event_time_column = -1;
  int64_t span_micros = 0;
  // How long a row's likes are known to be such. Unset: until the watermark has passed the time
  // (+ span) that all of them have, if the event time column is one of the keys, else for ever.
  // Set: until it has reached the first one's time + span + this; those that are dropped do not
  // extend it, and nothing ends it if that time is null. REQUIRES: then, an event time column.
  std::optional<int64_t> within_micros = std::nullopt;
};

// Gives the rows that it does not drop, in their order, as they come. Null keys are alike.
//
// State: the row key of the keys; nothing, or until when it is known, as the row key of that time.
// What has ended is removed at the end of the epoch.
// kDataLoss: rows of other columns.
std::unique_ptr<Operator> MakeDropDuplicates(std::shared_ptr<const DropDuplicatesSpec> spec);

}  // namespace wavetank::runtime

#endif  // WAVETANK_RUNTIME_OPERATORS_DROP_DUPLICATES_H_
