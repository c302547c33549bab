// A string as a timestamp, by what docs/functions.md says of casts alone.
#ifndef WAVETANK_PROPERTIES_INTERPRETER_TIME_OF_TEXT_H_
#define WAVETANK_PROPERTIES_INTERPRETER_TIME_OF_TEXT_H_

#include <cstdint>
#include <optional>
#include <string>

namespace wavetank::properties {

// Without spaces and control characters of ASCII at both ends.
std::string Stripped(const std::string& text);

// Microseconds since 1970; nullopt: the text is none.
std::optional<int64_t> TimeOfText(const std::string& text);

}  // namespace wavetank::properties

#endif  // WAVETANK_PROPERTIES_INTERPRETER_TIME_OF_TEXT_H_
