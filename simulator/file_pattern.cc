#include "simulator/file_pattern.h"

namespace wavetank::simulator {

bool MatchesFilePattern(std::string_view pattern, std::string_view path) {
  const size_t star = pattern.find('*');
  if (star == std::string_view::npos) return pattern == path;
  if (path.substr(0, star) != pattern.substr(0, star)) return false;
  path.remove_prefix(star);
  pattern.remove_prefix(star + 1);
  // Each further piece as early as it comes; the last one at the end.
  for (size_t next = pattern.find('*'); next != std::string_view::npos; next = pattern.find('*')) {
    const size_t found = path.find(pattern.substr(0, next));
    if (found == std::string_view::npos) return false;
    path.remove_prefix(found + next);
    pattern.remove_prefix(next + 1);
  }
  return path.size() >= pattern.size() && path.substr(path.size() - pattern.size()) == pattern;
}

}  // namespace wavetank::simulator
