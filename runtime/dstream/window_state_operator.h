// ReduceByKeyAndWindow with an inverse: what a window holds, kept, and moved on by what comes in
// and what leaves, so that a long window costs what changed.
#ifndef WAVETANK_RUNTIME_DSTREAM_WINDOW_STATE_OPERATOR_H_
#define WAVETANK_RUNTIME_DSTREAM_WINDOW_STATE_OPERATOR_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"

#include "checkpoint/state_table.h"
#include "runtime/dstream/between_threads.h"
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
    using Part = std::pair<K, Sum>;
    OrderedTable<K, Change> changes;
    changes.Reserve(std::max(MostRows<Part>(sides[0]), MostRows<Part>(sides[1])));
    absl::Status done = Gather(sides[0], &Change::came, changes);
    if (done.ok()) done = Gather(sides[1], &Change::left, changes);
    int64_t record = 0;
    if (done.ok()) {
      CallUser(*this, record, [&] {
        const CallsFor calls(CallsFor::kAsOftenAsItMust);
        done = Move(changes.rows(), record, state);
      });
    }
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
    const auto start = [side](Sum&& part) {
      Change change;
      change.*side = std::move(part);
      return change;
    };
    const auto fold = [this, side](Change&& change, Sum&& part) {
      std::optional<Sum>& sum = change.*side;
      sum = sum.has_value() ? combine_(*std::move(sum), std::move(part)) : std::move(part);
      return std::move(change);
    };
    int64_t record = 0;
    return ForEachChunk<std::pair<K, Sum>>(blocks, [&](auto& rows) {
      CallUser(*this, record, [&] {
        const CallsFor calls(CallsFor::kAsOftenAsItMust);
        changes.template Merge<Sum>(rows, start, fold, record);
      });
    });
  }

  // How many keys are moved on together. Of a type of the user's own, two that are not the same may
  // have one encoding: these go one after the other.
  static constexpr size_t kTogether = kIsPlain<K> ? kChunkRows : 1;

  // Some at a time: the memory that their keys need is fetched together.
  absl::Status Move(std::vector<std::pair<K, Change>>& changes, int64_t& record,
                    checkpoint::StateTable& state) const {
    EncodedTexts keys;
    EncodedTexts sums;
    std::vector<std::string_view> key_views;
    std::vector<std::optional<std::string_view>> before;
    std::vector<std::optional<std::string_view>> after;
    std::vector<bool> gone;
    for (size_t begin = 0; begin < changes.size(); begin += kTogether) {
      const size_t end = std::min(begin + kTogether, changes.size());
      keys.Clear();
      sums.Clear();
      gone.clear();
      for (size_t i = begin; i < end; ++i) {
        keys.Add([&](std::string& bytes) { AppendStateKey(changes[i].first, bytes); });
      }
      keys.ViewAll(key_views);
      before.assign(end - begin, std::nullopt);
      state.GetMany(key_views, before);
      for (size_t i = begin; i < end; ++i, ++record) {
        std::optional<Sum> sum;
        const absl::Status decoded = Decode(before[i - begin], sum);
        if (!decoded.ok()) return decoded;
        const absl::Status moved = MoveOne(std::move(changes[i].second), sum);
        if (!moved.ok()) return moved;
        gone.push_back(!sum.has_value());
        const std::string_view bytes = sums.Add([&](std::string& out) {
          if (sum.has_value()) Codec<Sum>::Encode(*sum, out);
        });
        CheckStateSize(*this, record, key_views[i - begin], bytes);
      }
      sums.ViewAll(after);
      for (size_t i = 0; i < gone.size(); ++i) {
        if (gone[i]) after[i].reset();
      }
      state.Apply(key_views, after);
    }
    return absl::OkStatus();
  }
  absl::Status Decode(std::optional<std::string_view> bytes, std::optional<Sum>& sum) const {
    if (!bytes.has_value()) return absl::OkStatus();
    return DecodeState(*this, *bytes, sum.emplace());
  }
  absl::Status MoveOne(Change change, std::optional<Sum>& sum) const {
    if (change.left.has_value()) {
      const int64_t had = sum.has_value() ? sum->second : 0;
      const int64_t stay = had - change.left->second;
      if (stay < 0) {
        return absl::DataLossError(absl::StrCat(
            Title(), ": ", change.left->second, " records of a key leave the window, which holds ",
            had, ": what it was given before is not what it reads now"));
      }
      if (stay == 0) {
        sum.reset();
      } else {
        sum = Sum(inverse_(std::move(sum->first), std::move(change.left->first)), stay);
      }
    }
    if (change.came.has_value()) {
      sum = sum.has_value() ? combine_(*std::move(sum), *std::move(change.came))
                            : *std::move(change.came);
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
        if constexpr (kHasView<Row>) {
          RowView<K> at{};
          RowView<Sum> sum{};
          decoded.Update(DecodeStateView<K>(*this, key, at));
          decoded.Update(DecodeStateView<Sum>(*this, value, sum));
          if (decoded.ok()) rows.AddView(RowView<Row>(at, sum.first));
        } else {
          Row row{};
          Sum sum{};
          decoded.Update(DecodeState(*this, key, row.first));
          decoded.Update(DecodeState(*this, value, sum));
          row.second = std::move(sum.first);
          if (decoded.ok()) rows.Add(std::move(row));
        }
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
