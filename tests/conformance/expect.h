// Expectations within coroutines, where gtest's ASSERT_ macros cannot return.
#ifndef WAVETANK_TESTS_CONFORMANCE_EXPECT_H_
#define WAVETANK_TESTS_CONFORMANCE_EXPECT_H_

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "gtest/gtest.h"

#include "platform/status_macros.h"

namespace wavetank::conformance {

inline const absl::Status& StatusOf(const absl::Status& status) { return status; }
template <typename T>
const absl::Status& StatusOf(const absl::StatusOr<T>& result) {
  return result.status();
}

}  // namespace wavetank::conformance

#define WT_EXPECT_CODE(expected, ...)                                 \
  do {                                                                \
    const auto wt_result = (__VA_ARGS__);                             \
    EXPECT_EQ(StatusOf(wt_result).code(), absl::StatusCode::expected) \
        << #__VA_ARGS__ << ": " << StatusOf(wt_result);               \
  } while (false)

// WT_CO_OK(Status expression); ends the coroutine if it fails.
#define WT_CO_OK(...)                                                           \
  do {                                                                          \
    const auto wt_result = (__VA_ARGS__);                                       \
    EXPECT_TRUE(wt_result.ok()) << #__VA_ARGS__ << ": " << StatusOf(wt_result); \
    if (!wt_result.ok()) co_return;                                             \
  } while (false)

// WT_CO_GET(auto value, StatusOr expression); ends the coroutine if it fails.
#define WT_CO_GET(target, ...) \
  WT_CO_GET_(WT_CONCAT_(wt_result_, __LINE__), target, #__VA_ARGS__, (__VA_ARGS__))
#define WT_CO_GET_(name, target, text, expression)          \
  auto name = (expression);                                 \
  EXPECT_TRUE(name.ok()) << text << ": " << StatusOf(name); \
  if (!name.ok()) co_return;                                \
  target = *std::move(name)

#endif  // WAVETANK_TESTS_CONFORMANCE_EXPECT_H_
