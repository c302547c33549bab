#include "properties/shrink.h"

#include <string>
#include <utility>
#include <vector>

namespace wavetank::properties {

ChosenHeights Shrink(ChosenHeights heights, const std::function<bool(const ChosenHeights&)>& fails,
                     int tries_max) {
  const auto take_if_fails = [&](const std::string& name, int64_t height) {
    if (--tries_max < 0) return false;
    ChosenHeights candidate = heights;
    candidate[name] = height;
    if (!fails(candidate)) return false;
    heights = std::move(candidate);
    return true;
  };
  std::vector<std::string> names;
  for (const auto& [name, height] : heights) names.push_back(name);
  bool changed = true;
  while (changed && tries_max > 0) {
    changed = false;
    for (const std::string& name : names) {
      if (heights[name] == 0) continue;
      if (take_if_fails(name, 0)) {
        changed = true;
        continue;
      }
      while (heights[name] > 1 && take_if_fails(name, heights[name] / 2)) changed = true;
    }
  }
  return heights;
}

}  // namespace wavetank::properties
