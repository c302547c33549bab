// Which programs are refused, by the rules of windows (runtime/dstream/README.md), written anew: of
// a stream that has rows every so many batches a window is long, and comes, in multiples of that;
// streams that meet have rows alike; no window is of what comes of a state.
#ifndef WAVETANK_PROPERTIES_PROGRAMS_PROGRAM_RULES_H_
#define WAVETANK_PROPERTIES_PROGRAMS_PROGRAM_RULES_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "properties/programs/program.h"

namespace wavetank::properties {

// Of a call that has one, in batches.
struct ProgramWindow {
  int64_t length = 0;
  int64_t slide = 0;
};
std::optional<ProgramWindow> WindowOf(const ProgramLine& line);

bool KeepsState(const ProgramLine& line);

struct ProgramStreams {
  // By line: every how many batches it has rows; 0: whenever it is asked (constants alone).
  std::vector<int64_t> every;
  std::vector<bool> of_state;
  // The first line that is refused, and why; "": none is.
  std::string refused;

  // How often that line's rows may be asked for.
  int64_t Step(size_t line) const { return every[line] == 0 ? 1 : every[line]; }
};
// Up to the line that is refused.
ProgramStreams StreamsOf(const StreamProgram& program);

}  // namespace wavetank::properties

#endif  // WAVETANK_PROPERTIES_PROGRAMS_PROGRAM_RULES_H_
