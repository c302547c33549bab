// Inspect: a checkpoint as text, for people.
//
// Prints every file below a directory of a store, each kind in its own terms: the epochs, seals and
// groups of fenced logs with their records, state files with their lineage, and everything else by
// name and size. What is damaged is named in its place, and the rest goes on. It changes nothing;
// the log's owner may be at work meanwhile.
#ifndef WAVETANK_CHECKPOINT_INSPECT_H_
#define WAVETANK_CHECKPOINT_INSPECT_H_

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

#include "checkpoint/store.h"

namespace wavetank::checkpoint {

// One line for a record of a log, or "" if it is not this reader's.
using DescribeRecord = std::function<std::string(std::string_view record)>;

struct InspectOptions {
  // Prints each key and value of state files too.
  bool show_state = false;
  // For records of logs that are not the engines' (metadata.proto), such as a sink's.
  DescribeRecord describe_record = nullptr;
};

struct Inspection {
  std::string text;
  int damaged = 0;  // files that could not be read as what they are
  int torn = 0;     // logs whose unfinished end does not count
};

// `directory`: "" for the whole store. kNotFound if there is nothing.
Task<absl::StatusOr<Inspection>> Inspect(Store& store, std::string directory,
                                         InspectOptions options = {});

}  // namespace wavetank::checkpoint

#endif  // WAVETANK_CHECKPOINT_INSPECT_H_
