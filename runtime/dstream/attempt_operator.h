// MapWithAttempt: a Map whose function is told which attempt of which task calls it.
//
//   MapWithAttempt(context, lines, [](std::string line, const std::string& attempt) { … })
//
// `attempt` is TaskId::Unique(), which no other run of any task has: what is made of it differs
// from run to run, so rows that carry it show which attempts they come from.
#ifndef WAVETANK_RUNTIME_DSTREAM_ATTEMPT_OPERATOR_H_
#define WAVETANK_RUNTIME_DSTREAM_ATTEMPT_OPERATOR_H_

#include <memory>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "runtime/dstream/codec.h"
#include "runtime/dstream/dstream.h"
#include "runtime/dstream/narrow_operators.h"
#include "runtime/dstream/operator.h"
#include "runtime/dstream/streaming_context.h"

namespace wavetank::runtime {

// One that is attached anew for each attempt. (Where there is none, as in a check, it is "".)
class AttemptOperator : public NarrowOperator {
 public:
  using NarrowOperator::NarrowOperator;
  virtual std::unique_ptr<RowSink> AttachFor(std::string attempt, RowSink& downstream) const = 0;
  std::unique_ptr<RowSink> Attach(RowSink& downstream) const final {
    return AttachFor("", downstream);
  }
};

namespace internal {

template <typename T, typename U, typename F>
class AttemptSink final : public NarrowSink<T, U> {
 public:
  AttemptSink(const StreamOperator& where, RowSink& downstream, const F& function,
              std::string attempt)
      : NarrowSink<T, U>(where, downstream), function_(function), attempt_(std::move(attempt)) {}
  void Take(std::vector<T>& rows) override {
    this->ForEach(rows, [this](T& row) { this->GiveOwn(function_(std::move(row), attempt_)); });
  }

 private:
  const F& function_;
  const std::string attempt_;
};

template <typename T, typename U, typename F>
class MapWithAttemptOperator final : public AttemptOperator {
 public:
  explicit MapWithAttemptOperator(F function)
      : AttemptOperator("MapWithAttempt", "", Codec<U>::Name()), function_(std::move(function)) {}
  std::unique_ptr<RowSink> AttachFor(std::string attempt, RowSink& downstream) const override {
    return std::make_unique<AttemptSink<T, U, F>>(*this, downstream, function_, std::move(attempt));
  }

 private:
  const F function_;
};

}  // namespace internal

// function(row, attempt) gives the new row. REQUIRES: the stream is the context's.
template <typename T, typename F,
          typename U = std::decay_t<std::invoke_result_t<const F&, T, const std::string&>>>
DStream<U> MapWithAttempt(StreamingContext& context, DStream<T> stream, F function) {
  auto map = std::make_unique<internal::MapWithAttemptOperator<T, U, F>>(std::move(function));
  return DStream<U>(context.graph(), context.graph().Add({stream.id()}, std::move(map)));
}

}  // namespace wavetank::runtime

#endif  // WAVETANK_RUNTIME_DSTREAM_ATTEMPT_OPERATOR_H_
