// Scenarios that are varied or made small: read, saved, and shown.
#ifndef WAVETANK_SCENARIOS_SHELL_SHRUNK_FILE_H_
#define WAVETANK_SCENARIOS_SHELL_SHRUNK_FILE_H_

#include <string>

#include "absl/status/statusor.h"

#include "scenarios/parse.h"
#include "scenarios/report.h"
#include "scenarios/scenario.pb.h"

namespace wavetank::scenarios::shell {

// A scenario file whose inputs from files of the host are lines in it, so that it may stand
// anywhere.
absl::StatusOr<ParsedScenario> ReadScenario(const std::string& file);

// Where they go unless it is said, from the working directory.
inline constexpr const char* kRegressions = "scenarios/regressions";

// By the scenario's name, in a directory that is made if need be; a file of another scenario stays
// as it is, and this one's name gets a number. Gives the path.
absl::StatusOr<std::string> SaveShrunk(Scenario scenario, const std::string& comment,
                                       const std::string& directory);

// The claim, the timeline around the violation, the verdict, and how to see it again.
void PrintShrunk(const RunReport& report, const std::string& file, const std::string& planted);

}  // namespace wavetank::scenarios::shell

#endif  // WAVETANK_SCENARIOS_SHELL_SHRUNK_FILE_H_
