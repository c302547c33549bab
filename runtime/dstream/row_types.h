// What row types DStream's calls give, told by the functions that they are given.
#ifndef WAVETANK_RUNTIME_DSTREAM_ROW_TYPES_H_
#define WAVETANK_RUNTIME_DSTREAM_ROW_TYPES_H_

#include <functional>
#include <iterator>
#include <optional>
#include <type_traits>
#include <utility>
#include <vector>

#include "absl/time/time.h"

#include "runtime/dstream/row_view.h"
#include "runtime/dstream/state_spec.h"

namespace wavetank::runtime::internal {

struct NoPair {};

template <typename T>
struct PairOf {
  static constexpr bool value = false;
  using Key = NoPair;
  using Value = NoPair;
};
template <typename K, typename V>
struct PairOf<std::pair<K, V>> {
  static constexpr bool value = true;
  using Key = K;
  using Value = V;
};

// Of a range that a function gives when it takes a partition.
template <typename F, typename T>
using RangeResult = std::decay_t<decltype(*std::begin(
    std::declval<std::remove_reference_t<std::invoke_result_t<const F&, std::vector<T>>>&>()))>;

template <typename T>
struct AppendTo {
  std::vector<T> operator()(std::vector<T>&& values, T&& value) const {
    values.push_back(std::move(value));
    return std::move(values);
  }
};
template <typename T>
struct AppendAll {
  std::vector<T> operator()(std::vector<T>&& values, std::vector<T>&& more) const {
    values.insert(values.end(), std::make_move_iterator(more.begin()),
                  std::make_move_iterator(more.end()));
    return std::move(values);
  }
};

// The rows of a partition as one.
struct AsOneRow {
  template <typename T>
  std::vector<std::vector<T>> operator()(std::vector<T>&& rows) const {
    std::vector<std::vector<T>> one;
    one.push_back(std::move(rows));
    return one;
  }
};

template <typename T>
std::vector<T> RangeOf(const std::optional<T>& row) {
  std::vector<T> rows;
  if (row.has_value()) rows.push_back(*row);
  return rows;
}

// What MapWithState's function gives: a row, or one or none.
template <typename R>
struct RowOrNone {
  using type = R;
};
template <typename R>
struct RowOrNone<std::optional<R>> {
  using type = R;
};
template <typename K, typename V, typename S, typename F>
struct WithState {
  static constexpr bool kTimed =
      std::is_invocable_v<const F&, absl::Time, const K&, std::optional<V>, State<S>&>;
  static_assert(kTimed || std::is_invocable_v<const F&, const K&, std::optional<V>, State<S>&>,
                "MapWithState takes a function of (const K&, std::optional<V>, State<S>&), or of "
                "(absl::Time, const K&, std::optional<V>, State<S>&) that gives a std::optional");
  static auto Result() {
    if constexpr (kTimed) {
      return RowOrNone<std::decay_t<
          std::invoke_result_t<const F&, absl::Time, const K&, std::optional<V>, State<S>&>>>();
    } else {
      return std::type_identity<
          std::decay_t<std::invoke_result_t<const F&, const K&, std::optional<V>, State<S>&>>>();
    }
  }
};
template <typename K, typename V, typename S, typename F>
using WithStateResult = typename decltype(WithState<K, V, S, F>::Result())::type;

// Views of text become text of their own, for the row that they look into is gone afterwards.
template <typename F, typename T>
using MapResult = OwnedRow<std::decay_t<std::invoke_result_t<const F&, T>>>;
template <typename F, typename T>
using FlatMapResult = OwnedRow<std::decay_t<decltype(*std::begin(
    std::declval<std::remove_reference_t<std::invoke_result_t<const F&, const T&>>&>()))>>;

}  // namespace wavetank::runtime::internal

#endif  // WAVETANK_RUNTIME_DSTREAM_ROW_TYPES_H_
