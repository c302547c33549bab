// The input of a scenario, made before the run: what arrives, under which name, and when.
#ifndef WAVETANK_SCENARIOS_INPUT_H_
#define WAVETANK_SCENARIOS_INPUT_H_

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

#include "platform/random.h"
#include "scenarios/parse.h"

namespace wavetank::scenarios {

// One file renamed into the input directory, or one write to a socket.
struct ArrivingFile {
  int64_t at_ms = 0;
  std::string name;
  std::vector<std::string> lines;
};
using InputPlan = std::vector<ArrivingFile>;

// Reads a file of the host, given relative to the scenario file.
using ReadHostFile = std::function<absl::StatusOr<std::string>(const std::string& path)>;

// Every generated line of words begins with the word "r<number>", and every second timed record has
// it as its word: the record's id, which the program carries along as ordinary data.
absl::StatusOr<InputPlan> PlanInput(const ParsedScenario& parsed, const Input& input,
                                    const platform::Random& random,
                                    const ReadHostFile& read_host_file);

// The ids among the words of `lines`, in order.
std::vector<std::string> RecordIds(const std::vector<std::string>& lines);
bool IsRecordId(const std::string& word);

}  // namespace wavetank::scenarios

#endif  // WAVETANK_SCENARIOS_INPUT_H_
