// Output modes of streaming queries.
#ifndef WAVETANK_RUNTIME_PLAN_OUTPUT_MODE_H_
#define WAVETANK_RUNTIME_PLAN_OUTPUT_MODE_H_

#include <cstdint>
#include <string_view>

#include "absl/status/statusor.h"

namespace wavetank::runtime {

// Not `OutputMode`: users call a method of that name.
enum class QueryOutputMode : uint8_t {
  kAppend,    // rows once, when they are final
  kUpdate,    // rows that changed
  kComplete,  // the whole table
};

// kInvalidArgument names the mode that was probably meant.
absl::StatusOr<QueryOutputMode> ParseOutputMode(std::string_view text);
std::string_view OutputModeName(QueryOutputMode mode);

}  // namespace wavetank::runtime

#endif  // WAVETANK_RUNTIME_PLAN_OUTPUT_MODE_H_
