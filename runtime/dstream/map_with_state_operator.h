// MapWithState: each record meets its key's state, which a function may change.
#ifndef WAVETANK_RUNTIME_DSTREAM_MAP_WITH_STATE_OPERATOR_H_
#define WAVETANK_RUNTIME_DSTREAM_MAP_WITH_STATE_OPERATOR_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"

#include "checkpoint/state_table.h"
#include "runtime/dstream/codec.h"
#include "runtime/dstream/partitioner.h"
#include "runtime/dstream/state_operator.h"
#include "runtime/dstream/state_spec.h"

namespace wavetank::runtime::internal {

// What a key has: when it last had a record, in ms, and its state.
template <typename S>
using TouchedState = std::pair<int64_t, S>;

// A row is what the function has given for a record, or, behind those, a key's state: where a
// stream of these was asked for.
template <typename K, typename V, typename S, typename U, typename F>
class MapWithStateOperator final : public StateOperator {
 public:
  using Row = std::pair<std::optional<U>, std::optional<std::pair<K, S>>>;
  // `snapshots` may yet become true while the plan is built.
  MapWithStateOperator(StateFunctionSpec<K, S, F> spec, std::shared_ptr<const bool> snapshots)
      : StateOperator(
            "MapWithState",
            absl::StrCat(Codec<S>::Name(), spec.timeout() ? ", timeout " : "",
                         spec.timeout() ? absl::FormatDuration(*spec.timeout()) : "",
                         spec.partitioner().partitions() ? ", " : "", spec.partitioner().detail()),
            Codec<Row>::Name()),
        function_(std::move(spec.function())),
        initial_(std::move(spec.initial())),
        partitioner_(std::move(spec.partitioner())),
        timeout_(spec.timeout()),
        snapshots_(std::move(snapshots)) {}

  std::optional<int> partitions() const override { return partitioner_.partitions(); }

  ShuffleTail OpenTail(const ShuffleWrite& write) const override {
    return DealTail<std::pair<K, V>>(*this, ByKey<K, V>{partitioner_, *this}, write.targets);
  }

  void Begin(absl::Time batch_time, const ShuffleWrite& own,
             checkpoint::StateTable& state) const override {
    PutInitial(*this, initial_, partitioner_, own, state,
               [touched_ms = absl::ToUnixMillis(batch_time)](const S& value) {
                 return EncodeToString(TouchedState<S>(touched_ms, value));
               });
  }

  absl::Status Apply(absl::Time batch_time, const std::vector<std::vector<BlockView>>& sides,
                     checkpoint::StateTable& state, RowSink* sink) const override {
    StateRowsOut<Row> rows(sink);
    int64_t record = 0;
    std::string key_bytes;
    absl::Status done;
    const auto take = [&](auto& came) {
      CallUser(*this, record, [&] {
        for (auto& [key_or_view, value] : came) {
          if (done.ok()) {
            const K& key = RowOf<K>(std::move(key_or_view));
            done = Take(batch_time, key, RowOf<V>(std::move(value)), StateKey(key, key_bytes),
                        record, state, rows);
          }
          ++record;
        }
      });
    };
    done.Update(ForEachChunk<std::pair<K, V>>(sides.front(), take));
    if (!done.ok()) return done;
    CallUser(*this, record, [&] { done = TimeOut(batch_time, record, state, rows); });
    if (done.ok() && *snapshots_ && rows.wanted()) done = GiveSnapshot(state, rows);
    if (!done.ok()) return done;
    rows.Finish();
    return absl::OkStatus();
  }

 private:
  std::optional<U> Call(absl::Time time, const K& key, std::optional<V> value,
                        State<S>& state) const {
    if constexpr (std::is_invocable_v<const F&, absl::Time, const K&, std::optional<V>,
                                      State<S>&>) {
      return function_(time, key, std::move(value), state);
    } else {
      return function_(key, std::move(value), state);
    }
  }

  absl::Status Take(absl::Time time, const K& key, V value, std::string_view at, int64_t record,
                    checkpoint::StateTable& states, StateRowsOut<Row>& rows) const {
    std::optional<S> before;
    if (std::string_view bytes; states.Get(at, &bytes)) {
      TouchedState<S> touched;
      const absl::Status decoded = DecodeState(*this, bytes, touched);
      if (!decoded.ok()) return decoded;
      before = std::move(touched.second);
    }
    const bool existed = before.has_value();
    State<S> state(std::move(before));
    std::optional<U> row = Call(time, key, std::move(value), state);
    if (row.has_value() && rows.wanted()) rows.Add({std::move(row), std::nullopt});
    if (state.removed()) {
      if (existed) states.Remove(at);
    } else if (state.updated() || (state.exists() && timeout_.has_value())) {
      PutState(*this, record, at,
               EncodeToString(TouchedState<S>(absl::ToUnixMillis(time), state.Get())), states);
    }
    return absl::OkStatus();
  }

  // Every key is looked at, but decoded only where it goes.
  absl::Status TimeOut(absl::Time time, int64_t& record, checkpoint::StateTable& states,
                       StateRowsOut<Row>& rows) const {
    if (!timeout_.has_value()) return absl::OkStatus();
    const int64_t oldest_ms = absl::ToUnixMillis(time - *timeout_);
    std::vector<std::string> idle;
    absl::Status decoded;
    states.ForEach([&](std::string_view key, std::string_view value) {
      Decoder in(value);
      int64_t touched_ms = 0;
      if (!Codec<int64_t>::Decode(in, touched_ms)) {
        decoded.Update(DecodeState(*this, value, touched_ms));
      } else if (touched_ms < oldest_ms) {
        idle.emplace_back(key);
      }
    });
    if (!decoded.ok()) return decoded;
    for (const std::string& at : idle) {
      K key{};
      TouchedState<S> touched;
      std::string_view bytes;
      states.Get(at, &bytes);
      decoded.Update(DecodeState(*this, at, key));
      decoded.Update(DecodeState(*this, bytes, touched));
      if (!decoded.ok()) return decoded;
      State<S> state(std::move(touched.second), /*timing_out=*/true);
      std::optional<U> row = Call(time, key, std::nullopt, state);
      ++record;
      if (row.has_value() && rows.wanted()) rows.Add({std::move(row), std::nullopt});
      states.Remove(at);
    }
    return absl::OkStatus();
  }

  absl::Status GiveSnapshot(const checkpoint::StateTable& states, StateRowsOut<Row>& rows) const {
    absl::Status decoded;
    states.ForEach([&](std::string_view key_bytes, std::string_view bytes) {
      if (!decoded.ok()) return;
      std::pair<K, S> entry{};
      TouchedState<S> touched;
      decoded.Update(DecodeState(*this, key_bytes, entry.first));
      decoded.Update(DecodeState(*this, bytes, touched));
      entry.second = std::move(touched.second);
      if (decoded.ok()) rows.Add({std::nullopt, std::move(entry)});
    });
    return decoded;
  }

  const F function_;
  const std::vector<std::pair<K, S>> initial_;
  const Partitioner<K> partitioner_;
  const std::optional<absl::Duration> timeout_;
  const std::shared_ptr<const bool> snapshots_;
};

}  // namespace wavetank::runtime::internal

#endif  // WAVETANK_RUNTIME_DSTREAM_MAP_WITH_STATE_OPERATOR_H_
