// Rdd<T>: the rows of one batch, as ForeachRDD sees them: all partitions, brought to the driver.
#ifndef WAVETANK_RUNTIME_DSTREAM_RDD_H_
#define WAVETANK_RUNTIME_DSTREAM_RDD_H_

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace wavetank::runtime {

template <typename T>
class Rdd {
 public:
  explicit Rdd(std::vector<std::vector<T>> partitions) : partitions_(std::move(partitions)) {}

  const std::vector<std::vector<T>>& partitions() const { return partitions_; }

  int64_t Count() const {
    int64_t count = 0;
    for (const auto& partition : partitions_) count += static_cast<int64_t>(partition.size());
    return count;
  }
  bool IsEmpty() const { return Count() == 0; }
  // By partition, then in the order within it.
  std::vector<T> Collect() const { return Take(SIZE_MAX); }
  // The first `limit` of Collect().
  std::vector<T> Take(size_t limit) const {
    std::vector<T> rows;
    for (const auto& partition : partitions_) {
      for (const T& row : partition) {
        if (rows.size() == limit) return rows;
        rows.push_back(row);
      }
    }
    return rows;
  }

 private:
  std::vector<std::vector<T>> partitions_;
};

}  // namespace wavetank::runtime

#endif  // WAVETANK_RUNTIME_DSTREAM_RDD_H_
