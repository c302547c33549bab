// A recording: what a job met while it ran for real, in one process: its starts, its steps, and
// whether it ended in good order. A file of one JSON object a line, which grows with every start;
// what a kill -9 leaves can be read. recorded_scenario.h makes a scenario of it.
#ifndef WAVETANK_SCENARIOS_SHELL_RECORDING_H_
#define WAVETANK_SCENARIOS_SHELL_RECORDING_H_

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

#include "platform/step.h"

namespace wavetank::scenarios::shell {

// Of a start no more steps are written; how many were not is said at its end.
inline constexpr int64_t kRecordedStepsMost = 200'000;

struct RecordedStep {
  int64_t at_ms = 0;  // since its start
  std::string node;
  std::string step;
  std::map<std::string, int64_t> attributes;  // those that are numbers
  std::string query;                          // whose step it is, of a job with queries
};

struct RecordedStart {
  int64_t started_ms = 0;  // of the host's clock, since 1970
  int workers = 0;
  std::string job;
  std::map<std::string, std::string> parameters;  // as they were given; of paths, whole ones
  std::vector<RecordedStep> steps = {};
  std::optional<int> status = {};  // that it ended with; none: it was killed
};

// Writes one start.
class Recorder {
 public:
  // Behind what the file holds; what a kill has cut short is no line. kInvalidArgument: it cannot
  // be written, or is a recording of another job, of other parameters or workers.
  static absl::StatusOr<std::unique_ptr<Recorder>> Open(const std::string& file,
                                                        const RecordedStart& start);
  ~Recorder();

  // Thread-safe; each is handed to the host before the step's fault acts. Where the file takes no
  // more, that is said once, and the job goes on.
  void OnStep(const platform::StepEvent& event);
  void OnEnd(int status);

 private:
  struct State;
  explicit Recorder(std::unique_ptr<State> state);

  const std::unique_ptr<State> state_;
};

// In the order of the starts. A last line without its end is none. kInvalidArgument: it is no
// recording.
absl::StatusOr<std::vector<RecordedStart>> ReadRecording(const std::string& file);

}  // namespace wavetank::scenarios::shell

#endif  // WAVETANK_SCENARIOS_SHELL_RECORDING_H_
