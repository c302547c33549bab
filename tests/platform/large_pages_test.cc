#include "platform/large_pages.h"

#include <sys/mman.h>
#include <sys/prctl.h>

#include <algorithm>
#include <memory>

#include "gtest/gtest.h"

namespace wavetank::platform {
namespace {

// Of sizes with and without a whole large page, from wherever they begin.
TEST(LargePages, NothingShowsOfThem) {
  constexpr size_t kMost = size_t{9} << 20;
  for (const size_t size : {size_t{0}, size_t{1}, size_t{4} << 20, kMost - 1, kMost}) {
    const auto bytes = std::make_unique<char[]>(kMost + 1);
    std::fill_n(bytes.get(), kMost, 'x');
    PreferLargePages(bytes.get() + 1, size);
    EXPECT_EQ(std::count(bytes.get(), bytes.get() + kMost, 'x'), static_cast<ptrdiff_t>(kMost));
    bytes[kMost] = 'y';
  }
}

// There are none, or the system does not know the memory.
TEST(LargePages, NothingFailsWithoutThem) {
  constexpr size_t kSize = size_t{4} << 20;
  ASSERT_EQ(prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0), 0);
  const auto bytes = std::make_unique_for_overwrite<char[]>(kSize);
  PreferLargePages(bytes.get(), kSize);
  std::fill_n(bytes.get(), kSize, 'x');
  EXPECT_EQ(std::count(bytes.get(), bytes.get() + kSize, 'x'), static_cast<ptrdiff_t>(kSize));
  ASSERT_EQ(prctl(PR_SET_THP_DISABLE, 0, 0, 0, 0), 0);

  void* const gone = mmap(nullptr, kSize, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  ASSERT_NE(gone, MAP_FAILED);
  ASSERT_EQ(munmap(gone, kSize), 0);
  PreferLargePages(gone, kSize);
}

}  // namespace
}  // namespace wavetank::platform
