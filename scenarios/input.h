// The input of a scenario, made before the run: what arrives, under which name, and when.
#ifndef WAVETANK_SCENARIOS_INPUT_H_
#define WAVETANK_SCENARIOS_INPUT_H_

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

#include "platform/random.h"
#include "scenarios/fakes/log_feed.h"
#include "scenarios/parse.h"

namespace wavetank::scenarios {

// What an input supplies: a directory, into which its files come, a server, which writes it, or a
// topic of a server.
struct InputPlace {
  std::string directory = {};
  std::string server = {};  // its address
  std::string topic = {};

  friend auto operator<=>(const InputPlace&, const InputPlace&) = default;
};

// One file renamed into the input directory, one write to a socket or a topic; or a file's removal.
struct ArrivingFile {
  int64_t at_ms = 0;
  InputPlace place = {};
  std::string name;
  std::string text = {};
  std::vector<std::string> lines = {};  // of the text
  bool removed = false;
  // How long before it a file of this name was removed; -1: none was.
  int64_t gone_for_ms = -1;
  // Of a topic.
  fakes::LogWrite write = {};
};
// In order of time.
using InputPlan = std::vector<ArrivingFile>;

// The arrival that first gave the file of this name; null if none did.
const ArrivingFile* FindArrival(const InputPlan& plan, std::string_view name);
// How often a file of this name is input by the rule of file sources, at most: it is so again after
// it was gone for long enough, by a clock that may be a fifth too fast.
int64_t TimesInput(const InputPlan& plan, std::string_view name, int64_t forget_after_ms);

// How many records the inputs have, as far as the scenario says: a file of the host is none.
int64_t RecordsOf(const Scenario& scenario);

// Whether some file comes twice, so that what came first is not what the source gave first.
bool IsRewound(const InputPlan& plan);

// "\n", "\r\n" and "\r" each end a line.
std::vector<std::string> LinesOfText(const std::string& text);

// Every generated line of words begins with the word "r<number>", and every second timed record has
// it as its word: the record's id, which the program carries along as ordinary data. A record that
// comes twice has one id, and counts twice.
absl::StatusOr<InputPlan> PlanInput(const ParsedScenario& parsed, const Input& input,
                                    const platform::Random& random,
                                    const ReadHostFile& read_host_file);

// The ids among the words of `lines`, in order.
std::vector<std::string> RecordIds(const std::vector<std::string>& lines);
bool IsRecordId(const std::string& word);

}  // namespace wavetank::scenarios

#endif  // WAVETANK_SCENARIOS_INPUT_H_
