// MapWithAttempt: a Map whose function is told which attempt of which task calls it.
//
//   MapWithAttempt(context, lines, [](std::string line, const std::string& attempt) { … })
//
// `attempt` is TaskId::Unique(), which no other run of any task has: what is made of it differs
// from run to run, so rows that carry it show which attempts they come from.
#ifndef WAVETANK_RUNTIME_DSTREAM_MAP_WITH_ATTEMPT_H_
#define WAVETANK_RUNTIME_DSTREAM_MAP_WITH_ATTEMPT_H_

#include <memory>
#include <string>
#include <type_traits>
#include <utility>

#include "runtime/dstream/dstream.h"
#include "runtime/dstream/run_map_operator.h"
#include "runtime/dstream/streaming_context.h"

namespace wavetank::runtime {

// function(row, attempt) gives the new row. REQUIRES: the stream is the context's.
template <typename T, typename F,
          typename U = std::decay_t<std::invoke_result_t<const F&, T, const std::string&>>>
DStream<U> MapWithAttempt(StreamingContext& context, DStream<T> stream, F function) {
  auto map = internal::MapOfRun<T, U>("MapWithAttempt", false,
                                      [f = std::move(function)](T row, const TaskRun& run) {
                                        return f(std::move(row), run.attempt);
                                      });
  return DStream<U>(context.graph(), context.graph().Add({stream.id()}, std::move(map)));
}

}  // namespace wavetank::runtime

#endif  // WAVETANK_RUNTIME_DSTREAM_MAP_WITH_ATTEMPT_H_
