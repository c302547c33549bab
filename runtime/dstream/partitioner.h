// Partitioner: which partition of a shuffle a key goes to.
//
//   pairs.ReduceByKey(std::plus<>(), 8)                       // 8 partitions, by hash
//   pairs.ReduceByKey(std::plus<>(), {26, FirstLetter, "first letter"})
//   pairs.ReduceByKey(std::plus<>(), Partitioner<std::string>::ByRange({"g", "p"}))
#ifndef WAVETANK_RUNTIME_DSTREAM_PARTITIONER_H_
#define WAVETANK_RUNTIME_DSTREAM_PARTITIONER_H_

#include <algorithm>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"

#include "runtime/columnar/partition_of.h"
#include "runtime/dstream/codec.h"
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

  // Keys below the first bound are in partition 0, others below the second in partition 1, and so
  // on. (Spark's RangePartitioner finds bounds of its own, in a sample of rows that are there:
  // those of a stream are not.) REQUIRES: the bounds ascend; fewer than kMostPartitions.
  static Partitioner ByRange(std::vector<K> bounds) {
    // For people, and so that no other bounds have the same name: what is shown may be alike.
    std::string name = "ranges from ";
    for (size_t i = 0; i < bounds.size(); ++i) {
      if (i > 0) name.append(", ");
      Codec<K>::Show(bounds[i], name);
    }
    absl::StrAppend(&name, " (", absl::Hex(HashKey(EncodeToString(bounds)), absl::kZeroPad16), ")");
    const auto partitions = static_cast<int>(bounds.size()) + 1;
    const bool ascends = std::is_sorted(bounds.begin(), bounds.end());
    auto place = [bounds = std::move(bounds)](const K& key) {
      const auto above = std::upper_bound(bounds.begin(), bounds.end(), key);
      return static_cast<int>(above - bounds.begin());
    };
    return {ascends ? partitions : 0, std::move(place), std::move(name)};
  }

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
      std::string shown;
      Codec<K>::Show(key, shown);
      throw OperatorError(where, record,
                          absl::StrCat("its partitioner '", name_, "' says partition ", partition,
                                       " of ", targets, " for the key ", shown));
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
