// StableHash: the hash that decides which partition a key goes to. The same on every machine, in
// every process and build, since the tasks of one shuffle must agree on it.
//
// A user's key type joins by an overload of HashKey(const T&) in its own namespace, and by its ==.
#ifndef WAVETANK_RUNTIME_DSTREAM_STABLE_HASH_H_
#define WAVETANK_RUNTIME_DSTREAM_STABLE_HASH_H_

#include <algorithm>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include "absl/time/time.h"

namespace wavetank::runtime {

// Multiplies to 128 bits and folds, the mixing step of wyhash (Wang Yi, public domain).
inline uint64_t MixKey(uint64_t a, uint64_t b) {
  const auto product =
      static_cast<unsigned __int128>(a ^ 0x9e3779b97f4a7c15u) * (b ^ 0xe7037ed1a0b428dbu);
  return static_cast<uint64_t>(product) ^ static_cast<uint64_t>(product >> 64);
}

template <typename T>
  requires std::integral<T>
uint64_t HashKey(T key) {
  return MixKey(static_cast<uint64_t>(key), 0x8ebc6af09c88c6e3u);
}

// 0.0 and -0.0 are one key, and so are all NaNs (SameKey): they share a hash.
template <std::floating_point T>
uint64_t HashKey(T key) {
  const double wide = key == 0          ? 0.0
                      : std::isnan(key) ? std::numeric_limits<double>::quiet_NaN()
                                        : static_cast<double>(key);
  uint64_t bits = 0;
  std::memcpy(&bits, &wide, sizeof bits);
  return MixKey(bits, 0x589965cc75374cc3u);
}

// 1 to 7 bytes as a number, the first the lowest: by reads of fixed sizes, which may overlap.
inline uint64_t LastBytes(const char* at, size_t size) {
  if (size >= 4) {
    uint32_t low = 0;
    uint32_t high = 0;
    std::memcpy(&low, at, 4);
    std::memcpy(&high, at + size - 4, 4);
    return low | static_cast<uint64_t>(high) << (8 * (size - 4));
  }
  const auto byte = [at](size_t i) { return uint64_t{static_cast<uint8_t>(at[i])} << (8 * i); };
  return byte(0) | byte(size / 2) | byte(size - 1);
}

inline uint64_t HashKey(std::string_view key) {
  uint64_t hash = MixKey(key.size(), 0x1d8e4e27c47d124fu);
  size_t left = key.size();
  const char* at = key.data();
  for (; left >= 8; left -= 8, at += 8) {
    uint64_t word = 0;
    std::memcpy(&word, at, 8);
    hash = MixKey(hash, word);
  }
  if (left > 0) hash = MixKey(hash, LastBytes(at, left));
  return hash;
}
inline uint64_t HashKey(const std::string& key) { return HashKey(std::string_view(key)); }
// Of one nanosecond, one hash.
inline uint64_t HashKey(absl::Time key) { return HashKey(absl::ToUnixNanos(key)); }

template <typename A, typename B>
uint64_t HashKey(const std::pair<A, B>& key);
template <typename... Ts>
uint64_t HashKey(const std::tuple<Ts...>& key);
template <typename T>
uint64_t HashKey(const std::vector<T>& key);
template <typename T>
  requires requires { T::Fields(); }
uint64_t HashKey(const T& key);
template <typename T>
  requires(std::is_enum_v<T>)
uint64_t HashKey(T key);

template <typename A, typename B>
uint64_t HashKey(const std::pair<A, B>& key) {
  return MixKey(HashKey(key.first), HashKey(key.second));
}
template <typename... Ts>
uint64_t HashKey(const std::tuple<Ts...>& key) {
  return std::apply(
      [](const auto&... fields) {
        uint64_t hash = sizeof...(fields);
        ((hash = MixKey(hash, HashKey(fields))), ...);
        return hash;
      },
      key);
}
template <typename T>
uint64_t HashKey(const std::vector<T>& key) {
  uint64_t hash = key.size();
  for (const T& element : key) hash = MixKey(hash, HashKey(element));
  return hash;
}

// Of a struct that names its fields (codec.h), and of an enum.
template <typename T>
  requires requires { T::Fields(); }
uint64_t HashKey(const T& key) {
  return std::apply([&key](auto... fields) { return HashKey(std::tie(key.*fields...)); },
                    T::Fields());
}
template <typename T>
  requires(std::is_enum_v<T>)
uint64_t HashKey(T key) {
  return HashKey(static_cast<std::underlying_type_t<T>>(key));
}

// Whether two keys are one: as ==, but that every NaN is NaN, as among the keys of a query. What is
// one key has one hash.
template <typename T>
bool SameKey(const T& a, const T& b) {
  return a == b;
}
template <std::floating_point T>
bool SameKey(const T& a, const T& b) {
  return a == b || (std::isnan(a) && std::isnan(b));
}

// Words are short: no call for them.
inline bool SameKey(std::string_view a, std::string_view b) {
  const size_t size = a.size();
  if (size != b.size()) return false;
  if (size > 16) return std::memcmp(a.data(), b.data(), size) == 0;
  if (size < 8) return size == 0 || LastBytes(a.data(), size) == LastBytes(b.data(), size);
  const auto word = [](const char* at) {
    uint64_t bytes = 0;
    std::memcpy(&bytes, at, 8);
    return bytes;
  };
  return word(a.data()) == word(b.data()) && word(a.data() + size - 8) == word(b.data() + size - 8);
}

template <typename A, typename B>
bool SameKey(const std::pair<A, B>& a, const std::pair<A, B>& b);
template <typename... Ts>
bool SameKey(const std::tuple<Ts...>& a, const std::tuple<Ts...>& b);
template <typename T>
bool SameKey(const std::vector<T>& a, const std::vector<T>& b);
template <typename T>
  requires requires { T::Fields(); }
bool SameKey(const T& a, const T& b);

template <typename A, typename B>
bool SameKey(const std::pair<A, B>& a, const std::pair<A, B>& b) {
  return SameKey(a.first, b.first) && SameKey(a.second, b.second);
}
template <typename... Ts>
bool SameKey(const std::tuple<Ts...>& a, const std::tuple<Ts...>& b) {
  return [&]<size_t... I>(std::index_sequence<I...>) {
    return (SameKey(std::get<I>(a), std::get<I>(b)) && ...);
  }(std::index_sequence_for<Ts...>());
}
template <typename T>
bool SameKey(const std::vector<T>& a, const std::vector<T>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](const T& left, const T& right) { return SameKey(left, right); });
}
template <typename T>
  requires requires { T::Fields(); }
bool SameKey(const T& a, const T& b) {
  return std::apply([&](auto... fields) { return (SameKey(a.*fields, b.*fields) && ...); },
                    T::Fields());
}

}  // namespace wavetank::runtime

#endif  // WAVETANK_RUNTIME_DSTREAM_STABLE_HASH_H_
