// What DStream::MapWithState gives.
#ifndef WAVETANK_RUNTIME_DSTREAM_MAP_WITH_STATE_DSTREAM_H_
#define WAVETANK_RUNTIME_DSTREAM_MAP_WITH_STATE_DSTREAM_H_

#include <memory>
#include <optional>
#include <utility>

#include "runtime/dstream/dstream.h"

namespace wavetank::runtime {

// What MapWithState gives, and every key's state besides.
template <typename K, typename S, typename U>
class MapWithStateDStream : public DStream<U> {
 public:
  using Both = std::pair<std::optional<U>, std::optional<std::pair<K, S>>>;
  // For DStream.
  MapWithStateDStream(const DStream<Both>& rows, std::shared_ptr<bool> snapshots)
      : DStream<U>(rows.FlatMap([](const Both& row) { return internal::RangeOf(row.first); })),
        rows_(rows),
        snapshots_(std::move(snapshots)) {}

  // Of each batch every key with its state, as it is after the batch.
  DStream<std::pair<K, S>> StateSnapshots() const {
    *snapshots_ = true;
    return rows_.FlatMap([](const Both& row) { return internal::RangeOf(row.second); });
  }

 private:
  const DStream<Both> rows_;
  const std::shared_ptr<bool> snapshots_;
};

}  // namespace wavetank::runtime

#endif  // WAVETANK_RUNTIME_DSTREAM_MAP_WITH_STATE_DSTREAM_H_
