// DStream<T>: a stream cut into batches, after Spark Streaming's discretized streams (Zaharia et
// al., SOSP 2013). A light handle onto one operator of a plan; copying it copies the handle.
//
// What a user function must be: callable as const (its calls may run in any order, on any node,
// more than once), and deterministic where outputs must not change when a batch runs again. A
// function that throws fails its task, which is tried again; a task that fails for good fails the
// batch, with batch, operator, partition and record in the message.
#ifndef WAVETANK_RUNTIME_DSTREAM_DSTREAM_H_
#define WAVETANK_RUNTIME_DSTREAM_DSTREAM_H_

#include <cstddef>
#include <functional>
#include <memory>
#include <ranges>
#include <string>
#include <type_traits>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"

#include "runtime/dstream/graph.h"
#include "runtime/dstream/narrow_operators.h"
#include "runtime/dstream/output_operators.h"
#include "runtime/dstream/rdd.h"
#include "runtime/dstream/shuffle_operators.h"

namespace wavetank::runtime {

namespace internal {

template <typename T>
struct PairOf {
  static constexpr bool value = false;
};
template <typename K, typename V>
struct PairOf<std::pair<K, V>> {
  static constexpr bool value = true;
  using Key = K;
  using Value = V;
};

// What FlatMap makes of a range's elements: views of text become text of their own, for the row
// that they look into is gone afterwards.
template <typename Element>
struct Owned {
  using Type = Element;
};
template <typename Element>
  requires(std::is_trivially_copyable_v<Element> &&
           requires(const Element& view) {
             { view.data() } -> std::same_as<const char*>;
             view.size();
           })
struct Owned<Element> {
  using Type = std::string;
};

template <typename F, typename T>
using MapResult = std::decay_t<std::invoke_result_t<const F&, T>>;
template <typename F, typename T>
using FlatMapResult = typename Owned<std::decay_t<decltype(*std::begin(
    std::declval<std::remove_reference_t<std::invoke_result_t<const F&, const T&>>&>()))>>::Type;

}  // namespace internal

template <typename T>
class DStream {
 public:
  using Row = T;

  // For the context and for operators.
  DStream(StreamingGraph& graph, OperatorId id) : graph_(&graph), id_(id) {}
  OperatorId id() const { return id_; }

  // function(row) gives the new row.
  template <typename F, typename U = internal::MapResult<F, T>>
  DStream<U> Map(F function) const {
    return Then<U>(std::make_unique<internal::MapOperator<T, U, F>>(std::move(function)));
  }

  // Keeps the rows for which predicate(row) holds.
  template <typename F>
    requires std::predicate<const F&, const T&>
  DStream<T> Filter(F predicate) const {
    return Then<T>(std::make_unique<internal::FilterOperator<T, F>>(std::move(predicate)));
  }

  // function(row) gives a range of new rows. A range of string_views gives strings.
  template <typename F, typename U = internal::FlatMapResult<F, T>>
  DStream<U> FlatMap(F function) const {
    return Then<U>(std::make_unique<internal::FlatMapOperator<T, U, F>>(std::move(function)));
  }

  // One row a key of each batch: the key's values, combined by function(value, value), which is
  // associative. For rows that are std::pair<K, V>.
  template <typename F>
  DStream<T> ReduceByKey(F function) const
    requires(internal::PairOf<T>::value)
  {
    using K = typename internal::PairOf<T>::Key;
    using V = typename internal::PairOf<T>::Value;
    static_assert(std::is_invocable_r_v<V, const F&, V, V>,
                  "ReduceByKey takes a function of two values that gives one");
    return Then<T>(std::make_unique<internal::ReduceByKeyOperator<K, V, F>>(std::move(function)));
  }

  // Prints the first `count` rows of each batch, and "..." if there are more, under its time.
  void Print(int count = 10) const {
    if (count < 0) {
      graph_->AddError(absl::InvalidArgumentError(absl::StrCat("Print(", count, ") of ", title())));
      count = 0;
    }
    Then<T>(std::make_unique<internal::PrintOperator<T>>(static_cast<size_t>(count)));
  }

  // Calls function(rdd, batch_time) or function(rdd) for each batch, also an empty one, at the
  // driver. A batch that runs again calls it again.
  template <typename F>
  void ForeachRDD(F function) const {
    if constexpr (std::is_invocable_v<const F&, const Rdd<T>&, absl::Time>) {
      Then<T>(std::make_unique<internal::ForeachOperator<T, F>>(std::move(function)));
    } else {
      static_assert(std::is_invocable_v<const F&, const Rdd<T>&>,
                    "ForeachRDD takes a function of (const Rdd<T>&, absl::Time)");
      ForeachRDD(
          [function = std::move(function)](const Rdd<T>& rdd, absl::Time) { function(rdd); });
    }
  }

  // For each batch the directory "<prefix>-<milliseconds>[.<suffix>]" of the store, with a folder
  // "attempt-<id>" for each time the batch ran: files part-00000-<unique id> and so on, a line a
  // row, and, written last, _SUCCESS. An attempt without _SUCCESS is incomplete; its second and
  // further lines name the parts that count, and others that may be there do not (text_output.h).
  // Of the complete attempts of one batch read any one: they are the same when the functions are
  // deterministic, and each is a whole answer when they are not. REQUIRES: no other output of the
  // job has the same prefix and suffix.
  void SaveAsTextFiles(std::string prefix, std::string suffix = "") const {
    if (prefix.empty()) {
      graph_->AddError(absl::InvalidArgumentError(
          absl::StrCat("SaveAsTextFiles of ", title(), ": the prefix is empty")));
    }
    Then<T>(std::make_unique<internal::SaveAsTextOperator<T>>(prefix, std::move(suffix)));
  }

 private:
  template <typename U>
  DStream<U> Then(std::unique_ptr<StreamOperator> next) const {
    return DStream<U>(*graph_, graph_->Add(id_, std::move(next)));
  }
  std::string title() const { return graph_->at(id_).Title(); }

  StreamingGraph* graph_;
  OperatorId id_;
};

}  // namespace wavetank::runtime

#endif  // WAVETANK_RUNTIME_DSTREAM_DSTREAM_H_
