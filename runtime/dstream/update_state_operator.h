// UpdateStateByKey: a value a key that each batch makes anew, of the one before and what came.
#ifndef WAVETANK_RUNTIME_DSTREAM_UPDATE_STATE_OPERATOR_H_
#define WAVETANK_RUNTIME_DSTREAM_UPDATE_STATE_OPERATOR_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"

#include "checkpoint/state_table.h"
#include "runtime/dstream/codec.h"
#include "runtime/dstream/ordered_table.h"
#include "runtime/dstream/partitioner.h"
#include "runtime/dstream/state_operator.h"

namespace wavetank::runtime::internal {

// update([batch_time, key,] values, state) for each key that has a state or has values in the
// batch: those with a state first, in the order in which they got it.
template <typename K, typename V, typename S, typename Update>
class UpdateStateOperator final : public StateOperator {
 public:
  using Row = std::pair<K, S>;
  static constexpr bool kIsTimed =
      std::is_invocable_r_v<std::optional<S>, const Update&, absl::Time, const K&, std::vector<V>,
                            std::optional<S>>;
  static constexpr bool kIsPlain =
      std::is_invocable_r_v<std::optional<S>, const Update&, std::vector<V>, std::optional<S>>;
  UpdateStateOperator(Update update, std::vector<Row> initial, Partitioner<K> partitioner)
      : StateOperator("UpdateStateByKey", partitioner.detail(), Codec<Row>::Name()),
        update_(std::move(update)),
        initial_(std::move(initial)),
        partitioner_(std::move(partitioner)) {}

  std::optional<int> partitions() const override { return partitioner_.partitions(); }

  ShuffleTail OpenTail(const ShuffleWrite& write) const override {
    return DealTail<std::pair<K, V>>(*this, ByKey<K, V>{partitioner_, *this}, write.targets);
  }

  void Begin(absl::Time, const ShuffleWrite& own, checkpoint::StateTable& state) const override {
    PutInitial(*this, initial_, partitioner_, own, state,
               [](const S& value) { return EncodeToString(value); });
  }

  absl::Status Apply(absl::Time batch_time, const std::vector<std::vector<BlockView>>& sides,
                     checkpoint::StateTable& state, RowSink* sink) const override {
    OrderedTable<K, std::vector<V>> came;
    const absl::Status read = ForEachChunk<std::pair<K, V>>(sides.front(), [&came](auto& rows) {
      for (auto& [key, value] : rows) {
        came.Of(std::move(key)).push_back(RowOf<V>(std::move(value)));
      }
    });
    if (!read.ok()) return read;
    StateRowsOut<Row> rows(sink);
    // What becomes of the keys that have a state, by the table's own order, which holds still.
    absl::Status walked;
    int64_t record = 0;
    std::vector<bool> used(came.size());
    std::vector<std::pair<std::string, std::optional<std::string>>> changes;
    CallUser(*this, record, [&] {
      state.ForEach([&](std::string_view key_bytes, std::string_view state_bytes) {
        if (!walked.ok()) return;
        K key{};
        S before{};
        walked.Update(DecodeState(*this, key_bytes, key));
        walked.Update(DecodeState(*this, state_bytes, before));
        if (!walked.ok()) return;
        std::vector<V> values;
        if (const std::optional<size_t> row = came.IndexOf(key)) {
          used[*row] = true;
          values = std::move(came.rows()[*row].second);
        }
        std::optional<S> after = Call(batch_time, key, std::move(values), std::optional(before));
        ++record;
        if (!after.has_value()) {
          changes.emplace_back(key_bytes, std::nullopt);
          return;
        }
        std::string after_bytes = EncodeToString(*after);
        if (after_bytes != state_bytes) changes.emplace_back(key_bytes, std::move(after_bytes));
        if (rows.wanted()) rows.Add({std::move(key), *std::move(after)});
      });
      if (!walked.ok()) return;
      for (const auto& [key, value] : changes) {
        if (value.has_value()) {
          PutState(*this, record, key, *value, state);
        } else {
          state.Remove(key);
        }
      }
      std::string key_bytes;
      for (size_t i = 0; i < came.size(); ++i) {
        if (used[i]) continue;
        auto& [key, values] = came.rows()[i];
        std::optional<S> after = Call(batch_time, key, std::move(values), std::nullopt);
        ++record;
        if (!after.has_value()) continue;
        PutState(*this, record, StateKey(key, key_bytes), EncodeToString(*after), state);
        if (rows.wanted()) rows.Add({std::move(key), *std::move(after)});
      }
    });
    if (!walked.ok()) return walked;
    rows.Finish();
    return absl::OkStatus();
  }

 private:
  std::optional<S> Call(absl::Time batch_time, const K& key, std::vector<V> values,
                        std::optional<S> state) const {
    if constexpr (kIsTimed) {
      return update_(batch_time, key, std::move(values), std::move(state));
    } else {
      return update_(std::move(values), std::move(state));
    }
  }

  const Update update_;
  const std::vector<Row> initial_;
  const Partitioner<K> partitioner_;
};

}  // namespace wavetank::runtime::internal

#endif  // WAVETANK_RUNTIME_DSTREAM_UPDATE_STATE_OPERATOR_H_
