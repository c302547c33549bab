// Operators whose rows come from all batches so far: what they have kept of those before, and the
// batch.
//
// The state of a partition is a table that the worker holds. Every so many batches it is durable,
// under a name of its attempt's own, before the batch's outputs are shown; and the log's mark that
// the batch is complete names what counts. So a batch that runs again goes on from the state that
// was kept before it, and the batches since, and each batch is in the state once, whatever was put
// out twice.
#ifndef WAVETANK_RUNTIME_DSTREAM_STATE_OPERATOR_H_
#define WAVETANK_RUNTIME_DSTREAM_STATE_OPERATOR_H_

#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"

#include "checkpoint/state_table.h"
#include "runtime/dstream/codec.h"
#include "runtime/dstream/narrow_operators.h"
#include "runtime/dstream/operator.h"
#include "runtime/dstream/partitioner.h"
#include "runtime/dstream/shuffle_operators.h"

namespace wavetank::runtime {

class StateOperator : public ShuffleOperator {
 public:
  using ShuffleOperator::ShuffleOperator;

  // Set: it holds what is in a window. Its first parent's batches that have come in since its last
  // batch are one side, its second parent's that have left the window the other. Unset: it takes in
  // its parents' batches one after the other.
  struct Window {
    absl::Duration length;
    absl::Duration slide;
  };
  virtual std::optional<Window> window() const { return std::nullopt; }

  // Before the first batch, of that time: what is there already, of a partition's keys.
  virtual void Begin(absl::Time /*batch_time*/, const ShuffleWrite& /*own*/,
                     checkpoint::StateTable& /*state*/) const {}
  // Takes in the blocks of a batch, by side and in the order given. Its rows go to `sink`, which is
  // finished; null: nobody asks for them.
  virtual absl::Status Apply(absl::Time batch_time,
                             const std::vector<std::vector<BlockView>>& sides,
                             checkpoint::StateTable& state, RowSink* sink) const = 0;
};

// Of an operator that has one, whose rows are of a window.
inline std::optional<StateOperator::Window> WindowOf(const StreamOperator& op) {
  if (const auto* window = dynamic_cast<const WindowOperator*>(&op)) {
    return StateOperator::Window{window->window(), window->slide()};
  }
  const auto* const state = dynamic_cast<const StateOperator*>(&op);
  return state == nullptr ? std::nullopt : state->window();
}

// What holds an operator's state, to people and to the files that it is in.
inline std::string StateNameOf(const StateOperator& op) {
  return absl::StrCat(op.name(), "(", op.detail(), ") gives ", op.codec());
}

namespace internal {

// Gives rows on in chunks; null: nobody asks for them.
template <typename T>
class StateRowsOut {
 public:
  explicit StateRowsOut(RowSink* sink) : sink_(static_cast<TypedSink<T>*>(sink)) {}
  bool wanted() const { return sink_ != nullptr; }
  // REQUIRES: wanted().
  void Add(T row) {
    rows_.push_back(std::move(row));
    if (rows_.size() >= kChunkRows) Flush();
  }
  // Of rows whose text stays where it is until Finish(). REQUIRES: wanted(); all are views.
  void AddView(RowView<T> row) {
    views_.push_back(std::move(row));
    if (views_.size() >= kChunkRows) Flush();
  }
  void Finish() {
    if (sink_ == nullptr) return;
    Flush();
    sink_->Finish();
  }

 private:
  void Flush() {
    if (!rows_.empty()) sink_->Take(rows_);
    rows_.clear();
    if (!views_.empty()) sink_->TakeViews(views_);
    views_.clear();
  }
  TypedSink<T>* const sink_;
  std::vector<T> rows_;
  std::vector<RowView<T>> views_;
};

// Encodings, one behind the other.
class EncodedTexts {
 public:
  void Clear() {
    bytes_.clear();
    ends_.clear();
  }
  // append(bytes) appends the next one; it gives it.
  template <typename Append>
  std::string_view Add(const Append& append) {
    const size_t begin = bytes_.size();
    append(bytes_);
    ends_.push_back(bytes_.size());
    return std::string_view(bytes_).substr(begin);
  }
  // Of all, in `views`; valid until the next Add.
  template <typename View>
  void ViewAll(std::vector<View>& views) const {
    views.clear();
    size_t begin = 0;
    for (const size_t end : ends_) {
      views.push_back(std::string_view(bytes_).substr(begin, end - begin));
      begin = end;
    }
  }

 private:
  std::string bytes_;
  std::vector<size_t> ends_;
};

// Whether what is one key (SameKey) may have several encodings: it holds floating-point numbers.
template <typename T>
struct HoldsFloats : std::is_floating_point<T> {};
template <typename A, typename B>
struct HoldsFloats<std::pair<A, B>> : std::disjunction<HoldsFloats<A>, HoldsFloats<B>> {};
template <typename... Ts>
struct HoldsFloats<std::tuple<Ts...>> : std::disjunction<HoldsFloats<Ts>...> {};
template <typename T>
struct HoldsFloats<std::vector<T>> : HoldsFloats<T> {};
template <typename T>
  requires requires { T::Fields(); }
struct HoldsFloats<T> {
  static constexpr bool value = std::apply(
      [](auto... fields) {
        return (HoldsFloats<std::decay_t<decltype(std::declval<T&>().*fields)>>::value || ...);
      },
      T::Fields());
};

// Makes one key of what is one: no -0.0, and one NaN.
template <typename T>
void MakeOneKey(T& key) {
  if constexpr (std::floating_point<T>) {
    if (key == 0) key = 0;
    if (std::isnan(key)) key = std::numeric_limits<T>::quiet_NaN();
  } else if constexpr (requires { T::Fields(); }) {
    std::apply([&key](auto... fields) { (MakeOneKey(key.*fields), ...); }, T::Fields());
  } else if constexpr (requires { std::tuple_size<T>::value; }) {
    std::apply([](auto&... parts) { (MakeOneKey(parts), ...); }, key);
  } else if constexpr (HoldsFloats<T>::value) {
    for (auto& element : key) MakeOneKey(element);
  }
}

// Appends a key as it stands in state, one encoding for what is one key.
template <typename K>
void AppendStateKey(const K& key, std::string& buffer) {
  if constexpr (HoldsFloats<K>::value) {
    K one = key;
    MakeOneKey(one);
    Codec<K>::Encode(one, buffer);
  } else {
    Codec<K>::Encode(key, buffer);
  }
}
// The same alone: a view of `buffer`.
template <typename K>
std::string_view StateKey(const K& key, std::string& buffer) {
  buffer.clear();
  AppendStateKey(key, buffer);
  return buffer;
}

// What was encoded by this job's own codec; kDataLoss: it was not.
template <typename T>
absl::Status DecodeState(const StreamOperator& where, std::string_view bytes, T& value) {
  const absl::Status decoded = DecodeFromString(bytes, value);
  if (decoded.ok()) return decoded;
  return absl::DataLossError(absl::StrCat("the state of ", where.Title(), ": ", decoded.message()));
}

// The same, as a view of the bytes.
template <typename T>
absl::Status DecodeStateView(const StreamOperator& where, std::string_view bytes,
                             RowView<T>& value) {
  Decoder in(bytes);
  if (DecodeView<T>(in, value) && in.remaining() == 0) return absl::OkStatus();
  T row{};
  return DecodeState(where, bytes, row);
}

inline void CheckStateSize(const StreamOperator& where, int64_t record, std::string_view key,
                           std::string_view value) {
  if (key.size() > checkpoint::StateTable::kLargestKey ||
      value.size() > checkpoint::StateTable::kLargestValue) {
    throw OperatorError(where, record,
                        absl::StrCat("state of ", key.size(), " and ", value.size(),
                                     " bytes, key and value, is more than can be kept"));
  }
}

inline void PutState(const StreamOperator& where, int64_t record, std::string_view key,
                     std::string_view value, checkpoint::StateTable& state) {
  CheckStateSize(where, record, key, value);
  state.Put(key, value);
}

// Those of `initial` that are of the partition.
template <typename K, typename S, typename Encode>
void PutInitial(const StreamOperator& where, const std::vector<std::pair<K, S>>& initial,
                const Partitioner<K>& partitioner, const ShuffleWrite& own,
                checkpoint::StateTable& state, const Encode& encode) {
  int64_t record = 0;
  CallUser(where, record, [&] {
    std::string key_bytes;
    for (const auto& [key, value] : initial) {
      const size_t at = partitioner.Of(key, HashKey(key), own.targets, where, record);
      if (at == static_cast<size_t>(own.partition)) {
        PutState(where, record, StateKey(key, key_bytes), encode(value), state);
      }
      ++record;
    }
  });
}

}  // namespace internal
}  // namespace wavetank::runtime

#endif  // WAVETANK_RUNTIME_DSTREAM_STATE_OPERATOR_H_
