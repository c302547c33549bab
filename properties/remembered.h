// Remembered: decodes files anew only when their bytes have changed.
//
// Checkers look at every durable change of a run, and most changes leave most files alone. What is
// compared is the bytes themselves, so a change that should never have happened is seen as well.
#ifndef WAVETANK_PROPERTIES_REMEMBERED_H_
#define WAVETANK_PROPERTIES_REMEMBERED_H_

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>

#include "properties/decode_log.h"

namespace wavetank::properties {

// The files whose paths begin with some prefix, as they were last seen.
class SeenFiles {
 public:
  explicit SeenFiles(std::string prefix) : prefix_(std::move(prefix)) {}

  // Whether they differ from those of the last call in names or bytes.
  bool Changed(const DurableFiles& files);

 private:
  const std::string prefix_;
  std::map<std::string, std::string, std::less<>> seen_;
};

template <typename Result>
class Remembered {
 public:
  using Decode = std::function<Result(const DurableFiles& files)>;

  // REQUIRES: `decode` looks only at files whose paths begin with `prefix`.
  Remembered(std::string prefix, Decode decode)
      : seen_(std::move(prefix)), decode_(std::move(decode)) {}

  // Valid until the next call.
  const Result& At(const DurableFiles& files) {
    const bool changed = seen_.Changed(files);
    if (changed || !result_.has_value()) result_.emplace(decode_(files));
    return *result_;
  }

 private:
  SeenFiles seen_;
  const Decode decode_;
  std::optional<Result> result_;
};

}  // namespace wavetank::properties

#endif  // WAVETANK_PROPERTIES_REMEMBERED_H_
