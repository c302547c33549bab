// What may befall the lines of a source before anybody reads them: other places, a second coming,
// lines between them that are none. Each befalls so many lines of a million.
#ifndef WAVETANK_SCENARIOS_LINE_MISHAPS_H_
#define WAVETANK_SCENARIOS_LINE_MISHAPS_H_

#include <cstdint>
#include <string>
#include <vector>

#include "platform/random.h"

namespace wavetank::scenarios {

// A line changes places with one up to `by` places on; 0 counts as 1.
void ChangePlaces(int32_t ppm, int32_t by, platform::Random random,
                  std::vector<std::string>& lines);

// A line comes once more, up to `by` places later; 0 counts as 1.
void ComeAgain(int32_t ppm, int32_t by, platform::Random random, std::vector<std::string>& lines);

// Before a line stands one of `others`.
void InsertLines(int32_t ppm, const std::vector<std::string>& others, platform::Random random,
                 std::vector<std::string>& lines);

}  // namespace wavetank::scenarios

#endif  // WAVETANK_SCENARIOS_LINE_MISHAPS_H_
