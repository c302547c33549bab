// Pieces: rows that an operator has ready, given out a few at a time.
#ifndef WAVETANK_RUNTIME_OPERATORS_PIECES_H_
#define WAVETANK_RUNTIME_OPERATORS_PIECES_H_

#include <algorithm>
#include <cstdint>
#include <utility>

#include "runtime/columnar/record_batch.h"
#include "runtime/operators/operator.h"

namespace wavetank::runtime {

class Pieces {
 public:
  bool empty() const { return next_ == rows_.num_rows(); }

  // REQUIRES: empty().
  void Set(RecordBatch rows) {
    rows_ = std::move(rows);
    next_ = 0;
  }

  // REQUIRES: not empty().
  RecordBatch Take() {
    const int64_t length = std::min(Operator::kRowsAtOnce, rows_.num_rows() - next_);
    if (length == rows_.num_rows()) {
      next_ = 0;
      return std::exchange(rows_, RecordBatch());
    }
    RecordBatch piece = rows_.Slice(next_, length);
    next_ += length;
    if (empty()) Set(RecordBatch());
    return piece;
  }

  void Clear() { Set(RecordBatch()); }

 private:
  RecordBatch rows_;
  int64_t next_ = 0;  // a multiple of kRowsAtOnce, as slices need
};

}  // namespace wavetank::runtime

#endif  // WAVETANK_RUNTIME_OPERATORS_PIECES_H_
