#include "platform/large_pages.h"

#include <sys/mman.h>

#include <memory>

namespace wavetank::platform {

// Whole pages of the usual size: with its neighbours, the memory may fill large ones.
void PreferLargePages(void* bytes, size_t size) {
  constexpr size_t kWorthIt = size_t{1} << 20;
  constexpr size_t kPage = 4096;
  if (size < kWorthIt || std::align(kPage, kPage, bytes, size) == nullptr) return;
  madvise(bytes, size / kPage * kPage, MADV_HUGEPAGE);  // refused: pages stay as they are
}

}  // namespace wavetank::platform
