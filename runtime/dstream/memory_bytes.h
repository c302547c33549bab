// HeapBytes: about how much memory a row takes besides its own size. What is not known takes none.
#ifndef WAVETANK_RUNTIME_DSTREAM_MEMORY_BYTES_H_
#define WAVETANK_RUNTIME_DSTREAM_MEMORY_BYTES_H_

#include <cstddef>
#include <optional>
#include <string>
#include <tuple>
#include <type_traits>
#include <vector>

namespace wavetank::runtime::internal {

// Elements of a vector; of more the others are taken to be like them.
inline constexpr size_t kMostMeasured = 1'000;

template <typename T>
size_t HeapBytes(const T& value);

template <typename T>
struct IsVector : std::false_type {};
template <typename T>
struct IsVector<std::vector<T>> : std::true_type {};
template <typename T>
struct IsOptional : std::false_type {};
template <typename T>
struct IsOptional<std::optional<T>> : std::true_type {};

template <typename T>
size_t HeapBytes(const T& value) {
  if constexpr (std::is_same_v<T, std::string>) {
    static const size_t kInPlace = std::string().capacity();
    return value.capacity() > kInPlace ? value.capacity() + 1 : 0;
  } else if constexpr (IsVector<T>::value) {
    size_t bytes = value.capacity() * sizeof(typename T::value_type);
    if constexpr (!std::is_trivially_copyable_v<typename T::value_type>) {
      // Of many some are looked at, evenly: what tasks put is measured each time.
      const size_t step = 1 + value.size() / kMostMeasured;
      size_t measured = 0;
      size_t of_elements = 0;
      for (size_t i = 0; i < value.size(); i += step, ++measured) {
        of_elements += HeapBytes(value[i]);
      }
      if (measured > 0) bytes += of_elements * value.size() / measured;
    }
    return bytes;
  } else if constexpr (IsOptional<T>::value) {
    return value.has_value() ? HeapBytes(*value) : 0;
  } else if constexpr (requires { T::Fields(); }) {
    return std::apply(
        [&value](auto... fields) { return (size_t{0} + ... + HeapBytes(value.*fields)); },
        T::Fields());
  } else if constexpr (requires { std::tuple_size<T>::value; } &&
                       !std::is_trivially_copyable_v<T>) {
    return std::apply([](const auto&... parts) { return (size_t{0} + ... + HeapBytes(parts)); },
                      value);
  } else {
    return 0;
  }
}

}  // namespace wavetank::runtime::internal

#endif  // WAVETANK_RUNTIME_DSTREAM_MEMORY_BYTES_H_
