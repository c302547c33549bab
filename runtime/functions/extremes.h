// Of each group the row whose last column is least, or greatest: the first that came of several.
#ifndef WAVETANK_RUNTIME_FUNCTIONS_EXTREMES_H_
#define WAVETANK_RUNTIME_FUNCTIONS_EXTREMES_H_

#include <memory>
#include <span>

#include "runtime/functions/function.h"

namespace wavetank::runtime {

enum class Extreme : uint8_t { kLeast, kGreatest };

// Arguments and partials are the columns of that row, all null while there is none: rows whose last
// column is null do not count. NaN is above all else. REQUIRES: storable types, the last ordered.
std::unique_ptr<AggregateState> MakeExtremes(std::span<const DataType> columns, Extreme which);

}  // namespace wavetank::runtime

#endif  // WAVETANK_RUNTIME_FUNCTIONS_EXTREMES_H_
