// ReduceByKeyAndWindow with an inverse: what a window holds, kept, and moved on by what comes in
// and what leaves, so that a long window costs what changed.
#ifndef WAVETANK_RUNTIME_DSTREAM_WINDOW_STATE_OPERATOR_H_
#define WAVETANK_RUNTIME_DSTREAM_WINDOW_STATE_OPERATOR_H_

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"

#include "checkpoint/state_table.h"
#include "runtime/dstream/codec.h"
#include "runtime/dstream/ordered_table.h"
#include "runtime/dstream/partitioner.h"
#include "runtime/dstream/state_operator.h"

namespace wavetank::runtime::internal {

// How many of a key's records are in the window is kept besides: a key that has none is not there,
// as it is not in a window that is computed anew.
template <typename K, typename V, typename Reduce, typename Inverse>
class WindowStateOperator final : public StateOperator {
 public:
  using Row = std::pair<K, V>;
  WindowStateOperator(Reduce reduce, Inverse inverse, Window window, Partitioner<K> partitioner)
      : StateOperator("ReduceByKeyAndWindow",
                      absl::StrCat(absl::FormatDuration(window.length), " every ",
                                   absl::FormatDuration(window.slide),
                                   partitioner.partitions() ? ", " : "", partitioner.detail()),
                      Codec<Row>::Name()),
        combine_{std::move(reduce)},
        inverse_(std::move(inverse)),
        window_(window),
        partitioner_(std::move(partitioner)) {}

  std::optional<Window> window() const override { return window_; }
  std::optional<int> partitions() const override { return partitioner_.partitions(); }

  ShuffleTail OpenTail(const ShuffleWrite& write) const override {
    return CombineTail<K, V, Sum>(*this, kOne, combine_, partitioner_, write.targets);
  }

  absl::Status Apply(absl::Time, const std::vector<std::vector<BlockView>>& sides,
                     checkpoint::StateTable& state, RowSink* sink) const override {
    OrderedTable<K, Change> changes;
    absl::Status done = Gather(sides[0], &Change::came, changes);
    if (done.ok()) done = Gather(sides[1], &Change::left, changes);
    int64_t record = 0;
    CallUser(*this, record, [&] {
      std::string key_bytes;
      for (auto& [key, change] : changes.rows()) {
        if (!done.ok()) return;
        done = Move(StateKey(key, key_bytes), std::move(change), record, state);
        ++record;
      }
    });
    if (!done.ok()) return done;
    return Give(state, sink);
  }

 private:
  using Sum = std::pair<V, int64_t>;  // of so many records
  struct Change {
    std::optional<Sum> came;
    std::optional<Sum> left;
  };
  struct One {
    Sum operator()(V&& value) const { return {std::move(value), 1}; }
  };
  static constexpr One kOne = {};
  struct Combine {
    Sum operator()(Sum&& sum, V&& value) const {
      return {reduce(std::move(sum.first), std::move(value)), sum.second + 1};
    }
    Sum operator()(Sum&& sum, Sum&& more) const {
      return {reduce(std::move(sum.first), std::move(more.first)), sum.second + more.second};
    }
    Reduce reduce;
  };

  absl::Status Gather(const std::vector<BlockView>& blocks, std::optional<Sum> Change::* side,
                      OrderedTable<K, Change>& changes) const {
    int64_t record = 0;
    return ForEachChunk<std::pair<K, Sum>>(blocks, [&](auto& rows) {
      CallUser(*this, record, [&] {
        for (auto& [key, view] : rows) {
          std::optional<Sum>& sum = changes.Of(std::move(key)).*side;
          Sum part = RowOf<Sum>(std::move(view));
          sum = sum.has_value() ? combine_(*std::move(sum), std::move(part)) : std::move(part);
          ++record;
        }
      });
    });
  }

  absl::Status Move(std::string_view key, Change change, int64_t record,
                    checkpoint::StateTable& state) const {
    std::optional<Sum> now;
    if (std::string_view bytes; state.Get(key, &bytes)) {
      const absl::Status decoded = DecodeState(*this, bytes, now.emplace());
      if (!decoded.ok()) return decoded;
    }
    if (change.left.has_value()) {
      const int64_t stay = (now.has_value() ? now->second : 0) - change.left->second;
      if (stay < 0) {
        return absl::DataLossError(absl::StrCat(
            Title(), ": ", change.left->second, " records of a key leave the window, which holds ",
            stay + change.left->second, ": what it was given before is not what it reads now"));
      }
      if (stay == 0) {
        now.reset();
      } else {
        now = Sum(inverse_(std::move(now->first), std::move(change.left->first)), stay);
      }
    }
    if (change.came.has_value()) {
      now = now.has_value() ? combine_(*std::move(now), *std::move(change.came))
                            : *std::move(change.came);
    }
    if (now.has_value()) {
      PutState(*this, record, key, EncodeToString(*now), state);
    } else {
      state.Remove(key);
    }
    return absl::OkStatus();
  }

  // Everything that the window holds.
  absl::Status Give(const checkpoint::StateTable& state, RowSink* sink) const {
    StateRowsOut<Row> rows(sink);
    absl::Status decoded;
    if (rows.wanted()) {
      state.ForEach([&](std::string_view key, std::string_view value) {
        if (!decoded.ok()) return;
        Row row{};
        Sum sum{};
        decoded.Update(DecodeState(*this, key, row.first));
        decoded.Update(DecodeState(*this, value, sum));
        row.second = std::move(sum.first);
        if (decoded.ok()) rows.Add(std::move(row));
      });
    }
    if (!decoded.ok()) return decoded;
    rows.Finish();
    return absl::OkStatus();
  }

  const Combine combine_;
  const Inverse inverse_;
  const Window window_;
  const Partitioner<K> partitioner_;
};

}  // namespace wavetank::runtime::internal

#endif  // WAVETANK_RUNTIME_DSTREAM_WINDOW_STATE_OPERATOR_H_
