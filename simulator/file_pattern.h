// Patterns that name the files a fault may befall: "checkpoint/log/log-*".
#ifndef WAVETANK_SIMULATOR_FILE_PATTERN_H_
#define WAVETANK_SIMULATOR_FILE_PATTERN_H_

#include <string_view>

namespace wavetank::simulator {

// Whether the whole of `path` matches: a "*" stands for any characters, "/" and none included, and
// every other character for itself.
bool MatchesFilePattern(std::string_view pattern, std::string_view path);

}  // namespace wavetank::simulator

#endif  // WAVETANK_SIMULATOR_FILE_PATTERN_H_
