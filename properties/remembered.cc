#include "properties/remembered.h"

namespace wavetank::properties {

bool SeenFiles::Changed(const DurableFiles& files) {
  bool changed = false;
  auto seen = seen_.begin();
  for (auto file = files.lower_bound(prefix_); file != files.end(); ++file) {
    const std::string& path = file->first;
    if (path.compare(0, prefix_.size(), prefix_) != 0) break;
    while (seen != seen_.end() && seen->first < path) {
      seen = seen_.erase(seen);
      changed = true;
    }
    if (seen == seen_.end() || seen->first != path) {
      seen = seen_.emplace_hint(seen, path, file->second);
      changed = true;
    } else if (seen->second != file->second) {
      seen->second = file->second;
      changed = true;
    }
    ++seen;
  }
  if (seen != seen_.end()) {
    seen_.erase(seen, seen_.end());
    changed = true;
  }
  return changed;
}

}  // namespace wavetank::properties
