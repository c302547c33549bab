// RecordArray: plain records of one size, which is known when it is made, by number. It grows
// without moving what it holds: each chunk is as large as all before it together, up to a size that
// is small beside so many records and large beside a page.
#ifndef WAVETANK_CHECKPOINT_RECORD_ARRAY_H_
#define WAVETANK_CHECKPOINT_RECORD_ARRAY_H_

#include <algorithm>
#include <bit>
#include <cstddef>
#include <memory>
#include <utility>
#include <vector>

#include "platform/large_pages.h"

namespace wavetank::checkpoint {

class RecordArray {
 public:
  // REQUIRES: a multiple of 4.
  explicit RecordArray(size_t record_bytes) : record_bytes_(record_bytes) {}

  size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  size_t record_bytes() const { return record_bytes_; }
  // Aligned to 4, and the first of each chunk to a line of the processor's cache.
  char* At(size_t at) {
    const Place place(at);
    return Bytes(place.chunk) + place.record * record_bytes_;
  }
  const char* At(size_t at) const {
    const Place place(at);
    return Bytes(place.chunk) + place.record * record_bytes_;
  }

  // visit(record) for each from `begin` up to `end`, in order.
  template <typename Visit>
  void ForEach(size_t begin, size_t end, const Visit& visit) const {
    while (begin < end) {
      const Place place(begin);
      const size_t count = std::min(end - begin, ChunkRecords(place.chunk) - place.record);
      const char* record = Bytes(place.chunk) + place.record * record_bytes_;
      for (size_t i = 0; i < count; ++i, record += record_bytes_) visit(record);
      begin += count;
    }
  }

  // Adds one, of whatever bytes.
  char* Add() {
    if (next_ == end_) NextChunk();
    ++size_;
    return std::exchange(next_, next_ + record_bytes_);
  }
  // REQUIRES: size <= this->size().
  void Truncate(size_t size) {
    size_ = size;
    next_ = end_ = nullptr;
    if (const Place place(size); place.record > 0) {
      next_ = Bytes(place.chunk) + place.record * record_bytes_;
      end_ = Bytes(place.chunk) + ChunkRecords(place.chunk) * record_bytes_;
    }
  }
  // Forgets all records, and keeps the memory of a few.
  void Clear() {
    if (chunks_.size() > kKeptChunks) chunks_.resize(kKeptChunks);
    Truncate(0);
  }

 private:
  // Powers of two.
  static constexpr size_t kSmallest = 16;
  static constexpr size_t kLargest = size_t{1} << 16;
  // The first of its size: those before it hold as many together.
  static constexpr size_t kFirstLargest = std::bit_width(kLargest / kSmallest);
  static constexpr size_t kKeptChunks = kFirstLargest;

  struct alignas(64) Line {
    char bytes[64];
  };

  static size_t ChunkRecords(size_t chunk) {
    if (chunk == 0) return kSmallest;
    return chunk < kFirstLargest ? kSmallest << (chunk - 1) : kLargest;
  }
  struct Place {
    explicit Place(size_t at) {
      if (at >= kLargest) {
        chunk = kFirstLargest - 1 + at / kLargest;
        record = at % kLargest;
      } else {
        chunk = static_cast<size_t>(std::bit_width(at / kSmallest));
        record = chunk == 0 ? at : at - ChunkRecords(chunk);
      }
    }
    size_t chunk;
    size_t record;
  };

  // For the record that is the first of its chunk, which may be there.
  void NextChunk() {
    const size_t chunk = Place(size_).chunk;
    const size_t bytes = ChunkRecords(chunk) * record_bytes_;
    if (chunk == chunks_.size()) {
      chunks_.push_back(
          std::make_unique_for_overwrite<Line[]>((bytes + sizeof(Line) - 1) / sizeof(Line)));
      platform::PreferLargePages(chunks_.back().get(), bytes);
    }
    next_ = Bytes(chunk);
    end_ = next_ + bytes;
  }

  char* Bytes(size_t chunk) const { return reinterpret_cast<char*>(chunks_[chunk].get()); }

  size_t record_bytes_;
  std::vector<std::unique_ptr<Line[]>> chunks_;
  size_t size_ = 0;
  // Where the next one stands, and the end of its chunk; equal: a further chunk is needed first.
  char* next_ = nullptr;
  char* end_ = nullptr;
};

}  // namespace wavetank::checkpoint

#endif  // WAVETANK_CHECKPOINT_RECORD_ARRAY_H_
