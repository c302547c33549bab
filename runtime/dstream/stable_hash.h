// StableHash: the hash that decides which partition a key goes to. The same on every machine, in
// every process and build, since the tasks of one shuffle must agree on it.
//
// A user's key type joins by an overload of HashKey(const T&) in its own namespace.
#ifndef WAVETANK_RUNTIME_DSTREAM_STABLE_HASH_H_
#define WAVETANK_RUNTIME_DSTREAM_STABLE_HASH_H_

#include <concepts>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

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

// 0.0 and -0.0 are equal, so they share a hash.
template <std::floating_point T>
uint64_t HashKey(T key) {
  const double wide = key == 0 ? 0.0 : static_cast<double>(key);
  uint64_t bits = 0;
  std::memcpy(&bits, &wide, sizeof bits);
  return MixKey(bits, 0x589965cc75374cc3u);
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
  if (left > 0) {
    uint64_t word = 0;
    std::memcpy(&word, at, left);
    hash = MixKey(hash, word);
  }
  return hash;
}
inline uint64_t HashKey(const std::string& key) { return HashKey(std::string_view(key)); }

template <typename A, typename B>
uint64_t HashKey(const std::pair<A, B>& key);
template <typename... Ts>
uint64_t HashKey(const std::tuple<Ts...>& key);
template <typename T>
uint64_t HashKey(const std::vector<T>& key);

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

}  // namespace wavetank::runtime

#endif  // WAVETANK_RUNTIME_DSTREAM_STABLE_HASH_H_
