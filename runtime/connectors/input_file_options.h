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
  // What names that are input match one of (name_glob.h); none: those of the rule are.
  std::vector<std::string> name_globs = {};
  absl::Duration forget_after = absl::Minutes(10);
  LostFiles lost = LostFiles::kStop;
  // Of a structured query: whether a file whose bytes are damaged, so that they cannot be
  // decompressed, is left out whole, counted and said; else the query stops, naming it.
  bool ignore_corrupt = false;
  // A line is held in memory whole, several times: a file with a longer one is refused.
  uint64_t max_line_bytes = uint64_t{128} << 20;

  friend bool operator==(const InputFileOptions&, const InputFileOptions&) = default;
};

// The same as texts; one that is empty changes nothing.
struct InputFileTexts {
  std::string ignored_names = {};   // "*.bak,core"
  std::string name_glob = {};       // "*.{csv,csv.gz}"
  std::string forget_after = {};    // "10m"
  std::string lost = {};            // "skip" or "stop"
  std::string ignore_corrupt = {};  // "true" or "false"
  std::string max_line_bytes = {};  // "1000000"
};
// kInvalidArgument names the option and says what it takes.
absl::StatusOr<InputFileOptions> ParseInputFileOptions(const InputFileTexts& texts);

// kFailedPrecondition: the file has a line that is longer than it may be, which begins at `offset`
// and of which `so_far` bytes are known.
absl::Status LineTooLong(const std::string& path, uint64_t offset, uint64_t so_far,
                         const InputFileOptions& options);

}  // namespace wavetank::runtime

#endif  // WAVETANK_RUNTIME_CONNECTORS_INPUT_FILE_OPTIONS_H_
