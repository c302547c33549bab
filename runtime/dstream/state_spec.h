// What MapWithState is given: the function, and how long a key's state stays untouched.
//
//   visits.MapWithState(
//       StateSpec<std::string, int64_t>::Function(
//           [](const std::string& user, std::optional<int64_t> pages, State<int64_t>& seen) {
//             seen.Update(seen.GetOption().value_or(0) + pages.value_or(0));
//             return std::pair(user, seen.Get());
//           }).Timeout(absl::Minutes(30)));
#ifndef WAVETANK_RUNTIME_DSTREAM_STATE_SPEC_H_
#define WAVETANK_RUNTIME_DSTREAM_STATE_SPEC_H_

#include <optional>
#include <stdexcept>
#include <utility>
#include <vector>

#include "absl/time/time.h"

#include "runtime/dstream/partitioner.h"

namespace wavetank::runtime {

// A key's state, while the function is called for one of its records. What is not allowed throws,
// as the function's own mistake.
template <typename S>
class State {
 public:
  bool exists() const { return value_.has_value(); }
  // Throws if there is none.
  const S& Get() const {
    if (!value_.has_value()) throw std::invalid_argument("State::Get: the key has no state");
    return *value_;
  }
  const std::optional<S>& GetOption() const { return value_; }
  // Throws after Remove, and while the state is timing out.
  void Update(S value) {
    if (removed_) throw std::invalid_argument("State::Update: the state was removed before");
    if (timing_out_) throw std::invalid_argument("State::Update: the state is timing out");
    value_ = std::move(value);
    updated_ = true;
  }
  // Likewise; also if there is none.
  void Remove() {
    if (removed_) throw std::invalid_argument("State::Remove: the state was removed before");
    if (timing_out_) throw std::invalid_argument("State::Remove: the state is timing out anyhow");
    if (!value_.has_value()) throw std::invalid_argument("State::Remove: the key has no state");
    value_.reset();
    removed_ = true;
  }
  // The key has no record in this batch: its state goes when the function has seen it.
  bool IsTimingOut() const { return timing_out_; }

  // For operators, and for tests of functions.
  explicit State(std::optional<S> value = std::nullopt, bool timing_out = false)
      : value_(std::move(value)), timing_out_(timing_out) {}
  bool updated() const { return updated_; }
  bool removed() const { return removed_; }

 private:
  std::optional<S> value_;
  const bool timing_out_;
  bool updated_ = false;
  bool removed_ = false;
};

template <typename K, typename S, typename F>
class StateFunctionSpec {
 public:
  explicit StateFunctionSpec(F function) : function_(std::move(function)) {}

  // What is there before the first batch. A checkpoint that has begun goes on from its own.
  StateFunctionSpec InitialState(std::vector<std::pair<K, S>> rows) && {
    initial_ = std::move(rows);
    return std::move(*this);
  }
  // By stable hash, over so many; or as a partitioner says.
  StateFunctionSpec NumPartitions(int partitions) && {
    return std::move(*this).PartitionBy({partitions});
  }
  StateFunctionSpec PartitionBy(Partitioner<K> partitioner) && {
    partitioner_ = std::move(partitioner);
    return std::move(*this);
  }
  // A key that has had no record for longer, by batch times, is timing out in the next batch. (In
  // Spark in one of the next ten.) Above 0.
  StateFunctionSpec Timeout(absl::Duration idle) && {
    timeout_ = idle;
    return std::move(*this);
  }

  F& function() { return function_; }
  std::vector<std::pair<K, S>>& initial() { return initial_; }
  Partitioner<K>& partitioner() { return partitioner_; }
  std::optional<absl::Duration> timeout() const { return timeout_; }

 private:
  F function_;
  std::vector<std::pair<K, S>> initial_;
  Partitioner<K> partitioner_;
  std::optional<absl::Duration> timeout_;
};

// Of keys K and states S.
template <typename K, typename S>
struct StateSpec {
  // function(key, value, state) gives a new row, or function(batch_time, key, value, state) one or
  // none, as a std::optional: called once for each record, in order within its partition, and once
  // without a value for a key that is timing out.
  template <typename F>
  static StateFunctionSpec<K, S, F> Function(F function) {
    return StateFunctionSpec<K, S, F>(std::move(function));
  }
};

}  // namespace wavetank::runtime

#endif  // WAVETANK_RUNTIME_DSTREAM_STATE_SPEC_H_
