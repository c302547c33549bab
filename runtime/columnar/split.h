// Splitting text columns into their parts.
#ifndef WAVETANK_RUNTIME_COLUMNAR_SPLIT_H_
#define WAVETANK_RUNTIME_COLUMNAR_SPLIT_H_

#include <string_view>

#include "runtime/columnar/column.h"
#include "runtime/columnar/take.h"

namespace wavetank::runtime {

// Each row's parts, as arrays. Empty parts count, also the last one: n separators give n + 1 parts;
// null stays null. REQUIRES: a
// string column, a separator that is not empty.
Column Split(const Column& text, std::string_view separator);

// All elements of an array column, one row after the other.
Column Elements(const Column& arrays);
// Which row each of them came from.
RowNumbers RowsOfElements(const Column& arrays);

}  // namespace wavetank::runtime

#endif  // WAVETANK_RUNTIME_COLUMNAR_SPLIT_H_
