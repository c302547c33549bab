// How the files of a batch's range go to tasks: they are one run of bytes, in the order of the
// files, of which each task has an equal part. So a large file is read by many, and many small
// files by one. It depends on nothing but the range and the options, so a batch that is run again
// on another cluster merges in the same order.
#ifndef WAVETANK_RUNTIME_CONNECTORS_FILE_SPLITS_H_
#define WAVETANK_RUNTIME_CONNECTORS_FILE_SPLITS_H_

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "checkpoint/metadata.pb.h"
#include "runtime/connectors/file_split.pb.h"

namespace wavetank::runtime {

// A batch has at most this many tasks that read one source of files.
inline constexpr uint64_t kMaxSourceTasks = 32;

struct FileSplitOptions {
  // A task has about this many bytes or more, if there are so many. REQUIRES: > 0.
  uint64_t split_bytes = uint64_t{1} << 20;
  // Whether a file can be read from the middle of it.
  bool splittable = true;
};

// Without splits that would have nothing to read: none of a range without files.
std::vector<FileSplit> SplitFiles(const checkpoint::SourceRange& range,
                                  const FileSplitOptions& options);

}  // namespace wavetank::runtime

#endif  // WAVETANK_RUNTIME_CONNECTORS_FILE_SPLITS_H_
