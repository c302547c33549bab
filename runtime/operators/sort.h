// All rows of an epoch in an order; the first of them.
#ifndef WAVETANK_RUNTIME_OPERATORS_SORT_H_
#define WAVETANK_RUNTIME_OPERATORS_SORT_H_

#include <cstdint>
#include <memory>
#include <vector>

#include "runtime/functions/bound_expression.h"
#include "runtime/operators/operator.h"

namespace wavetank::runtime {

struct SortKey {
  BoundExpression value;  // of a type that state holds
  bool descending = false;
  bool nulls_last = false;
};

// Numbers by value, -0 as 0 and NaN above all others; text and binary values by their bytes; false
// before true. Rows alike stay in the order in which they came. All of them are in memory.
std::unique_ptr<Operator> MakeSort(std::vector<SortKey> keys);

// The first so many rows of each epoch.
std::unique_ptr<Operator> MakeLimit(int64_t rows);

}  // namespace wavetank::runtime

#endif  // WAVETANK_RUNTIME_OPERATORS_SORT_H_
