// The one place where std::string_view meets Debian's absl::string_view, a different type there.
#ifndef WAVETANK_PLATFORM_TEXT_H_
#define WAVETANK_PLATFORM_TEXT_H_

#include <string_view>

#include "absl/strings/string_view.h"

namespace wavetank::platform {

inline absl::string_view ToAbsl(std::string_view text) { return {text.data(), text.size()}; }
inline std::string_view ToStd(absl::string_view text) { return {text.data(), text.size()}; }

}  // namespace wavetank::platform

#endif  // WAVETANK_PLATFORM_TEXT_H_
