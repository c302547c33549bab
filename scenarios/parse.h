// Reads scenario text. Every message to the user begins with file:line:column (counted from 1).
#ifndef WAVETANK_SCENARIOS_PARSE_H_
#define WAVETANK_SCENARIOS_PARSE_H_

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

#include "scenarios/scenario.pb.h"

namespace wavetank::scenarios {

// The content of a file of the host; its path is as the scenario file has it.
using ReadHostFile = std::function<absl::StatusOr<std::string>(const std::string& path)>;

// Where each field of a parsed scenario stands, for errors of meaning that are found later.
class SourcePlaces;

struct ParsedScenario {
  // Of a scenario that a program made and nobody wrote. Errors name it instead of a place.
  static ParsedScenario Of(Scenario scenario);

  std::string file;
  std::shared_ptr<const Scenario> scenario;  // shared: places are known by its messages' addresses
  std::shared_ptr<const SourcePlaces> places;  // null: it was not written

  // kInvalidArgument: "file:line:column: text" for a field of `message`, one of the scenario's;
  // `index` counts within a repeated field. A field that the file lacks is placed at its message.
  absl::Status ErrorAt(const google::protobuf::Message& message, std::string_view field, int index,
                       std::string_view text) const;
};

// kInvalidArgument names the first thing that is wrong with the text, and the nearest right name
// for a field or value that does not exist. Checks the form; validate.h checks the meaning.
// `read_host_file`: reads what parameters have in a file, which then is their value. Null: those
// are left as they are, and the job cannot be run.
absl::StatusOr<ParsedScenario> ParseScenario(std::string file, const std::string& text,
                                             const ReadHostFile& read_host_file = nullptr);

}  // namespace wavetank::scenarios

#endif  // WAVETANK_SCENARIOS_PARSE_H_
