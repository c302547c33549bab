// Names by a pattern, as Spark's pathGlobFilter takes it: "*" stands for any characters, "?" for
// one, "[a-c]" and "[^a-c]" for one of a class, "{csv,json}" for one of several, and what follows
// "\" for itself.
#ifndef WAVETANK_RUNTIME_CONNECTORS_NAME_GLOB_H_
#define WAVETANK_RUNTIME_CONNECTORS_NAME_GLOB_H_

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace wavetank::runtime {

// The pattern without braces: a pattern for each of what they say. kInvalidArgument says what is
// wrong with it.
absl::StatusOr<std::vector<std::string>> ExpandGlob(const std::string& pattern);

// Whether the whole of `name` matches. REQUIRES: one of what ExpandGlob gives.
bool MatchesGlob(std::string_view pattern, std::string_view name);

}  // namespace wavetank::runtime

#endif  // WAVETANK_RUNTIME_CONNECTORS_NAME_GLOB_H_
