// WaitNotice: when somebody who waits should say so: after a second, then each time the wait has
// doubled. It has no timer: whoever waits wakes up for it, or looks at each attempt.
#ifndef WAVETANK_PLATFORM_WAIT_NOTICE_H_
#define WAVETANK_PLATFORM_WAIT_NOTICE_H_

#include <algorithm>
#include <string>

#include "absl/time/time.h"

#include "platform/clock.h"

namespace wavetank::platform {

class WaitNotice {
 public:
  explicit WaitNotice(MonotonicTime since) : since_(since) {}

  // True once for each time that it is due.
  bool Due(MonotonicTime now) {
    if (now < next_) return false;
    next_ = now + std::min(now - since_, kRarest);
    return true;
  }
  absl::Duration UntilDue(MonotonicTime now) const {
    return std::max(next_ - now, absl::ZeroDuration());
  }
  // "3s": how long the wait has been, in whole seconds.
  std::string Waited(MonotonicTime now) const {
    return absl::FormatDuration(absl::Trunc(now - since_, absl::Seconds(1)));
  }

 private:
  static constexpr absl::Duration kRarest = absl::Minutes(5);

  MonotonicTime since_;
  MonotonicTime next_ = since_ + absl::Seconds(1);
};

}  // namespace wavetank::platform

#endif  // WAVETANK_PLATFORM_WAIT_NOTICE_H_
