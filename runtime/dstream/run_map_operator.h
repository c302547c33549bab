// A Map whose function is told which run of which task calls it, and of which batch its rows are:
// what MapWithTime and MapWithAttempt are made of.
#ifndef WAVETANK_RUNTIME_DSTREAM_RUN_MAP_OPERATOR_H_
#define WAVETANK_RUNTIME_DSTREAM_RUN_MAP_OPERATOR_H_

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "runtime/dstream/codec.h"
#include "runtime/dstream/narrow_operators.h"
#include "runtime/dstream/operator.h"

namespace wavetank::runtime::internal {

template <typename T, typename U, typename F>
class RunMapSink final : public NarrowSink<T, U> {
 public:
  RunMapSink(const StreamOperator& where, RowSink& downstream, const F& function, TaskRun run)
      : NarrowSink<T, U>(where, downstream), function_(function), run_(std::move(run)) {}
  void Take(std::vector<T>& rows) override {
    this->ForEach(rows, [this](T& row) { this->GiveOwn(function_(std::move(row), run_)); });
  }

 private:
  const F& function_;
  const TaskRun run_;
};

// function(row, run) gives the new row.
template <typename T, typename U, typename F>
class RunMapOperator final : public NarrowOperator {
 public:
  RunMapOperator(std::string name, bool tells_batches_apart, F function)
      : NarrowOperator(std::move(name), "", Codec<U>::Name()),
        tells_batches_apart_(tells_batches_apart),
        function_(std::move(function)) {}
  bool tells_batches_apart() const override { return tells_batches_apart_; }
  std::unique_ptr<RowSink> Attach(const TaskRun& run, RowSink& downstream) const override {
    return std::make_unique<RunMapSink<T, U, F>>(*this, downstream, function_, run);
  }

 private:
  const bool tells_batches_apart_;
  const F function_;
};

template <typename T, typename U, typename F>
std::unique_ptr<StreamOperator> MapOfRun(std::string name, bool tells_batches_apart, F function) {
  return std::make_unique<RunMapOperator<T, U, F>>(std::move(name), tells_batches_apart,
                                                   std::move(function));
}

}  // namespace wavetank::runtime::internal

#endif  // WAVETANK_RUNTIME_DSTREAM_RUN_MAP_OPERATOR_H_
