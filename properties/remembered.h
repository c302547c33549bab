// Remembered: decodes files anew only when they have changed.
//
// Checkers look at every durable change of a run, and most changes leave most files alone. What
// has changed is told by the bytes themselves (ObservedFiles), so a change that should never have
// happened is seen as well.
#ifndef WAVETANK_PROPERTIES_REMEMBERED_H_
#define WAVETANK_PROPERTIES_REMEMBERED_H_

#include <algorithm>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "properties/durable_files.h"

namespace wavetank::properties {

template <typename Result>
class Remembered {
 public:
  using Decode = std::function<Result(const DurableFiles& files)>;

  // REQUIRES: `decode` looks only at files whose paths begin with one of the prefixes.
  Remembered(std::vector<std::string> prefixes, Decode decode)
      : prefixes_(std::move(prefixes)), decode_(std::move(decode)) {}

  // REQUIRES: called with all that is observed. Gives whether Get would be another answer than at
  // the call before.
  bool Note(const ObservedFiles& observed) {
    const bool changed =
        std::any_of(prefixes_.begin(), prefixes_.end(),
                    [&](const std::string& prefix) { return AnyBelow(observed.changed, prefix); });
    if (changed) result_.reset();
    return changed;
  }
  // REQUIRES: `files` are those that were noted last. Valid until something is noted.
  const Result& Get(const DurableFiles& files) {
    if (!result_.has_value()) result_.emplace(decode_(files));
    return *result_;
  }

 private:
  const std::vector<std::string> prefixes_;
  const Decode decode_;
  std::optional<Result> result_;
};

}  // namespace wavetank::properties

#endif  // WAVETANK_PROPERTIES_REMEMBERED_H_
