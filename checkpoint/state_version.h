// StateVersion: what brings a version of state back, and what the files of one are called.
#ifndef WAVETANK_CHECKPOINT_STATE_VERSION_H_
#define WAVETANK_CHECKPOINT_STATE_VERSION_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"

#include "checkpoint/state_file.h"
#include "platform/node.h"

namespace wavetank::checkpoint {

// The files in the order they are applied: its lineage. Empty: version 0, no keys.
struct StateVersion {
  int64_t version = 0;
  std::vector<std::string> files;  // paths in the store, each written once under a unique name

  friend bool operator==(const StateVersion&, const StateVersion&) = default;
};

// Whether files are the lineage of a version, one after the other.
class LineageCheck {
 public:
  explicit LineageCheck(int64_t version) : version_(version) {}
  // kDataLoss: `path` was not written upon the file before it, or gives a later version.
  absl::Status Next(const std::string& path, const StateFileHeader& header);

 private:
  const int64_t version_;
  std::string last_;             // the name of the file before
  std::string last_stands_for_;  // and what that one stands for
};

// "7-<unique id>.delta": a name that nobody else uses.
std::string NewStateFileName(platform::Node& node, int64_t version, StateFileKind kind);
// The version in such a name; -1 if it is none.
int64_t VersionInStateFileName(std::string_view name);

}  // namespace wavetank::checkpoint

#endif  // WAVETANK_CHECKPOINT_STATE_VERSION_H_
