// ThreadClock: the processor's time of this thread. What others do meanwhile counts for nothing.
#ifndef WAVETANK_BENCHMARKS_THREAD_CLOCK_H_
#define WAVETANK_BENCHMARKS_THREAD_CLOCK_H_

#include <time.h>

#include <chrono>

#include "platform/check.h"

namespace wavetank {

struct ThreadClock {
  using duration = std::chrono::nanoseconds;
  static duration now() {
    timespec time{};
    WT_CHECK(clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time) == 0);
    return std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec);
  }
};

inline double Seconds(ThreadClock::duration time) {
  return std::chrono::duration<double>(time).count();
}

}  // namespace wavetank

#endif  // WAVETANK_BENCHMARKS_THREAD_CLOCK_H_
