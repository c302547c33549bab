#include "simulator/machine_clock.h"

#include "platform/check.h"

namespace wavetank::simulator {
namespace {

constexpr int64_t kMillion = 1'000'000;
// Some 73 years: later than any run, and far from overflow.
constexpr int64_t kNeverNs = int64_t{1} << 61;
// 2026-01-01T00:00:00Z: virtual time 0 on an honest wall clock.
constexpr int64_t kWallOriginSeconds = 1'767'225'600;

int64_t Scale(int64_t value, int64_t numerator, int64_t denominator) {
  return static_cast<int64_t>(static_cast<__int128>(value) * numerator / denominator);
}

}  // namespace

MachineClock::MachineClock(const ClockOptions& options)
    : options_(options),
      timer_jitter_max_ns_(absl::ToInt64Nanoseconds(options.timer_jitter_max)),
      wall_offset_(options.skew) {
  SetDrift(0, options.drift_ppm);
}

int64_t MachineClock::LocalNs(int64_t true_ns) const {
  return base_local_ns_ + Scale(true_ns - base_true_ns_, kMillion + drift_ppm_, kMillion);
}

int64_t MachineClock::TrueNs(int64_t local_ns) const {
  if (local_ns <= base_local_ns_) return base_true_ns_;
  const int64_t rate = kMillion + drift_ppm_;
  const __int128 wait =
      (static_cast<__int128>(local_ns - base_local_ns_) * kMillion + rate - 1) / rate;
  return wait >= kNeverNs ? kNeverNs : base_true_ns_ + static_cast<int64_t>(wait);
}

absl::Time MachineClock::Wall(int64_t true_ns) const {
  return absl::FromUnixSeconds(kWallOriginSeconds) + absl::Nanoseconds(LocalNs(true_ns)) +
         wall_offset_;
}

void MachineClock::SetDrift(int64_t true_now_ns, int64_t drift_ppm) {
  WT_CHECK(-kMillion < drift_ppm && drift_ppm < kMillion);
  base_local_ns_ = LocalNs(true_now_ns);
  base_true_ns_ = true_now_ns;
  drift_ppm_ = drift_ppm;
}

}  // namespace wavetank::simulator
