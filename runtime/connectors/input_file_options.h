// What a job may say about the files that it reads, in either engine (source_directory.h).
#ifndef WAVETANK_RUNTIME_CONNECTORS_INPUT_FILE_OPTIONS_H_
#define WAVETANK_RUNTIME_CONNECTORS_INPUT_FILE_OPTIONS_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace wavetank::runtime {

// What a file that is gone, or no longer what it was, does to the batch that has it.
enum class LostFiles {
  kStop,  // its records are lost: the job stops, naming it
  kSkip,  // counted and said, and the job goes on without it
};

struct InputFileOptions {
  // Names that are not input, besides those of the rule: "*" stands for any characters.
  std::vector<std::string> ignored_names = {};
  absl::Duration forget_after = absl::Minutes(10);
  LostFiles lost = LostFiles::kStop;
  // A line is held in memory whole, several times: a file with a longer one is refused.
  uint64_t max_line_bytes = uint64_t{128} << 20;

  friend bool operator==(const InputFileOptions&, const InputFileOptions&) = default;
};

// From "*.bak,core"; "10m"; "skip" or "stop"; "1000000". kInvalidArgument names the option and says
// what it takes. A text that is empty changes nothing.
absl::StatusOr<InputFileOptions> ParseInputFileOptions(const std::string& ignored_names,
                                                       const std::string& forget_after,
                                                       const std::string& lost,
                                                       const std::string& max_line_bytes);

// kFailedPrecondition: the file has a line that is longer than it may be, which begins at `offset`
// and of which `so_far` bytes are known.
absl::Status LineTooLong(const std::string& path, uint64_t offset, uint64_t so_far,
                         const InputFileOptions& options);

}  // namespace wavetank::runtime

#endif  // WAVETANK_RUNTIME_CONNECTORS_INPUT_FILE_OPTIONS_H_
