// Choosing rows of columns and batches by number.
#ifndef WAVETANK_RUNTIME_COLUMNAR_TAKE_H_
#define WAVETANK_RUNTIME_COLUMNAR_TAKE_H_

#include <cstdint>
#include <span>

#include "runtime/columnar/buffer.h"
#include "runtime/columnar/column.h"
#include "runtime/columnar/record_batch.h"

namespace wavetank::runtime {

// Batches that rows are chosen from have fewer than 2^32 rows.
using RowNumbers = BufferBuilder<uint32_t>;

// The numbers of the rows that are true: not false and not null. REQUIRES: a bool column.
RowNumbers TrueRows(const Column& condition);

// The rows of these numbers, in this order; repeats are welcome.
Column Take(const Column& column, std::span<const uint32_t> rows);
RecordBatch Take(const RecordBatch& batch, std::span<const uint32_t> rows);

inline std::span<const uint32_t> Numbers(const RowNumbers& rows) {
  return {rows.data(), rows.size()};
}

}  // namespace wavetank::runtime

#endif  // WAVETANK_RUNTIME_COLUMNAR_TAKE_H_
