// ReduceByKey: rows of one key meet in one partition. Values are combined before the shuffle, in
// the order of the rows, and after it, by source partition, so that a function that is associative
// but not commutative gets them in order.
#ifndef WAVETANK_RUNTIME_DSTREAM_SHUFFLE_OPERATORS_H_
#define WAVETANK_RUNTIME_DSTREAM_SHUFFLE_OPERATORS_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"

#include "runtime/columnar/partition_of.h"
#include "runtime/dstream/codec.h"
#include "runtime/dstream/narrow_operators.h"
#include "runtime/dstream/operator.h"
#include "runtime/dstream/ordered_table.h"

namespace wavetank::runtime::internal {

template <typename T>
class RowsPartition final : public Partition {
 public:
  explicit RowsPartition(std::vector<T> rows) : rows_(std::move(rows)) {}
  const std::vector<T>& rows() const { return rows_; }
  std::string Encode() const override { return EncodeToString(rows_); }

 private:
  const std::vector<T> rows_;
};

template <typename K, typename V, typename F>
class CombineSink final : public TypedSink<std::pair<K, V>> {
 public:
  using Row = std::pair<K, V>;
  CombineSink(const StreamOperator& where, const F& function)
      : where_(where), function_(function) {}

  void Take(std::vector<Row>& rows) override {
    CallUser(where_, record_, [&] {
      for (Row& row : rows) {
        table_.Merge(std::move(row), function_);
        ++record_;
      }
    });
  }
  void Finish() override {}

  OrderedTable<K, V>& table() { return table_; }

  std::vector<std::shared_ptr<const Partition>> Split(int targets) {
    std::vector<std::vector<Row>> split(static_cast<size_t>(targets));
    for (size_t i = 0; i < table_.size(); ++i) {
      split[static_cast<size_t>(PartitionOf(table_.hash(i), targets))].push_back(
          std::move(table_.rows()[i]));
    }
    std::vector<std::shared_ptr<const Partition>> partitions;
    partitions.reserve(split.size());
    for (auto& rows : split) {
      partitions.push_back(
          rows.empty() ? nullptr : std::make_shared<const RowsPartition<Row>>(std::move(rows)));
    }
    return partitions;
  }

 private:
  const StreamOperator& where_;
  const F& function_;
  OrderedTable<K, V> table_;
  int64_t record_ = 0;
};

template <typename K, typename V, typename F>
class ReduceByKeyOperator final : public ShuffleOperator {
 public:
  using Row = std::pair<K, V>;
  explicit ReduceByKeyOperator(F function)
      : ShuffleOperator("ReduceByKey", "", Codec<Row>::Name()), function_(std::move(function)) {}

  ShuffleTail OpenTail(int targets) const override {
    auto sink = std::make_unique<CombineSink<K, V, F>>(*this, function_);
    auto* combined = sink.get();
    return {std::move(sink), [combined, targets] { return combined->Split(targets); }};
  }

  absl::Status Merge(const std::vector<BlockView>& blocks, RowSink& sink) const override {
    CombineSink<K, V, F> merged(*this, function_);
    std::vector<Row> rows;
    for (const BlockView& block : blocks) {
      if (block.object != nullptr) {
        rows = static_cast<const RowsPartition<Row>*>(block.object)->rows();
      } else if (!block.bytes.empty()) {
        const absl::Status decoded = DecodeFromString(block.bytes, rows);
        if (!decoded.ok()) return decoded;
      } else {
        continue;
      }
      merged.Take(rows);
    }
    static_cast<TypedSink<Row>&>(sink).Take(merged.table().rows());
    sink.Finish();
    return absl::OkStatus();
  }

 private:
  const F function_;
};

}  // namespace wavetank::runtime::internal

#endif  // WAVETANK_RUNTIME_DSTREAM_SHUFFLE_OPERATORS_H_
