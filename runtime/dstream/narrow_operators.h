// Map, Filter, FlatMap: what needs one record at a time, and no others. MapPartitions, Glom: what
// takes all of a partition.
#ifndef WAVETANK_RUNTIME_DSTREAM_NARROW_OPERATORS_H_
#define WAVETANK_RUNTIME_DSTREAM_NARROW_OPERATORS_H_

#include <cstddef>
#include <cstdint>
#include <exception>
#include <iterator>
#include <memory>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "absl/base/attributes.h"

#include "runtime/dstream/between_threads.h"
#include "runtime/dstream/codec.h"
#include "runtime/dstream/operator.h"
#include "runtime/dstream/row_chunks.h"
#include "runtime/dstream/row_view.h"

namespace wavetank::runtime::internal {

// Runs `body`, which calls user functions on the record numbered `record` at the time.
template <typename Body>
void CallUser(const StreamOperator& where, const int64_t& record, const Body& body) {
  const CallsFor calls(where.id().value());
  try {
    body();
  } catch (const OperatorError&) {
    throw;
  } catch (const std::exception& error) {
    throw OperatorError(where, record, error.what());
  } catch (...) {
    throw OperatorError(where, record, "threw what is no std::exception");
  }
}

// Gathers what is made of rows, for the next operator.
template <typename T, typename U>
class NarrowSink : public TypedSink<T> {
 public:
  NarrowSink(const StreamOperator& where, RowSink& downstream)
      : where_(where), downstream_(static_cast<TypedSink<U>&>(downstream)) {
    if constexpr (kHasView<U>) views_.reserve(kChunkRows);
  }
  void Finish() override {
    Flush();
    downstream_.Finish();
  }

 protected:
  // Calls body(row) for each, with user functions in it, and hands on what it gives.
  template <typename Rows, typename Body>
  void ForEach(Rows& rows, const Body& body) {
    CallUser(where_, record_, [&] {
      for (auto& row : rows) {
        body(row);
        ++record_;
        if (out_.size() + views_.size() >= kChunkRows) Flush();
      }
    });
    Flush();
  }
  // A row that was made of one: views of that one's text stay views, for it stays until ForEach
  // returns.
  template <typename Made>
  ABSL_ATTRIBUTE_ALWAYS_INLINE void Give(Made&& made, const RowView<T>& of) {
    if constexpr (kHoldsViews<std::remove_cvref_t<Made>>) {
      const RowView<U> view = ViewOf<U>(made);
      if (!StaysWith(view, of)) return GiveOwn(RowOf<U>(view));
      GiveView(view);
    } else {
      GiveOwn(std::forward<Made>(made));
    }
  }
  // Rows keep their order: at most one of the two has some.
  template <typename Made>
  void GiveOwn(Made&& made) {
    if (!views_.empty()) Flush();
    out_.push_back(U(std::forward<Made>(made)));
  }
  ABSL_ATTRIBUTE_ALWAYS_INLINE void GiveView(const RowView<U>& view) {
    if (!out_.empty()) Flush();
    if (views_.size() == kChunkRows) Flush();
    views_.push_back(view);
  }
  void Flush() {
    if (!out_.empty()) downstream_.Take(out_);
    out_.clear();
    if (!views_.empty()) downstream_.TakeViews(views_);
    views_.clear();
  }
  const StreamOperator& where_;
  TypedSink<U>& downstream_;
  int64_t record_ = 0;

 private:
  std::vector<U> out_;
  std::vector<RowView<U>> views_;
};

template <typename T, typename U, typename F>
class MapSink final : public NarrowSink<T, U> {
 public:
  MapSink(const StreamOperator& where, RowSink& downstream, const F& function)
      : NarrowSink<T, U>(where, downstream), function_(function) {}
  void Take(std::vector<T>& rows) override {
    this->ForEach(rows, [this](T& row) {
      if constexpr (kTakesViews<F, T>) {
        MapView(ViewOf<T>(row));
      } else if constexpr (kGivesViews) {
        this->Give(function_(std::as_const(row)), ViewOf<T>(row));
      } else {
        this->GiveOwn(function_(std::move(row)));
      }
    });
  }
  void TakeViews(std::vector<RowView<T>>& rows) override {
    if constexpr (kTakesViews<F, T>) {
      this->ForEach(rows, [this](const RowView<T>& row) { MapView(row); });
    } else {
      NarrowSink<T, U>::TakeViews(rows);
    }
  }

 private:
  static constexpr bool kGivesViews = kHoldsViews<std::decay_t<std::invoke_result_t<const F&, T>>>;
  static_assert(!kGivesViews || std::is_reference_v<typename FirstParameter<F>::Type> ||
                    kTakesViews<F, T>,
                "this function of Map gives a view of text: it must take its row by reference or "
                "as a view, and say so (const std::string&, std::string_view; not auto)");
  void MapView(const RowView<T>& row) { this->Give(function_(row), row); }
  const F& function_;
};

template <typename T, typename F>
class FilterSink final : public NarrowSink<T, T> {
 public:
  FilterSink(const StreamOperator& where, RowSink& downstream, const F& predicate)
      : NarrowSink<T, T>(where, downstream), predicate_(predicate) {}
  void Take(std::vector<T>& rows) override {
    this->ForEach(rows, [this](T& row) {
      if (predicate_(std::as_const(row))) this->GiveOwn(std::move(row));
    });
  }
  void TakeViews(std::vector<RowView<T>>& rows) override {
    if constexpr (kTakesViews<F, T>) {
      this->ForEach(rows, [this](const RowView<T>& row) {
        if (predicate_(row)) this->GiveView(row);
      });
    } else {
      NarrowSink<T, T>::TakeViews(rows);
    }
  }

 private:
  const F& predicate_;
};

template <typename T, typename U, typename F>
class FlatMapSink final : public NarrowSink<T, U> {
 public:
  FlatMapSink(const StreamOperator& where, RowSink& downstream, const F& function)
      : NarrowSink<T, U>(where, downstream), function_(function) {}
  void Take(std::vector<T>& rows) override {
    this->ForEach(rows, [this](const T& row) { Append(row, ViewOf<T>(row)); });
  }
  void TakeViews(std::vector<RowView<T>>& rows) override {
    if constexpr (kTakesViews<F, T>) {
      this->ForEach(rows, [this](const RowView<T>& row) { Append(row, row); });
    } else {
      NarrowSink<T, U>::TakeViews(rows);
    }
  }

 private:
  using Element = std::decay_t<decltype(*std::begin(
      std::declval<std::remove_reference_t<std::invoke_result_t<const F&, const T&>>&>()))>;
  using First = typename FirstParameter<F>::Type;
  static_assert(!kHoldsViews<Element> || std::is_void_v<First> || std::is_reference_v<First> ||
                    kTakesViews<F, T>,
                "this function of FlatMap gives views of text: it must take its row by reference, "
                "or as a std::string_view, for a row that it takes by value is gone by then");

  // `view` is the row's.
  template <typename Row>
  void Append(const Row& row, const RowView<T>& view) {
    // A named range: it may hold what its elements view.
    auto&& range = function_(row);
    for (auto&& element : range) this->Give(std::move(element), view);
  }
  const F& function_;
};

// Gathers a partition, for function(rows), which gives a range of new rows.
template <typename T, typename U, typename F>
class MapPartitionsSink final : public NarrowSink<T, U> {
 public:
  MapPartitionsSink(const StreamOperator& where, RowSink& downstream, const F& function)
      : NarrowSink<T, U>(where, downstream), function_(function) {}
  void Take(std::vector<T>& rows) override {
    if (rows_.empty()) {
      rows_.swap(rows);
      return;
    }
    rows_.insert(rows_.end(), std::make_move_iterator(rows.begin()),
                 std::make_move_iterator(rows.end()));
  }
  void Finish() override {
    CallUser(this->where_, this->record_, [&] {
      auto&& range = function_(std::move(rows_));
      for (auto&& element : range) this->GiveOwn(std::move(element));
    });
    NarrowSink<T, U>::Finish();
  }

 private:
  const F& function_;
  std::vector<T> rows_;
};

template <typename T, typename U, typename F>
class MapPartitionsOperator final : public NarrowOperator {
 public:
  MapPartitionsOperator(std::string name, F function)
      : NarrowOperator(std::move(name), "", Codec<U>::Name()), function_(std::move(function)) {}
  bool gives_rows_of_none() const override { return true; }
  std::unique_ptr<RowSink> Attach(const TaskRun&, RowSink& downstream) const override {
    return std::make_unique<MapPartitionsSink<T, U, F>>(*this, downstream, function_);
  }

 private:
  const F function_;
};

template <typename T, typename U, typename F>
class MapOperator final : public NarrowOperator {
 public:
  explicit MapOperator(F function)
      : NarrowOperator("Map", "", Codec<U>::Name()), function_(std::move(function)) {}
  std::unique_ptr<RowSink> Attach(const TaskRun&, RowSink& downstream) const override {
    return std::make_unique<MapSink<T, U, F>>(*this, downstream, function_);
  }

 private:
  const F function_;
};

template <typename T, typename F>
class FilterOperator final : public NarrowOperator {
 public:
  explicit FilterOperator(F predicate)
      : NarrowOperator("Filter", "", Codec<T>::Name()), predicate_(std::move(predicate)) {}
  std::unique_ptr<RowSink> Attach(const TaskRun&, RowSink& downstream) const override {
    return std::make_unique<FilterSink<T, F>>(*this, downstream, predicate_);
  }

 private:
  const F predicate_;
};

template <typename T, typename U, typename F>
class FlatMapOperator final : public NarrowOperator {
 public:
  explicit FlatMapOperator(F function)
      : NarrowOperator("FlatMap", "", Codec<U>::Name()), function_(std::move(function)) {}
  std::unique_ptr<RowSink> Attach(const TaskRun&, RowSink& downstream) const override {
    return std::make_unique<FlatMapSink<T, U, F>>(*this, downstream, function_);
  }

 private:
  const F function_;
};

}  // namespace wavetank::runtime::internal

#endif  // WAVETANK_RUNTIME_DSTREAM_NARROW_OPERATORS_H_
