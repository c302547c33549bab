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
      for (const auto& element : value) bytes += HeapBytes(element);
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
