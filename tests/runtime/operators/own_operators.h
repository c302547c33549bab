// Operators as somebody else would write them on the interface of operator.h: an outer join with a
// watermark, one that asks another system, one with a timer. Tests, not features.
#ifndef WAVETANK_TESTS_RUNTIME_OPERATORS_OWN_OPERATORS_H_
#define WAVETANK_TESTS_RUNTIME_OPERATORS_OWN_OPERATORS_H_

#include <memory>

#include "runtime/operators/operator.h"

namespace wavetank::runtime {

// Ports 0 and 1: (time, key). For each pair of rows of one key: (left time, right time, key). Rows
// are kept until the watermark has passed their time; one without a partner by then comes out
// beside a null. Stores: rows of the left, of the right.
std::unique_ptr<Operator> MakeOwnOuterJoin();
SchemaPtr TimedKeySchema();
SchemaPtr JoinedSchema();

// (word): (word, the answer to a request for "lookup" of it).
std::unique_ptr<Operator> MakeLookup();
SchemaPtr WordSchema();
SchemaPtr LookedUpSchema();

// (word): words for which no row has come for 10 s of processing time, once.
std::unique_ptr<Operator> MakeSilence();

}  // namespace wavetank::runtime

#endif  // WAVETANK_TESTS_RUNTIME_OPERATORS_OWN_OPERATORS_H_
