// The directories that a job reads and writes, and that they stand apart: a job whose output lies
// in its input feeds on itself for ever, and one whose checkpoint lies in either mixes what others
// read with what they must not touch.
#ifndef WAVETANK_RUNTIME_CONNECTORS_JOB_DIRECTORIES_H_
#define WAVETANK_RUNTIME_CONNECTORS_JOB_DIRECTORIES_H_

#include <functional>
#include <string>
#include <vector>

#include "absl/status/status.h"

namespace wavetank::runtime {

struct JobDirectory {
  enum class Use {
    kInput,
    kOutput,
    kOutputPrefix,  // directories of which this is the beginning, followed by "-"
    kCheckpoint,
  };
  Use use = Use::kInput;
  std::string path;  // normal
  // Its name, where the job has several: one query may read what another writes.
  std::string query = {};
};

// "the input directory in", for people.
std::string NameOf(const JobDirectory& directory);

// kInvalidArgument names two of them that are equal or nested and must not be.
absl::Status CheckApart(const std::vector<JobDirectory>& directories);
// The same of what `resolve` makes of the paths, as it follows links.
absl::Status CheckApart(const std::vector<JobDirectory>& directories,
                        const std::function<std::string(const std::string&)>& resolve);

}  // namespace wavetank::runtime

#endif  // WAVETANK_RUNTIME_CONNECTORS_JOB_DIRECTORIES_H_
