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

#include "runtime/dstream/between_threads.h"
#include "runtime/dstream/codec.h"
#include "runtime/dstream/operator.h"

namespace wavetank::runtime::internal {

// FlatMap passes rows on when it has gathered this many.
inline constexpr size_t kChunkRows = 1024;

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

template <typename T, typename U>
class NarrowSink : public TypedSink<T> {
 public:
  NarrowSink(const StreamOperator& where, RowSink& downstream)
      : where_(where), downstream_(static_cast<TypedSink<U>&>(downstream)) {}
  void Finish() override {
    Flush();
    downstream_.Finish();
  }

 protected:
  void Flush() {
    if (!out_.empty()) downstream_.Take(out_);
    out_.clear();
  }
  const StreamOperator& where_;
  TypedSink<U>& downstream_;
  std::vector<U> out_;
  int64_t record_ = 0;
};

template <typename T, typename U, typename F>
class MapSink final : public NarrowSink<T, U> {
 public:
  MapSink(const StreamOperator& where, RowSink& downstream, const F& function)
      : NarrowSink<T, U>(where, downstream), function_(function) {}
  void Take(std::vector<T>& rows) override {
    CallUser(this->where_, this->record_, [&] {
      for (T& row : rows) {
        this->out_.push_back(function_(std::move(row)));
        ++this->record_;
      }
    });
    this->Flush();
  }

 private:
  const F& function_;
};

template <typename T, typename F>
class FilterSink final : public NarrowSink<T, T> {
 public:
  FilterSink(const StreamOperator& where, RowSink& downstream, const F& predicate)
      : NarrowSink<T, T>(where, downstream), predicate_(predicate) {}
  void Take(std::vector<T>& rows) override {
    CallUser(this->where_, this->record_, [&] {
      for (T& row : rows) {
        if (predicate_(std::as_const(row))) this->out_.push_back(std::move(row));
        ++this->record_;
      }
    });
    this->Flush();
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
    for (T& row : rows) {
      CallUser(this->where_, this->record_, [&] { Append(row); });
      ++this->record_;
      if (this->out_.size() >= kChunkRows) this->Flush();
    }
    this->Flush();
  }

 private:
  void Append(T& row) {
    // A named range: it may hold views of the row, which lives as long.
    auto&& range = function_(std::as_const(row));
    for (auto&& element : range) {
      if constexpr (std::is_constructible_v<U, decltype(std::move(element))>) {
        this->out_.push_back(U(std::move(element)));
      } else {
        this->out_.push_back(U(element.data(), element.size()));
      }
    }
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
      for (auto&& element : range) this->out_.push_back(U(std::move(element)));
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
  std::unique_ptr<RowSink> Attach(RowSink& downstream) const override {
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
  std::unique_ptr<RowSink> Attach(RowSink& downstream) const override {
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
  std::unique_ptr<RowSink> Attach(RowSink& downstream) const override {
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
  std::unique_ptr<RowSink> Attach(RowSink& downstream) const override {
    return std::make_unique<FlatMapSink<T, U, F>>(*this, downstream, function_);
  }

 private:
  const F function_;
};

}  // namespace wavetank::runtime::internal

#endif  // WAVETANK_RUNTIME_DSTREAM_NARROW_OPERATORS_H_
