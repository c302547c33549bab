// Partitioner: which partition of a shuffle a key goes to.
//
//   pairs.ReduceByKey(std::plus<>(), 8)                       // 8 partitions, by hash
//   pairs.ReduceByKey(std::plus<>(), {26, FirstLetter, "first letter"})
#ifndef WAVETANK_RUNTIME_DSTREAM_PARTITIONER_H_
#define WAVETANK_RUNTIME_DSTREAM_PARTITIONER_H_

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"

#include "runtime/columnar/partition_of.h"
#include "runtime/dstream/operator.h"
#include "runtime/dstream/stable_hash.h"

namespace wavetank::runtime {

// Far beyond any job's.
inline constexpr int kMostPartitions = 1 << 16;

template <typename K>
class Partitioner {
 public:
  // By stable hash, over as many as the driver's default.
  Partitioner() = default;
  // By stable hash, over 1 to kMostPartitions.
  Partitioner(int partitions) : partitions_(partitions) {}  // NOLINT: a number is one
  // place(key) gives the partition, from 0: the same for the same key, wherever it is called.
  // `name` stands for it in the plan's fingerprint.
  Partitioner(int partitions, std::function<int(const K&)> place, std::string name)
      : partitions_(partitions), place_(std::move(place)), name_(std::move(name)) {}

  std::optional<int> partitions() const { return partitions_; }
  bool valid() const {
    return !partitions_ || (*partitions_ > 0 && *partitions_ <= kMostPartitions);
  }
  // "", "8" or "26 by first letter".
  std::string detail() const {
    if (!partitions_) return "";
    return place_ == nullptr ? absl::StrCat(*partitions_)
                             : absl::StrCat(*partitions_, " by ", name_);
  }

  // `hash`: HashKey(key). Throws OperatorError of `where` and `record` for what is no partition.
  size_t Of(const K& key, uint64_t hash, int targets, const StreamOperator& where,
            int64_t record) const {
    if (place_ == nullptr) return static_cast<size_t>(PartitionOf(hash, targets));
    const int partition = place_(key);
    if (partition < 0 || partition >= targets) {
      throw OperatorError(where, record,
                          absl::StrCat("its partitioner '", name_, "' says partition ", partition,
                                       " of ", targets));
    }
    return static_cast<size_t>(partition);
  }

 private:
  std::optional<int> partitions_;
  std::function<int(const K&)> place_;
  std::string name_;
};

}  // namespace wavetank::runtime

#endif  // WAVETANK_RUNTIME_DSTREAM_PARTITIONER_H_
