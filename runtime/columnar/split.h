// Splitting text columns into their parts.
#ifndef WAVETANK_RUNTIME_COLUMNAR_SPLIT_H_
#define WAVETANK_RUNTIME_COLUMNAR_SPLIT_H_

#include <string_view>

#include "runtime/columnar/column.h"
#include "runtime/columnar/take.h"

namespace wavetank::runtime {

struct SplitParts {
  Column parts;     // those of the first row, then those of the second, ...
  RowNumbers rows;  // which row each came from; empty unless asked for
};

enum class SplitRows : bool { kDrop, kKeep };

// Empty parts count, also the last one: n separators give n + 1 parts; null gives none. REQUIRES: a
// string column, a separator that is not empty.
SplitParts Split(const Column& text, std::string_view separator, SplitRows rows);

}  // namespace wavetank::runtime

#endif  // WAVETANK_RUNTIME_COLUMNAR_SPLIT_H_
