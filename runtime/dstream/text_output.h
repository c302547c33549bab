// What SaveAsTextFiles leaves in the directory of one attempt at one batch:
//
//   part-00000-<attempt of its task>    a line a row; a file for each partition
//   _SUCCESS                            written last: "parts <n>", then the names of the n parts
//                                       that count, in order, a line each
//
// A part is written whole, once, by one attempt of its task, under a name that no other attempt
// ever has: one that was taken for lost may write its part all the same, and if the functions are
// not deterministic that is another answer. So only the parts that the mark names count. (A mark
// with no more than its first line is of an older version, whose parts were part-00000 and so on,
// and all count.)
#ifndef WAVETANK_RUNTIME_DSTREAM_TEXT_OUTPUT_H_
#define WAVETANK_RUNTIME_DSTREAM_TEXT_OUTPUT_H_

#include <string>
#include <string_view>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

#include "checkpoint/store.h"
#include "platform/node.h"
#include "runtime/cluster/task.h"

namespace wavetank::runtime {

inline constexpr char kSuccessMark[] = "_SUCCESS";
inline constexpr std::string_view kPartPrefix = "part-";
// Of the name of an attempt's directory, within its batch's.
inline constexpr char kAttemptPrefix[] = "attempt-";

// `first_part`: how many parts the stages before the task's have.
inline std::string PartName(const TaskId& task, int64_t first_part = 0) {
  return absl::StrFormat("part-%05d-%s", first_part + task.partition, task.Unique());
}

// `parts`: the names, by partition.
inline std::string SuccessMark(const std::vector<std::string>& parts) {
  std::string mark = absl::StrCat("parts ", parts.size(), "\n");
  for (const std::string& part : parts) absl::StrAppend(&mark, part, "\n");
  return mark;
}

// The parts of attempts that do not count. Best effort: the mark tells them apart in any case, and
// an attempt that is a zombie's may write its part later than this.
Task<void> RemoveForeignParts(platform::Node& node, checkpoint::Store& store, std::string directory,
                              std::vector<std::string> counting);

// What earlier attempts at a batch, whose processes were killed, left half written beside their
// parts: no attempt has the directory of another, so nobody creates a file there again. Best
// effort. For batches that are not complete: that of a complete one was tidied when its mark was
// written.
Task<void> TidyAttempts(checkpoint::Store& store, std::string batch_directory);

// Marks the attempt in `directory` complete. kFailedPrecondition: another stream's attempt of that
// number is complete there.
Task<absl::Status> MarkComplete(checkpoint::Store& store, std::string directory,
                                std::vector<std::string> parts);

}  // namespace wavetank::runtime

#endif  // WAVETANK_RUNTIME_DSTREAM_TEXT_OUTPUT_H_
