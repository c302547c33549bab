// Whether an address can be reached from this machine alone.
#ifndef WAVETANK_PLATFORM_REAL_LOOPBACK_H_
#define WAVETANK_PLATFORM_REAL_LOOPBACK_H_

#include <string>

#include "absl/status/statusor.h"

namespace wavetank::platform {

// Of "host:port", all of whose addresses must be of the loopback for that, and of "inproc:name".
// Asks the resolver, and waits for it. kInvalidArgument: not of that form; kUnavailable: the host
// is not known, which may pass.
absl::StatusOr<bool> StaysOnThisMachine(const std::string& address);

}  // namespace wavetank::platform

#endif  // WAVETANK_PLATFORM_REAL_LOOPBACK_H_
