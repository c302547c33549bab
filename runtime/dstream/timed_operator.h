// MapWithTime: a Map whose function is told of which batch its row is.
//
// A row is of the batch that made it: what an input gave to a batch, or a shuffle or a state made
// in one. What gives rows on leaves that as it is: Map and the like, Union, Window, Persist.
#ifndef WAVETANK_RUNTIME_DSTREAM_TIMED_OPERATOR_H_
#define WAVETANK_RUNTIME_DSTREAM_TIMED_OPERATOR_H_

#include <memory>
#include <utility>
#include <vector>

#include "absl/time/time.h"

#include "runtime/dstream/codec.h"
#include "runtime/dstream/narrow_operators.h"
#include "runtime/dstream/operator.h"

namespace wavetank::runtime {

// One that is attached anew for the rows of each batch: those of a task are of one.
class TimedOperator : public NarrowOperator {
 public:
  using NarrowOperator::NarrowOperator;
  virtual std::unique_ptr<RowSink> AttachFor(absl::Time row_time, RowSink& downstream) const = 0;
  std::unique_ptr<RowSink> Attach(RowSink& downstream) const final {
    return AttachFor(absl::UnixEpoch(), downstream);
  }
};

namespace internal {

template <typename T, typename U, typename F>
class TimedSink final : public NarrowSink<T, U> {
 public:
  TimedSink(const StreamOperator& where, RowSink& downstream, const F& function,
            absl::Time row_time)
      : NarrowSink<T, U>(where, downstream), function_(function), row_time_(row_time) {}
  void Take(std::vector<T>& rows) override {
    this->ForEach(rows, [this](T& row) { this->GiveOwn(function_(std::move(row), row_time_)); });
  }

 private:
  const F& function_;
  const absl::Time row_time_;
};

template <typename T, typename U, typename F>
class MapWithTimeOperator final : public TimedOperator {
 public:
  explicit MapWithTimeOperator(F function)
      : TimedOperator("MapWithTime", "", Codec<U>::Name()), function_(std::move(function)) {}
  std::unique_ptr<RowSink> AttachFor(absl::Time row_time, RowSink& downstream) const override {
    return std::make_unique<TimedSink<T, U, F>>(*this, downstream, function_, row_time);
  }

 private:
  const F function_;
};

}  // namespace internal
}  // namespace wavetank::runtime

#endif  // WAVETANK_RUNTIME_DSTREAM_TIMED_OPERATOR_H_
