// The name that somebody probably meant.
#ifndef WAVETANK_PLATFORM_NEAREST_NAME_H_
#define WAVETANK_PLATFORM_NEAREST_NAME_H_

#include <string>
#include <string_view>
#include <vector>

namespace wavetank::platform {

// The candidate with the smallest edit distance, if that is at most a third of its length (rounded
// up); "" otherwise. The first of equals.
std::string NearestName(std::string_view name, const std::vector<std::string>& candidates);

// `: did you mean "x"?` or, when nothing is near, "; there are a, b, c" (at most 12 of them).
std::string Suggestion(std::string_view name, const std::vector<std::string>& candidates);

}  // namespace wavetank::platform

#endif  // WAVETANK_PLATFORM_NEAREST_NAME_H_
