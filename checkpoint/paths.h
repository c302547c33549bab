// Paths within a store or on a disk: "/"-separated, relative, without "." or "..".
#ifndef WAVETANK_CHECKPOINT_PATHS_H_
#define WAVETANK_CHECKPOINT_PATHS_H_

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/status.h"

namespace wavetank::checkpoint {

// kInvalidArgument if `path` is not fit to name a file in a store.
absl::Status CheckPath(std::string_view path);

// The same path as shortly as it can be said: "in/", "./in" and "x/../in" are "in", "." is "". What
// leads above where it begins, and a leading "/", stays. Links are not followed.
std::string NormalPath(std::string_view path);
// Whether one is the other, or lies below it. REQUIRES: both are normal.
bool PathsOverlap(std::string_view a, std::string_view b);

// Either part may be "".
std::string JoinPath(std::string_view directory, std::string_view name);
// "" for a path of one component.
std::string ParentPath(std::string_view path);
// The last component.
std::string NameInPath(std::string_view path);

// Files under these names are invisible in a store: unfinished, or left by a process that died.
bool IsTemporary(std::string_view name);
std::string TemporaryName(uint64_t number);

}  // namespace wavetank::checkpoint

#endif  // WAVETANK_CHECKPOINT_PATHS_H_
