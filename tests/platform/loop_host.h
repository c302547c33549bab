// The smallest host of an executor: runs what is ready, oldest first, until nothing is.
#ifndef WAVETANK_TESTS_PLATFORM_LOOP_HOST_H_
#define WAVETANK_TESTS_PLATFORM_LOOP_HOST_H_

#include "platform/executor.h"

namespace wavetank::platform {

struct LoopHost : Executor::Host {
  Executor executor{*this};
  void OnWorkReady() override {}
  void RunUntilIdle() {
    while (executor.ready_count() > 0) executor.RunOne();
  }
};

}  // namespace wavetank::platform

#endif  // WAVETANK_TESTS_PLATFORM_LOOP_HOST_H_
