// The status macros that Debian's Abseil lacks. The WT_CO_ forms are for coroutines.
#ifndef WAVETANK_PLATFORM_STATUS_MACROS_H_
#define WAVETANK_PLATFORM_STATUS_MACROS_H_

#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

#define WT_CONCAT_INNER_(a, b) a##b
#define WT_CONCAT_(a, b) WT_CONCAT_INNER_(a, b)

#define WT_STATUS_CHECKED_(return_keyword, name, expression) \
  do {                                                       \
    ::absl::Status name = (expression);                      \
    if (!name.ok()) return_keyword name;                     \
  } while (false)

#define WT_STATUS_ASSIGNED_(return_keyword, name, target, expression) \
  auto name = (expression);                                           \
  if (!name.ok()) return_keyword name.status();                       \
  target = *std::move(name)

// WT_RETURN_IF_ERROR(Status expression);
#define WT_RETURN_IF_ERROR(...) \
  WT_STATUS_CHECKED_(return, WT_CONCAT_(wt_status_, __LINE__), (__VA_ARGS__))
#define WT_CO_RETURN_IF_ERROR(...) \
  WT_STATUS_CHECKED_(co_return, WT_CONCAT_(wt_status_, __LINE__), (__VA_ARGS__))

// WT_ASSIGN_OR_RETURN(auto value, StatusOr expression);
#define WT_ASSIGN_OR_RETURN(target, ...) \
  WT_STATUS_ASSIGNED_(return, WT_CONCAT_(wt_status_or_, __LINE__), target, (__VA_ARGS__))
#define WT_CO_ASSIGN_OR_RETURN(target, ...) \
  WT_STATUS_ASSIGNED_(co_return, WT_CONCAT_(wt_status_or_, __LINE__), target, (__VA_ARGS__))

#endif  // WAVETANK_PLATFORM_STATUS_MACROS_H_
