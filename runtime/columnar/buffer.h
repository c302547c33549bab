// Buffer: immutable bytes that columns share. BufferBuilder<T>: grows one.
//
// The bytes begin at a multiple of 64 (a slice: at any multiple of its element), and at least 64
// zero bytes that may be read follow the last one, so kernels load whole words and vectors at the
// end without a tail loop.
#ifndef WAVETANK_RUNTIME_COLUMNAR_BUFFER_H_
#define WAVETANK_RUNTIME_COLUMNAR_BUFFER_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <type_traits>
#include <utility>

#include "platform/no_memory.h"

namespace wavetank::runtime {

class Buffer {
 public:
  static constexpr size_t kAlignment = 64;
  static constexpr size_t kPadding = 64;

  Buffer() = default;
  // REQUIRES: `bytes` is followed by kPadding readable bytes.
  Buffer(std::shared_ptr<const std::byte> bytes, size_t size_bytes)
      : bytes_(std::move(bytes)), size_bytes_(size_bytes) {}

  size_t size_bytes() const { return size_bytes_; }
  bool empty() const { return size_bytes_ == 0; }
  template <typename T>
  const T* data() const {
    return reinterpret_cast<const T*>(bytes_.get());
  }

  // The bytes from `begin_bytes` on, sharing the memory. REQUIRES: both lie within the buffer.
  Buffer Slice(size_t begin_bytes, size_t length_bytes) const {
    return Buffer(std::shared_ptr<const std::byte>(bytes_, bytes_.get() + begin_bytes),
                  length_bytes);
  }

 private:
  std::shared_ptr<const std::byte> bytes_;
  size_t size_bytes_ = 0;
};

template <typename T>
class BufferBuilder {
  static_assert(std::is_trivially_copyable_v<T>);

 public:
  BufferBuilder() = default;
  explicit BufferBuilder(size_t capacity) { Reserve(capacity); }
  BufferBuilder(BufferBuilder&& other) noexcept
      : data_(std::exchange(other.data_, nullptr)),
        size_(std::exchange(other.size_, 0)),
        capacity_(std::exchange(other.capacity_, 0)) {}
  BufferBuilder& operator=(BufferBuilder&& other) noexcept {
    std::swap(data_, other.data_);
    std::swap(size_, other.size_);
    std::swap(capacity_, other.capacity_);
    return *this;
  }
  ~BufferBuilder() { std::free(data_); }

  size_t size() const { return size_; }
  size_t capacity() const { return capacity_; }
  T* data() { return data_; }
  const T* data() const { return data_; }
  T& operator[](size_t i) { return data_[i]; }
  const T& operator[](size_t i) const { return data_[i]; }

  // Room for `more` further elements, and Buffer::kPadding writable bytes behind them.
  void Reserve(size_t more) {
    if (size_ + more > capacity_ || data_ == nullptr) Grow(size_ + more);
  }
  void Append(T value) {
    Reserve(1);
    data_[size_++] = value;
  }
  void Append(const T* values, size_t count) {
    Reserve(count);
    if (count != 0) std::memcpy(data_ + size_, values, count * sizeof(T));
    size_ += count;
  }
  void AppendRepeated(size_t count, T value) {
    Reserve(count);
    std::fill_n(data_ + size_, count, value);
    size_ += count;
  }
  // Sets the size within the capacity; what is new holds whatever was written there.
  void SetSize(size_t size) { size_ = size; }
  void Clear() { size_ = 0; }

  // Gives the bytes away; the builder is empty then.
  Buffer Finish() {
    Reserve(0);
    std::memset(static_cast<void*>(data_ + size_), 0, Buffer::kPadding);
    const size_t size_bytes = size_ * sizeof(T);
    std::shared_ptr<const std::byte> bytes(
        reinterpret_cast<const std::byte*>(data_),
        [](const std::byte* p) { std::free(const_cast<std::byte*>(p)); });
    data_ = nullptr;
    size_ = capacity_ = 0;
    return Buffer(std::move(bytes), size_bytes);
  }

 private:
  void Grow(size_t at_least) {
    const size_t wanted = std::max(at_least, capacity_ * 2) * sizeof(T) + Buffer::kPadding;
    const size_t bytes =
        (wanted + Buffer::kAlignment - 1) / Buffer::kAlignment * Buffer::kAlignment;
    T* const grown = static_cast<T*>(std::aligned_alloc(Buffer::kAlignment, bytes));
    if (grown == nullptr) platform::NoMemory();
    if (size_ != 0) std::memcpy(static_cast<void*>(grown), data_, size_ * sizeof(T));
    std::free(data_);
    data_ = grown;
    capacity_ = (bytes - Buffer::kPadding) / sizeof(T);
  }

  T* data_ = nullptr;
  size_t size_ = 0;
  size_t capacity_ = 0;
};

}  // namespace wavetank::runtime

#endif  // WAVETANK_RUNTIME_COLUMNAR_BUFFER_H_
