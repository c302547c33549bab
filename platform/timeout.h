// WithTimeout: every wait has one.
#ifndef WAVETANK_PLATFORM_TIMEOUT_H_
#define WAVETANK_PLATFORM_TIMEOUT_H_

#include <optional>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"

#include "platform/clock.h"
#include "platform/event.h"
#include "platform/executor.h"
#include "platform/task.h"
#include "platform/task_scope.h"

namespace wavetank::platform {

namespace internal {
template <typename T>
Task<void> RunInto(Task<T> operation, std::optional<T>& result, Event& done) {
  result.emplace(co_await operation);
  done.Set();
}
}  // namespace internal

// The operation's result, or kDeadlineExceeded naming `what` once `timeout` has passed: the
// operation is destroyed then, and what it had in flight may turn out not, partly or wholly done.
// T is absl::Status or absl::StatusOr<...>.
template <typename T>
Task<T> WithTimeout(Executor& executor, Clock& clock, absl::Duration timeout, std::string what,
                    Task<T> operation) {
  std::optional<T> result;
  Event done;
  TaskScope scope(executor);
  scope.Spawn(what, internal::RunInto<T>(std::move(operation), result, done));
  const bool finished = co_await done.WaitFor(clock, timeout);
  if (!finished) {
    co_return absl::DeadlineExceededError(
        absl::StrCat(what, ": no answer within ", absl::FormatDuration(timeout)));
  }
  co_return *std::move(result);
}

}  // namespace wavetank::platform

#endif  // WAVETANK_PLATFORM_TIMEOUT_H_
