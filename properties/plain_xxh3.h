// XXH3 of 64 bits with seed 0, a lane at a time, written from the algorithm's specification: the
// checkers must not share code with what they check.
#ifndef WAVETANK_PROPERTIES_PLAIN_XXH3_H_
#define WAVETANK_PROPERTIES_PLAIN_XXH3_H_

#include <cstdint>
#include <string_view>

namespace wavetank::properties {

uint64_t PlainXxh3(std::string_view bytes);

}  // namespace wavetank::properties

#endif  // WAVETANK_PROPERTIES_PLAIN_XXH3_H_
