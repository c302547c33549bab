// TimeIndex: which entries have a time up to some bound. One is added by one append; those that are
// found cost what they are, and a bound that nothing has reached costs nothing.
//
// A radix heap: entries lie in 65 buckets by the highest bit in which their time differs from
// `pivot_`, so that all times of a bucket are below those of the next one. A bound within a bucket
// becomes the pivot when what it found is gone, and the bucket's other entries move, each to a
// lower bucket: as often as times have bits at most, in practice a few times.
//
// It changes what it holds at Accept alone, in between it only appends: taking back is truncating.
// So it may hold what is not there any more, or has another time by now: its owner can tell.
#ifndef WAVETANK_CHECKPOINT_TIME_INDEX_H_
#define WAVETANK_CHECKPOINT_TIME_INDEX_H_

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <utility>
#include <vector>

namespace wavetank::checkpoint {

class TimeIndex {
 public:
  void Add(int64_t time, uint32_t number) { buckets_[BucketOf(time)].Add({time, number}); }

  // The numbers of entries whose times are at or below `bound`, rising, each once.
  std::vector<uint32_t> UpTo(int64_t bound) {
    std::vector<uint32_t> numbers;
    for (const Bucket& bucket : buckets_) {
      if (bucket.items.empty() || bucket.range.least > bound) continue;
      for (const Item& item : bucket.items) {
        if (item.time <= bound) numbers.push_back(item.number);
      }
    }
    if (!numbers.empty()) found_up_to_ = std::max(found_up_to_, bound);
    if (!std::ranges::is_sorted(numbers)) std::ranges::sort(numbers);
    const auto repeated = std::ranges::unique(numbers);
    numbers.erase(repeated.begin(), repeated.end());
    return numbers;
  }

  // The least time of an entry that is not gone(time, number). Costs nothing unless the least one
  // of its bucket is gone: then the bucket.
  template <typename Gone>
  std::optional<int64_t> Least(const Gone& gone) const {
    for (const Bucket& bucket : buckets_) {
      if (bucket.items.empty()) continue;
      if (!gone(bucket.range.least, bucket.range.number)) return bucket.range.least;
      std::optional<int64_t> least;
      for (const Item& item : bucket.items) {
        if (least && item.time >= *least) continue;
        if (!gone(item.time, item.number)) least = item.time;
      }
      if (least) return least;
    }
    return std::nullopt;
  }

  // What is there stays, but for what was found since the last Accept and is gone:
  // gone(time, number).
  template <typename Gone>
  void Accept(const Gone& gone) {
    if (found_up_to_ > kNothing) Drop(std::exchange(found_up_to_, kNothing), gone);
    for (Bucket& bucket : buckets_) bucket.Accept();
  }
  // As it was at the last Accept.
  void TakeBack() {
    found_up_to_ = kNothing;
    for (Bucket& bucket : buckets_) bucket.TakeBack();
  }
  void Clear() { *this = TimeIndex(); }

 private:
  static constexpr int64_t kNothing = std::numeric_limits<int64_t>::min();

  struct Item {
    int64_t time;
    uint32_t number;
  };
  struct Range {
    int64_t least = std::numeric_limits<int64_t>::max();
    uint32_t number = 0;  // an entry that has it
  };
  struct Bucket {
    std::vector<Item> items;
    Range range;  // of the items' times
    size_t accepted_items = 0;
    Range accepted_range;

    void Add(const Item& item) {
      items.push_back(item);
      if (items.size() == 1 || item.time < range.least) range = {item.time, item.number};
    }
    void Accept() {
      accepted_items = items.size();
      accepted_range = range;
    }
    void TakeBack() {
      items.resize(accepted_items);
      range = accepted_range;
    }
  };

  // Those at or below the pivot are together in the first.
  size_t BucketOf(int64_t time) const {
    if (time <= pivot_) return 0;
    return static_cast<size_t>(
        std::bit_width(static_cast<uint64_t>(time) ^ static_cast<uint64_t>(pivot_)));
  }

  template <typename Gone>
  void Drop(int64_t bound, const Gone& gone) {
    // A bucket that the bound lies in, but begins above it, stays as it is: then so does the pivot.
    const size_t last = BucketOf(bound);
    if (buckets_[last].range.least <= bound) pivot_ = std::max(pivot_, bound);
    for (size_t i = 0; i <= last; ++i) {
      if (buckets_[i].range.least > bound) continue;
      const std::vector<Item> items = std::exchange(buckets_[i], Bucket()).items;
      for (const Item& item : items) {
        if (item.time > bound || !gone(item.time, item.number)) Add(item.time, item.number);
      }
    }
  }

  std::array<Bucket, 65> buckets_;
  int64_t pivot_ = std::numeric_limits<int64_t>::min();
  int64_t found_up_to_ = kNothing;
};

}  // namespace wavetank::checkpoint

#endif  // WAVETANK_CHECKPOINT_TIME_INDEX_H_
