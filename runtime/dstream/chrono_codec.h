// Codecs of the standard library's durations, and of its times of the system's clock, for programs
// that have some: include it before such rows are used.
//
// A duration is stored as its count; its unit is part of the type's name, and so of the plan's
// fingerprint. Times of other clocks mean nothing in another process. They are values, not keys:
// make a number of what is to be one (value.count()).
#ifndef WAVETANK_RUNTIME_DSTREAM_CHRONO_CODEC_H_
#define WAVETANK_RUNTIME_DSTREAM_CHRONO_CODEC_H_

#include <chrono>
#include <concepts>
#include <cstdint>
#include <ratio>
#include <string>
#include <type_traits>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"

#include "runtime/dstream/codec.h"

namespace wavetank::runtime {

namespace internal {

// As std::format shows them: "15ms", "2min", "7[2/3]s".
template <typename Period>
std::string UnitOf() {
  if constexpr (std::is_same_v<Period, std::nano>) return "ns";
  if constexpr (std::is_same_v<Period, std::micro>) return "us";
  if constexpr (std::is_same_v<Period, std::milli>) return "ms";
  if constexpr (std::is_same_v<Period, std::ratio<1>>) return "s";
  if constexpr (std::is_same_v<Period, std::ratio<60>>) return "min";
  if constexpr (std::is_same_v<Period, std::ratio<3600>>) return "h";
  if constexpr (std::is_same_v<Period, std::ratio<86400>>) return "d";
  if constexpr (Period::den == 1) return absl::StrCat("[", Period::num, "]s");
  return absl::StrCat("[", Period::num, "/", Period::den, "]s");
}

}  // namespace internal

template <typename Rep, typename Period>
struct Codec<std::chrono::duration<Rep, Period>> {
  using Duration = std::chrono::duration<Rep, Period>;
  using Unit = typename Period::type;
  static std::string Name() {
    return absl::StrCat("duration<", Codec<Rep>::Name(), ",", internal::UnitOf<Unit>(), ">");
  }
  static void Encode(const Duration& value, std::string& out) {
    Codec<Rep>::Encode(value.count(), out);
  }
  static bool Decode(Decoder& in, Duration& value) {
    Rep count{};
    if (!Codec<Rep>::Decode(in, count)) return false;
    value = Duration(count);
    return true;
  }
  static void Show(const Duration& value, std::string& out) {
    Codec<Rep>::Show(value.count(), out);
    out.append(internal::UnitOf<Unit>());
  }
};

// Shown in UTC, as absl::Time, but for those that it cannot hold: these as their duration since
// 1970.
template <typename Clock, typename Duration>
struct Codec<std::chrono::time_point<Clock, Duration>> {
  static_assert(std::is_same_v<Clock, std::chrono::system_clock>,
                "rows of a clock's times that another process cannot read: use "
                "std::chrono::system_clock, or a duration");
  using Time = std::chrono::time_point<Clock, Duration>;
  static std::string Name() { return absl::StrCat("time<", Codec<Duration>::Name(), ">"); }
  static void Encode(const Time& value, std::string& out) {
    Codec<Duration>::Encode(value.time_since_epoch(), out);
  }
  static bool Decode(Decoder& in, Time& value) {
    Duration since{};
    if (!Codec<Duration>::Decode(in, since)) return false;
    value = Time(since);
    return true;
  }
  static void Show(const Time& value, std::string& out) {
    using Unit = typename Duration::period;
    const auto count = value.time_since_epoch().count();
    // Exact: a whole number of units, each a whole number of nanoseconds or of seconds.
    if constexpr (std::integral<typename Duration::rep> && Unit::num == 1 &&
                  std::nano::den % Unit::den == 0) {
      const int64_t seconds = count / Unit::den - (count % Unit::den < 0 ? 1 : 0);
      const int64_t rest = count - seconds * Unit::den;
      Codec<absl::Time>::Show(
          absl::FromUnixSeconds(seconds) + absl::Nanoseconds(rest * (std::nano::den / Unit::den)),
          out);
    } else {
      Codec<Duration>::Show(value.time_since_epoch(), out);
    }
  }
};

}  // namespace wavetank::runtime

#endif  // WAVETANK_RUNTIME_DSTREAM_CHRONO_CODEC_H_
