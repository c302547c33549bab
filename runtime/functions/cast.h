// Casts, the one conversion that is written out in a plan: its target is a type.
#ifndef WAVETANK_RUNTIME_FUNCTIONS_CAST_H_
#define WAVETANK_RUNTIME_FUNCTIONS_CAST_H_

#include "runtime/columnar/column.h"
#include "runtime/types/data_type.h"

namespace wavetank::runtime {

bool CanCast(const DataType& from, const DataType& to);
// What has no value of the type is null: text that does not parse, times beyond int64. Doubles are
// cut towards zero and end at the ends of int64; timestamps count as seconds.
// REQUIRES: CanCast.
Column CastColumn(const Column& from, const DataType& to);

}  // namespace wavetank::runtime

#endif  // WAVETANK_RUNTIME_FUNCTIONS_CAST_H_
