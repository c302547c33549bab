// RowView<T>: a row of type T whose text stays in the block that holds it. A std::string is viewed
// by a std::string_view, a pair or tuple of texts, numbers and the like part by part; every other
// type is its own view.
//
// A function that takes the view of its row, written out (std::string_view rather than auto), is
// given views, and what it gives of them stays views up to where text of its own is needed: a key
// that is new, a function that takes a const std::string&.
#ifndef WAVETANK_RUNTIME_DSTREAM_ROW_VIEW_H_
#define WAVETANK_RUNTIME_DSTREAM_ROW_VIEW_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"

#include "runtime/dstream/codec.h"

namespace wavetank::runtime::internal {

template <typename T>
struct Viewed {
  using Type = T;
};
template <>
struct Viewed<std::string> {
  using Type = std::string_view;
};
// A part that is itself made of parts may be a key. It is viewed if a job cannot have a HashKey of
// its own for it, which would not be that of the view: if none of its parts is of a job's type.
template <typename T>
inline constexpr bool kIsPlain = std::is_arithmetic_v<T> || std::is_same_v<T, std::string> ||
                                 std::is_same_v<T, absl::Time> || std::is_same_v<T, absl::Duration>;
template <typename A, typename B>
inline constexpr bool kIsPlain<std::pair<A, B>> = kIsPlain<A> && kIsPlain<B>;
template <typename... Ts>
inline constexpr bool kIsPlain<std::tuple<Ts...>> = (kIsPlain<Ts> && ...);
template <typename T>
using ViewedPart = std::conditional_t<kIsPlain<T>, typename Viewed<T>::Type, T>;
template <typename Row>
concept IsWrittenByParts = requires { typename Codec<Row>::Parts; };  // a job's own codec is none
// Unless a part would have to be copied with memory of its own, or the whole is not read by parts.
template <typename Row, template <typename...> typename Record, typename... Ts>
using ViewedParts =
    std::conditional_t<IsWrittenByParts<Row> &&
                           (std::is_trivially_copy_constructible_v<ViewedPart<Ts>> && ...),
                       Record<ViewedPart<Ts>...>, Row>;
template <typename A, typename B>
struct Viewed<std::pair<A, B>> {
  using Type = ViewedParts<std::pair<A, B>, std::pair, A, B>;
};
template <typename... Ts>
struct Viewed<std::tuple<Ts...>> {
  using Type = ViewedParts<std::tuple<Ts...>, std::tuple, Ts...>;
};

template <typename T>
concept TextView = std::is_same_v<T, std::string_view> || std::is_same_v<T, absl::string_view>;

// The row that a function's result stands for: views of text become text.
template <typename T>
struct Owned {
  using Type = T;
};
template <TextView T>
struct Owned<T> {
  using Type = std::string;
};
template <typename A, typename B>
struct Owned<std::pair<A, B>> {
  using Type = std::pair<typename Owned<A>::Type, typename Owned<B>::Type>;
};
template <typename... Ts>
struct Owned<std::tuple<Ts...>> {
  using Type = std::tuple<typename Owned<Ts>::Type...>;
};

template <typename T>
using RowView = typename Viewed<T>::Type;
template <typename T>
using OwnedRow = typename Owned<T>::Type;

template <typename T>
inline constexpr bool kHasView = !std::is_same_v<RowView<T>, T>;
template <typename T>
inline constexpr bool kHoldsViews = !std::is_same_v<OwnedRow<T>, T>;

// One of the views of a row of type T, made of the row or of anything that has its parts.
template <typename T, typename Made>
RowView<T> ViewOf(const Made& made) {
  if constexpr (!kHasView<T>) {
    return RowView<T>(made);
  } else if constexpr (std::is_same_v<T, std::string>) {
    return std::string_view(made.data(), made.size());
  } else {
    return [&]<size_t... I>(std::index_sequence<I...>) {
      return RowView<T>(ViewOf<std::tuple_element_t<I, T>>(std::get<I>(made))...);
    }(std::make_index_sequence<std::tuple_size_v<T>>());
  }
}

// A row of its own, of a row or a view of one.
template <typename T, typename Made>
T RowOf(Made&& made) {
  if constexpr (std::is_same_v<std::remove_cvref_t<Made>, T> || !kHasView<T>) {
    return T(std::forward<Made>(made));
  } else if constexpr (std::is_same_v<T, std::string>) {
    return T(made.data(), made.size());
  } else {
    return [&]<size_t... I>(std::index_sequence<I...>) {
      return T(RowOf<std::tuple_element_t<I, T>>(std::get<I>(made))...);
    }(std::make_index_sequence<std::tuple_size_v<T>>());
  }
}

// Whether all text that `part` views is text that `whole` views: then it stays for as long.
template <typename Whole>
bool IsTextOf(std::string_view text, const Whole& whole) {
  if constexpr (std::is_same_v<Whole, std::string_view>) {
    // Pointers into different blocks have an order by these alone.
    const std::less_equal<const char*> not_after;
    return not_after(whole.data(), text.data()) &&
           not_after(text.data() + text.size(), whole.data() + whole.size());
  } else if constexpr (kHoldsViews<Whole>) {
    return std::apply([&text](const auto&... parts) { return (IsTextOf(text, parts) || ...); },
                      whole);
  } else {
    return false;
  }
}
template <typename Part, typename Whole>
bool StaysWith(const Part& part, const Whole& whole) {
  if constexpr (std::is_same_v<Part, std::string_view>) {
    return IsTextOf(part, whole);
  } else if constexpr (kHoldsViews<Part>) {
    return std::apply([&whole](const auto&... parts) { return (StaysWith(parts, whole) && ...); },
                      part);
  } else {
    return true;
  }
}

// Reads a view of a row as Codec<T> has encoded it; false: malformed.
template <typename T>
bool DecodeView(Decoder& in, RowView<T>& view) {
  if constexpr (!kHasView<T>) {
    return Codec<T>::Decode(in, view);
  } else if constexpr (std::is_same_v<T, std::string>) {
    uint64_t size = 0;
    return in.ReadVarint(size) && size <= in.remaining() && in.ReadView(size, view);
  } else {
    return [&]<size_t... I>(std::index_sequence<I...>) {
      return (DecodeView<std::tuple_element_t<I, T>>(in, std::get<I>(view)) && ...);
    }(std::make_index_sequence<std::tuple_size_v<T>>());
  }
}

// What a function takes first, if that can be told without calling it: it is no template, and not
// overloaded. Otherwise void.
template <typename F>
struct FirstParameter {
  using Type = void;
};
template <typename R, typename A, typename... As>
struct FirstParameter<R (*)(A, As...)> {
  using Type = A;
};
template <typename R, typename A, typename... As>
struct FirstParameter<R (*)(A, As...) noexcept> {
  using Type = A;
};
template <typename C, typename R, typename A, typename... As>
struct FirstParameter<R (C::*)(A, As...) const> {
  using Type = A;
};
template <typename C, typename R, typename A, typename... As>
struct FirstParameter<R (C::*)(A, As...) const noexcept> {
  using Type = A;
};
template <typename F>
  requires requires { &F::operator(); }
struct FirstParameter<F> : FirstParameter<decltype(&F::operator())> {};

// Whether F is to be given views of rows of type T.
template <typename F, typename T>
inline constexpr bool kTakesViews =
    kHasView<T> &&
    std::is_same_v<std::remove_cvref_t<typename FirstParameter<F>::Type>, RowView<T>>;

}  // namespace wavetank::runtime::internal

#endif  // WAVETANK_RUNTIME_DSTREAM_ROW_VIEW_H_
