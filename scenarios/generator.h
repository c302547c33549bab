// The lines of a Generator: words, or event times with a word.
#ifndef WAVETANK_SCENARIOS_GENERATOR_H_
#define WAVETANK_SCENARIOS_GENERATOR_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

#include "platform/random.h"
#include "scenarios/parse.h"

namespace wavetank::scenarios {

// REQUIRES: its numbers are within their bounds (field_bounds.h).
absl::StatusOr<std::vector<std::string>> Generate(const ParsedScenario& parsed,
                                                  const Generator& generator,
                                                  const platform::Random& random);

// Milliseconds since 1970, as they are written. REQUIRES: the format is not ANY.
std::string EventTimeText(int64_t event_ms, Generator::TimeFormat format);

}  // namespace wavetank::scenarios

#endif  // WAVETANK_SCENARIOS_GENERATOR_H_
