// PreferLargePages: for much memory that is touched here and there. Where the system can, it keeps
// it in large pages, whose addresses the processor has at hand. Nothing else shows of it.
//
// It is advice, and no answer is read. Where there are no large pages (an older kernel, a setting
// of the machine, no memory in one piece, a limit that one would exceed), the system uses those of
// the usual size. The bound: of each piece of memory, at most one large page, 2 MB, is in use
// before it is needed, and none outside what was allocated. Worth it from a megabyte on: less is
// left as it is.
#ifndef WAVETANK_PLATFORM_LARGE_PAGES_H_
#define WAVETANK_PLATFORM_LARGE_PAGES_H_

#include <cstddef>

namespace wavetank::platform {

// Before the bytes are touched: what was is left as it is.
void PreferLargePages(void* bytes, size_t size);

}  // namespace wavetank::platform

#endif  // WAVETANK_PLATFORM_LARGE_PAGES_H_
