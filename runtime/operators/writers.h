// The last operators of fragments: they write what they are given to the fragment's outlet.
#ifndef WAVETANK_RUNTIME_OPERATORS_WRITERS_H_
#define WAVETANK_RUNTIME_OPERATORS_WRITERS_H_

#include <memory>

#include "runtime/operators/operator.h"

namespace wavetank::runtime {

// Each row to the partition of its first `keys` columns, which are normalised (row_key.h).
std::unique_ptr<Operator> MakeExchangeWriter(int keys, int partitions);

// Each row to the sink.
std::unique_ptr<Operator> MakeSinkWriter();

}  // namespace wavetank::runtime

#endif  // WAVETANK_RUNTIME_OPERATORS_WRITERS_H_
