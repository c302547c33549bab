// DurableFiles: what would survive any power loss at an instant, which is all that checkers see of
// a run; and what of it is new.
#ifndef WAVETANK_PROPERTIES_DURABLE_FILES_H_
#define WAVETANK_PROPERTIES_DURABLE_FILES_H_

#include <map>
#include <set>
#include <string>
#include <string_view>

namespace wavetank::properties {

// The bytes of each file, by path.
using DurableFiles = std::map<std::string, std::string, std::less<>>;

struct ObservedFiles {
  const DurableFiles& files;
  // Paths that have appeared, are gone or have other bytes since whoever is given this was given
  // one before; others may be among them.
  const std::set<std::string>& changed;
  // Since then, on that disk: what was done and not yet synced may turn out not done.
  bool power_was_lost = false;
};

// Whether a path among those begins so.
inline bool AnyBelow(const std::set<std::string>& changed, std::string_view prefix) {
  const auto first = changed.lower_bound(std::string(prefix));
  return first != changed.end() && first->starts_with(prefix);
}

}  // namespace wavetank::properties

#endif  // WAVETANK_PROPERTIES_DURABLE_FILES_H_
