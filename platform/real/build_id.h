// Which build of a program this is.
#ifndef WAVETANK_PLATFORM_REAL_BUILD_ID_H_
#define WAVETANK_PLATFORM_REAL_BUILD_ID_H_

#include <string>

namespace wavetank::platform {

// The hash that the linker left in the running program (its NT_GNU_BUILD_ID note, as `readelf -n`
// shows it), in hexadecimal digits; "" if it left none.
std::string BuildId();

}  // namespace wavetank::platform

#endif  // WAVETANK_PLATFORM_REAL_BUILD_ID_H_
