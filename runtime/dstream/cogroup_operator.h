// Cogroup: the rows of two streams that have one key meet, under what joins stand.
#ifndef WAVETANK_RUNTIME_DSTREAM_COGROUP_OPERATOR_H_
#define WAVETANK_RUNTIME_DSTREAM_COGROUP_OPERATOR_H_

#include <algorithm>
#include <cstddef>
#include <optional>
#include <utility>
#include <vector>

#include "absl/status/status.h"

#include "runtime/dstream/codec.h"
#include "runtime/dstream/operator.h"
#include "runtime/dstream/ordered_table.h"
#include "runtime/dstream/partitioner.h"
#include "runtime/dstream/shuffle_operators.h"

namespace wavetank::runtime::internal {

// A row a key: what each stream has of it, in order. Keys as they come, the first stream's before.
template <typename K, typename V, typename W>
class CogroupOperator final : public MergeOperator {
 public:
  using Groups = std::pair<std::vector<V>, std::vector<W>>;
  using Row = std::pair<K, Groups>;
  explicit CogroupOperator(Partitioner<K> partitioner)
      : MergeOperator("Cogroup", partitioner.detail(), Codec<Row>::Name()),
        partitioner_(std::move(partitioner)) {}

  std::optional<int> partitions() const override { return partitioner_.partitions(); }

  ShuffleTail OpenTail(const ShuffleWrite& write) const override {
    if (write.side == 0)
      return DealTail<std::pair<K, V>>(*this, ByKey<K, V>{partitioner_, *this}, write.targets);
    return DealTail<std::pair<K, W>>(*this, ByKey<K, W>{partitioner_, *this}, write.targets);
  }

  absl::Status Merge(const std::vector<std::vector<BlockView>>& sides,
                     RowSink& sink) const override {
    OrderedTable<K, Groups> table;
    absl::Status read = ForEachChunk<std::pair<K, V>>(sides[0], [&table](auto& rows) {
      for (auto& [key, value] : rows) {
        table.Of(std::move(key)).first.push_back(RowOf<V>(std::move(value)));
      }
    });
    if (!read.ok()) return read;
    read = ForEachChunk<std::pair<K, W>>(sides[1], [&table](auto& rows) {
      for (auto& [key, value] : rows) {
        table.Of(std::move(key)).second.push_back(RowOf<W>(std::move(value)));
      }
    });
    if (!read.ok()) return read;
    static_cast<TypedSink<Row>&>(sink).Take(table.rows());
    sink.Finish();
    return absl::OkStatus();
  }

 private:
  const Partitioner<K> partitioner_;
};

// What a join makes of a key's groups: a row for each pair, and, where a side has none, whatever
// `left_alone` and `right_alone` say.
template <typename K, typename Left, typename Right, typename V, typename W>
std::vector<std::pair<K, std::pair<Left, Right>>> JoinedRows(
    const std::pair<K, std::pair<std::vector<V>, std::vector<W>>>& row, bool left_alone,
    bool right_alone) {
  const auto& [lefts, rights] = row.second;
  std::vector<std::pair<K, std::pair<Left, Right>>> joined;
  joined.reserve(std::max(lefts.size(), size_t{1}) * std::max(rights.size(), size_t{1}));
  for (const V& left : lefts) {
    for (const W& right : rights) joined.push_back({row.first, {Left(left), Right(right)}});
    if constexpr (std::is_same_v<Right, std::optional<W>>) {
      if (rights.empty() && left_alone) joined.push_back({row.first, {Left(left), std::nullopt}});
    }
  }
  if constexpr (std::is_same_v<Left, std::optional<V>>) {
    if (lefts.empty() && right_alone) {
      for (const W& right : rights) joined.push_back({row.first, {std::nullopt, Right(right)}});
    }
  }
  return joined;
}

}  // namespace wavetank::runtime::internal

#endif  // WAVETANK_RUNTIME_DSTREAM_COGROUP_OPERATOR_H_
