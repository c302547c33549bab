// Programs by chance: of files, receivers and constants, a few calls deep.
#ifndef WAVETANK_PROPERTIES_PROGRAMS_DRAW_PROGRAM_H_
#define WAVETANK_PROPERTIES_PROGRAMS_DRAW_PROGRAM_H_

#include <cstdint>

#include "properties/choices.h"
#include "properties/programs/program.h"

namespace wavetank::properties {

struct ProgramDraw {
  int64_t calls = 7;        // besides inputs, at most
  bool receivers = true;    // some of the inputs are such
  bool keeps_rules = true;  // else windows, and what meets, may be anything
};

// One that ParseProgram reads; if it keeps the rules, none that is refused. Every line of it is
// saved, or is needed for one that is; at least one of its inputs comes from outside. How many rows
// it makes of a few dozens that come in one batch is bounded.
StreamProgram DrawProgram(const Choices& choices, const ProgramDraw& draw);

}  // namespace wavetank::properties

#endif  // WAVETANK_PROPERTIES_PROGRAMS_DRAW_PROGRAM_H_
