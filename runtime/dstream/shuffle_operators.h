// What shuffles one stream: rows of one key meet in one partition (ReduceByKey, CombineByKey,
// GroupByKey), or rows are dealt out anew (Repartition, PartitionBy).
#ifndef WAVETANK_RUNTIME_DSTREAM_SHUFFLE_OPERATORS_H_
#define WAVETANK_RUNTIME_DSTREAM_SHUFFLE_OPERATORS_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"

#include "runtime/dstream/codec.h"
#include "runtime/dstream/memory_bytes.h"
#include "runtime/dstream/narrow_operators.h"
#include "runtime/dstream/operator.h"
#include "runtime/dstream/ordered_table.h"
#include "runtime/dstream/partitioner.h"
#include "runtime/dstream/row_chunks.h"
#include "runtime/dstream/row_view.h"

namespace wavetank::runtime::internal {

template <typename T>
class RowsPartition final : public Partition {
 public:
  explicit RowsPartition(std::vector<T> rows) : rows_(std::move(rows)) {}
  const std::vector<T>& rows() const { return rows_; }
  std::string Encode() const override { return EncodeToString(rows_); }
  size_t MemoryBytes() const override { return HeapBytes(rows_); }

 private:
  const std::vector<T> rows_;
};

// By target; null where there is no row.
template <typename T>
std::vector<std::shared_ptr<const Partition>> ToPartitions(std::vector<std::vector<T>> split) {
  std::vector<std::shared_ptr<const Partition>> partitions;
  partitions.reserve(split.size());
  for (auto& rows : split) {
    partitions.push_back(rows.empty() ? nullptr
                                      : std::make_shared<const RowsPartition<T>>(std::move(rows)));
  }
  return partitions;
}

// Calls take(rows), a std::vector<RowView<T>>&, with the rows of the blocks, a chunk at a time; it
// may move them out. What they view stays with the blocks.
template <typename T, typename Take>
absl::Status ForEachChunk(const std::vector<BlockView>& blocks, const Take& take) {
  for (const BlockView& block : blocks) {
    if (block.object != nullptr) {
      ForEachChunkOf<T>(static_cast<const RowsPartition<T>*>(block.object)->rows(), take);
    } else if (!block.bytes.empty()) {
      const absl::Status decoded = ForEachChunkIn<T>(block.bytes, take);
      if (!decoded.ok()) return decoded;
    }
  }
  return absl::OkStatus();
}

// How many rows the largest of the blocks has, of those that are here as objects: there are no
// fewer keys in all of them, if each has a row for each of its own.
template <typename T>
size_t MostRows(const std::vector<BlockView>& blocks) {
  size_t most = 0;
  for (const BlockView& each : blocks) {
    if (each.object == nullptr) continue;
    most = std::max(most, static_cast<const RowsPartition<T>*>(each.object)->rows().size());
  }
  return most;
}

// Folds rows (key, Part) into a table of (key, C): start(part) makes the first, fold(c, part) takes
// in the next.
template <typename K, typename Part, typename C, typename Start, typename Fold>
class CombineSink final : public TypedSink<std::pair<K, Part>> {
 public:
  CombineSink(const StreamOperator& where, const Start& start, const Fold& fold)
      : where_(where), start_(start), fold_(fold) {}

  void Take(std::vector<std::pair<K, Part>>& rows) override { Merge(rows); }
  void TakeViews(std::vector<RowView<std::pair<K, Part>>>& rows) override { Merge(rows); }
  void Finish() override {}

  OrderedTable<K, C>& table() { return table_; }

 private:
  template <typename Rows>
  void Merge(Rows& rows) {
    CallUser(where_, record_, [&] { table_.template Merge<Part>(rows, start_, fold_, record_); });
  }
  const StreamOperator& where_;
  const Start& start_;
  const Fold& fold_;
  OrderedTable<K, C> table_;
  int64_t record_ = 0;
};

// The writing side of what combines values by key: start(value), then fold(combiner, value).
template <typename K, typename V, typename C, typename Start, typename Fold>
ShuffleTail CombineTail(const StreamOperator& where, const Start& start, const Fold& fold,
                        const Partitioner<K>& partitioner, int targets) {
  auto sink = std::make_unique<CombineSink<K, V, C, Start, Fold>>(where, start, fold);
  auto* const combined = sink.get();
  return {std::move(sink), [&where, &partitioner, combined, targets] {
            OrderedTable<K, C>& table = combined->table();
            std::vector<size_t> places(table.size());
            std::vector<size_t> sizes(static_cast<size_t>(targets), 0);
            int64_t record = 0;
            CallUser(where, record, [&] {
              for (size_t i = 0; i < table.size(); ++i, ++record) {
                places[i] =
                    partitioner.Of(table.rows()[i].first, table.hash(i), targets, where, record);
                ++sizes[places[i]];
              }
            });
            std::vector<std::vector<std::pair<K, C>>> split(sizes.size());
            if (targets == 1) {
              split.front() = std::move(table.rows());
            } else {
              for (size_t i = 0; i < sizes.size(); ++i) split[i].reserve(sizes[i]);
              for (size_t i = 0; i < places.size(); ++i) {
                split[places[i]].push_back(std::move(table.rows()[i]));
              }
            }
            return ToPartitions(std::move(split));
          }};
}

// Values are combined before the shuffle, in the order of the rows, and after it, by source
// partition, so that functions that are associative but not commutative get them in order.
template <typename K, typename V, typename C, typename Create, typename MergeValue,
          typename MergeCombiners>
class CombineByKeyOperator final : public MergeOperator {
 public:
  using Row = std::pair<K, C>;
  CombineByKeyOperator(std::string name, Create create, MergeValue merge_value,
                       MergeCombiners merge_combiners, Partitioner<K> partitioner)
      : MergeOperator(std::move(name), partitioner.detail(), Codec<Row>::Name()),
        create_(std::move(create)),
        merge_value_(std::move(merge_value)),
        merge_combiners_(std::move(merge_combiners)),
        partitioner_(std::move(partitioner)) {}

  std::optional<int> partitions() const override { return partitioner_.partitions(); }

  ShuffleTail OpenTail(const ShuffleWrite& write) const override {
    return CombineTail<K, V, C>(*this, create_, merge_value_, partitioner_, write.targets);
  }

  absl::Status Merge(const std::vector<std::vector<BlockView>>& sides,
                     RowSink& sink) const override {
    CombineSink<K, C, C, Kept, MergeCombiners> merged(*this, kKept, merge_combiners_);
    merged.table().Reserve(MostRows<Row>(sides.front()));
    const absl::Status read =
        ForEachChunk<Row>(sides.front(), [&merged](auto& rows) { merged.TakeViews(rows); });
    if (!read.ok()) return read;
    static_cast<TypedSink<Row>&>(sink).Take(merged.table().rows());
    sink.Finish();
    return absl::OkStatus();
  }

 private:
  struct Kept {
    C operator()(C&& combiner) const { return std::move(combiner); }
  };
  static constexpr Kept kKept = {};

  const Create create_;
  const MergeValue merge_value_;
  const MergeCombiners merge_combiners_;
  const Partitioner<K> partitioner_;
};

// Sends each row to the partition that place(row, record, targets) says, and leaves it as it is.
template <typename T, typename Place>
class DealSink final : public TypedSink<T> {
 public:
  DealSink(const StreamOperator& where, Place place, int targets)
      : where_(where), place_(std::move(place)), split_(static_cast<size_t>(targets)) {}

  void Take(std::vector<T>& rows) override {
    CallUser(where_, record_, [&] {
      for (T& row : rows) {
        const size_t target = place_(std::as_const(row), record_, static_cast<int>(split_.size()));
        split_[target].push_back(std::move(row));
        ++record_;
      }
    });
  }
  void Finish() override {}
  std::vector<std::shared_ptr<const Partition>> TakePartitions() {
    return ToPartitions(std::move(split_));
  }

 private:
  const StreamOperator& where_;
  const Place place_;
  std::vector<std::vector<T>> split_;
  int64_t record_ = 0;
};

template <typename T, typename Place>
ShuffleTail DealTail(const StreamOperator& where, Place place, int targets) {
  auto sink = std::make_unique<DealSink<T, Place>>(where, std::move(place), targets);
  auto* dealt = sink.get();
  return {std::move(sink), [dealt] { return dealt->TakePartitions(); }};
}

// Deals rows out in turn, beginning anywhere, so that several small partitions do not all fill the
// first: by what the first row is.
template <typename T>
struct InTurn {
  mutable uint64_t first = 0;
  size_t operator()(const T& row, int64_t record, int targets) const {
    if (record == 0) first = HashKey(EncodeToString(row));
    return static_cast<size_t>((first + static_cast<uint64_t>(record)) %
                               static_cast<uint64_t>(targets));
  }
};

template <typename K, typename V>
struct ByKey {
  const Partitioner<K>& partitioner;
  const StreamOperator& where;
  size_t operator()(const std::pair<K, V>& row, int64_t record, int targets) const {
    return partitioner.Of(row.first, HashKey(row.first), targets, where, record);
  }
};

// Rows in the order of their source partitions.
template <typename T>
absl::Status PassOn(const std::vector<BlockView>& blocks, RowSink& sink) {
  auto& rows_sink = static_cast<TypedSink<T>&>(sink);
  const absl::Status read =
      ForEachChunk<T>(blocks, [&rows_sink](auto& rows) { rows_sink.TakeViews(rows); });
  if (read.ok()) sink.Finish();
  return read;
}

template <typename T>
class RepartitionOperator final : public MergeOperator {
 public:
  explicit RepartitionOperator(int partitions)
      : MergeOperator("Repartition", absl::StrCat(partitions), Codec<T>::Name()),
        partitions_(partitions) {}
  std::optional<int> partitions() const override { return partitions_; }
  ShuffleTail OpenTail(const ShuffleWrite& write) const override {
    return DealTail<T>(*this, InTurn<T>(), write.targets);
  }
  absl::Status Merge(const std::vector<std::vector<BlockView>>& sides,
                     RowSink& sink) const override {
    return PassOn<T>(sides.front(), sink);
  }

 private:
  const int partitions_;
};

template <typename K, typename V>
class PartitionByOperator final : public MergeOperator {
 public:
  using Row = std::pair<K, V>;
  explicit PartitionByOperator(Partitioner<K> partitioner)
      : MergeOperator("PartitionBy", partitioner.detail(), Codec<Row>::Name()),
        partitioner_(std::move(partitioner)) {}
  std::optional<int> partitions() const override { return partitioner_.partitions(); }
  ShuffleTail OpenTail(const ShuffleWrite& write) const override {
    return DealTail<Row>(*this, ByKey<K, V>{partitioner_, *this}, write.targets);
  }
  absl::Status Merge(const std::vector<std::vector<BlockView>>& sides,
                     RowSink& sink) const override {
    return PassOn<Row>(sides.front(), sink);
  }

 private:
  const Partitioner<K> partitioner_;
};

}  // namespace wavetank::runtime::internal

#endif  // WAVETANK_RUNTIME_DSTREAM_SHUFFLE_OPERATORS_H_
