// Accumulators as the engine sees them: without their types.
#ifndef WAVETANK_RUNTIME_DSTREAM_ACCUMULATOR_CELL_H_
#define WAVETANK_RUNTIME_DSTREAM_ACCUMULATOR_CELL_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"

#include "runtime/dstream/between_threads.h"

namespace wavetank::runtime {

// By name, encoded by the accumulator's codec.
using AccumulatorTotals = std::map<std::string, std::string>;

namespace internal {

// One of a plan, which owns it; handles share it.
class AccumulatorCell {
 public:
  // `type`: what tells it apart in the plan: how it merges, and of which codec. `zero`: encoded.
  AccumulatorCell(std::string name, std::string type, const std::string& zero)
      : total(zero), name_(std::move(name)), type_(std::move(type)), zero_(zero) {}
  AccumulatorCell(const AccumulatorCell&) = delete;
  AccumulatorCell& operator=(const AccumulatorCell&) = delete;
  virtual ~AccumulatorCell() = default;

  const std::string& name() const { return name_; }
  const std::string& type() const { return type_; }
  const std::string& zero() const { return zero_; }
  // Takes in what was added; both encoded. kDataLoss: one of them is not of its type. May throw
  // what the user's function throws.
  virtual absl::Status Merge(const std::string& added, std::string& into) const = 0;

  // As the newest complete batch has left it.
  SharedText total;
  // Which it is of its plan, from 0, and of which plan.
  size_t index = 0;
  const void* plan = nullptr;

 private:
  const std::string name_;
  const std::string type_;
  const std::string zero_;
};

// What one attempt at a task has added, or the functions of a driver in one batch: by the operator
// whose functions did, and by accumulator.
class Additions {
 public:
  // `plan` has so many accumulators.
  Additions(const void* plan, size_t accumulators) : plan_(plan), accumulators_(accumulators) {}

  bool is_of(const AccumulatorCell& cell) const { return cell.plan == plan_; }
  // Empty: nothing yet. REQUIRES: is_of(cell), whose values are of type T.
  template <typename T>
  std::optional<T>& Of(int64_t op, const AccumulatorCell& cell) {
    std::vector<std::unique_ptr<Slot>>& slots = slots_[op];
    slots.resize(accumulators_);
    std::unique_ptr<Slot>& slot = slots[cell.index];
    if (slot == nullptr) slot = std::make_unique<TypedSlot<T>>();
    return static_cast<TypedSlot<T>&>(*slot).value;
  }

  // Calls visit(operator, accumulator, encoded) where there is anything.
  template <typename Visit>
  void ForEach(const Visit& visit) const {
    for (const auto& [op, slots] : slots_) {
      for (size_t i = 0; i < slots.size(); ++i) {
        const std::string added = slots[i] == nullptr ? std::string() : slots[i]->Encode();
        if (!added.empty()) visit(op, i, added);
      }
    }
  }

 private:
  struct Slot {
    virtual ~Slot() = default;
    virtual std::string Encode() const = 0;  // "": there is nothing
  };
  template <typename T>
  struct TypedSlot final : Slot {
    std::string Encode() const override;  // accumulator.h
    std::optional<T> value;
  };

  const void* const plan_;
  const size_t accumulators_;
  std::map<int64_t, std::vector<std::unique_ptr<Slot>>> slots_;
};

}  // namespace internal
}  // namespace wavetank::runtime

#endif  // WAVETANK_RUNTIME_DSTREAM_ACCUMULATOR_CELL_H_
