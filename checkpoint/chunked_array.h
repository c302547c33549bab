// ChunkedArray: a vector of plain values that grows without moving what it holds, once it is large.
//
// A vector that doubles wastes up to half of its memory, and copies all of it now and then. Here
// the first chunk doubles like a vector's until it is full, and every further one is full-sized.
#ifndef WAVETANK_CHECKPOINT_CHUNKED_ARRAY_H_
#define WAVETANK_CHECKPOINT_CHUNKED_ARRAY_H_

#include <algorithm>
#include <cstddef>
#include <memory>
#include <type_traits>
#include <utility>
#include <vector>

namespace wavetank::checkpoint {

template <typename T>
class ChunkedArray {
  static_assert(std::is_trivially_copyable_v<T>);

 public:
  size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  T& operator[](size_t at) { return chunks_[at >> kChunkBits][at & (kChunk - 1)]; }
  const T& operator[](size_t at) const { return chunks_[at >> kChunkBits][at & (kChunk - 1)]; }

  void push_back(const T& value) {
    if (size_ == capacity_) Grow();
    (*this)[size_++] = value;
  }
  // REQUIRES: size <= this->size().
  void Truncate(size_t size) { size_ = size; }

 private:
  static constexpr size_t kChunkBits = 16;
  static constexpr size_t kChunk = size_t{1} << kChunkBits;
  static constexpr size_t kSmallest = 16;

  void Grow() {
    if (capacity_ >= kChunk || chunks_.empty()) {
      const size_t added = chunks_.empty() ? kSmallest : kChunk;
      chunks_.push_back(std::make_unique_for_overwrite<T[]>(added));
      capacity_ += added;
      return;
    }
    auto larger = std::make_unique_for_overwrite<T[]>(capacity_ * 2);
    std::copy_n(chunks_[0].get(), size_, larger.get());
    chunks_[0] = std::move(larger);
    capacity_ *= 2;
  }

  std::vector<std::unique_ptr<T[]>> chunks_;
  size_t size_ = 0;
  size_t capacity_ = 0;
};

}  // namespace wavetank::checkpoint

#endif  // WAVETANK_CHECKPOINT_CHUNKED_ARRAY_H_
