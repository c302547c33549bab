// Until when a join of streams keeps rows: by what its condition says of two event times.
#ifndef WAVETANK_PROPERTIES_INTERPRETER_JOIN_BOUNDS_H_
#define WAVETANK_PROPERTIES_INTERPRETER_JOIN_BOUNDS_H_

#include "properties/interpreter/plain_plan.h"

namespace wavetank::properties {

// `join` has its condition; its columns are the left node's, then the right one's.
//
// A side's event time is the first that it has. Rows of the other side yet to come have time + span
// above the watermark, in whole microseconds. So where the condition has `other + x <= time`, a row
// with
//
//   time <= watermark - the other's span + x
//
// meets none of them; with `<`, and microseconds being whole, so does one a microsecond later. Of
// several such bounds the one that lets go first holds.
PlainJoinBounds JoinBounds(const PlainNode& join, const PlainNode& left, const PlainNode& right);

}  // namespace wavetank::properties

#endif  // WAVETANK_PROPERTIES_INTERPRETER_JOIN_BOUNDS_H_
