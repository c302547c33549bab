// Accumulator<T>: what the functions of a job count besides the rows that they give.
//
//   const auto malformed = ssc.Accumulator<int64_t>("malformed");
//   lines.Filter([malformed](const std::string& line) {
//     if (line.empty()) malformed.Add(1);
//     return !line.empty();
//   }).ForeachRDD([malformed](const auto& rdd) { Report(malformed.Value()); });
//
// Each batch counts once, when it is complete: whatever was tried again, ran twice, was made again
// of lost blocks or for a state, or ran in a driver that died. A batch that fails counts nothing
// until it is complete, in the next driver. The totals are durable with the mark that the batch is
// complete, and the next driver goes on from them. (In Spark, what a transformation adds may count
// more than once, and none of it outlives the driver.)
//
// What a function of an operator adds for a row counts once, in the first batch that has the row,
// however many outputs and windows take that stream: so it does not depend on what workers keep.
// The functions of a window with an inverse may add nothing where it merges: it calls them as often
// as it must.
#ifndef WAVETANK_RUNTIME_DSTREAM_ACCUMULATOR_H_
#define WAVETANK_RUNTIME_DSTREAM_ACCUMULATOR_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

#include "runtime/dstream/accumulator_cell.h"
#include "runtime/dstream/between_threads.h"
#include "runtime/dstream/codec.h"

namespace wavetank::runtime {

namespace internal {

template <typename T>
std::string Additions::TypedSlot<T>::Encode() const {
  // With a byte before it, for a value may be of none.
  return value.has_value() ? "+" + EncodeToString(*value) : std::string();
}

// a + b. Of int64_t, modulo 2^64: an error would fail the batch in every driver to come.
template <typename T>
T SumOf(T a, T b) {
  if constexpr (std::is_integral_v<T>) {
    return static_cast<T>(static_cast<uint64_t>(a) + static_cast<uint64_t>(b));
  } else {
    return a + b;
  }
}

template <typename T>
class TypedAccumulator final : public AccumulatorCell {
 public:
  using Merging = std::function<T(T, T)>;
  TypedAccumulator(std::string name, std::string merging, const T& zero, Merging merge)
      : AccumulatorCell(std::move(name), absl::StrCat(merging, " of ", Codec<T>::Name()),
                        EncodeToString(zero)),
        merge_(std::move(merge)) {}

  T Merged(T value, T added) const { return merge_(std::move(value), std::move(added)); }
  absl::Status Merge(const std::string& added, std::string& into) const override {
    T sum{};
    T more{};
    absl::Status decoded = DecodeFromString(into, sum);
    if (decoded.ok()) decoded = DecodeFromString(added.substr(1), more);
    if (!decoded.ok()) {
      return absl::DataLossError(
          absl::StrCat("accumulator '", name(), "': ", std::string(decoded.message())));
    }
    into = EncodeToString(merge_(std::move(sum), std::move(more)));
    return absl::OkStatus();
  }

 private:
  const Merging merge_;
};

}  // namespace internal

// A light handle, which functions capture by value. One of another context, or outside of what the
// calls below allow, throws std::runtime_error.
template <typename T>
class Accumulator {
 public:
  // For the context.
  explicit Accumulator(std::shared_ptr<internal::TypedAccumulator<T>> cell)
      : cell_(std::move(cell)) {}

  const std::string& name() const { return cell_->name(); }

  // In functions that operators call, on workers, and in what ForeachRDD calls.
  void Add(T value) const {
    const internal::AdditionsScope* const scope = internal::AdditionsScope::Current();
    if (scope == nullptr) Refuse("adds outside of a function that a batch calls");
    if (scope->calls_for() == internal::CallsFor::kAsOftenAsItMust) {
      Refuse(
          "adds where a window with an inverse merges: it calls the function as often as it "
          "must; count in a Map before it");
    }
    internal::Additions* const additions = scope->additions();
    if (additions == nullptr) return;  // it was counted when it ran first
    if (!additions->is_of(*cell_)) Refuse("is of another context");
    if (scope->calls_for() < 0) Refuse("adds outside of a function that an operator calls");
    std::optional<T>& added = additions->template Of<T>(scope->calls_for(), *cell_);
    T sum =
        added.has_value() ? cell_->Merged(*std::move(added), std::move(value)) : std::move(value);
    added = std::move(sum);
  }

  // At the driver. In what ForeachRDD calls: with what the batch has added so far: the
  // transformations of all outputs, as long as they are one graph of tasks; once that failed, and
  // each output runs by itself, those of this output and of the outputs before it. Elsewhere: what
  // the complete batches have, as soon as a context runs also those before it. Not on workers.
  T Value() const {
    const internal::AdditionsScope* const scope = internal::AdditionsScope::Current();
    if (scope == nullptr) return Decoded(cell_->total.Get());
    if (scope->totals() == nullptr)
      Refuse("is read in a task: read it at the driver, in ForeachRDD");
    if (!scope->additions()->is_of(*cell_)) Refuse("is of another context");
    T total = Decoded((*scope->totals())[cell_->index]);
    const std::optional<T>& added = scope->additions()->template Of<T>(scope->calls_for(), *cell_);
    return added.has_value() ? cell_->Merged(std::move(total), *added) : total;
  }

 private:
  [[noreturn]] void Refuse(const char* why) const {
    throw std::runtime_error(absl::StrCat("accumulator '", name(), "' ", why));
  }
  T Decoded(const std::string& bytes) const {
    T value{};
    if (!DecodeFromString(bytes, value).ok()) Refuse("has a total that is not of its type");
    return value;
  }

  std::shared_ptr<internal::TypedAccumulator<T>> cell_;
};

}  // namespace wavetank::runtime

#endif  // WAVETANK_RUNTIME_DSTREAM_ACCUMULATOR_H_
