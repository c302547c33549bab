#include "runtime/functions/extremes.h"

#include <utility>
#include <vector>

#include "platform/check.h"
#include "runtime/functions/kernels.h"
#include "runtime/functions/slots.h"

namespace wavetank::runtime {
namespace {

class ExtremesState final : public AggregateState {
 public:
  ExtremesState(std::span<const DataType> columns, Extreme which) : which_(which) {
    for (const DataType& type : columns) slots_.emplace_back(type);
  }

  void Resize(uint32_t groups) override {
    for (Slots& slots : slots_) slots.Resize(groups);
  }
  void Update(std::span<const Column> arguments, std::span<const uint32_t> groups) override {
    UpdateBy(arguments, groups, /*earlier=*/false);
  }
  void Merge(std::span<const Column> partials, std::span<const uint32_t> groups) override {
    UpdateBy(partials, groups, /*earlier=*/false);
  }
  void MergeEarlier(std::span<const Column> partials, std::span<const uint32_t> groups) override {
    UpdateBy(partials, groups, /*earlier=*/true);
  }
  std::vector<Column> Partials(std::span<const uint32_t> groups) const override {
    std::vector<Column> columns;
    for (const Slots& slots : slots_) columns.push_back(slots.Take(groups));
    return columns;
  }

 private:
  void UpdateBy(std::span<const Column> arguments, std::span<const uint32_t> groups, bool earlier) {
    const Column& order = arguments.back();
    WT_CHECK(arguments.size() == slots_.size() && order.type() == slots_.back().type());
    if (order.type().is_bytes()) {
      return Update(arguments, groups, earlier,
                    [&order](int64_t row) { return order.StringAt(row); });
    }
    WithValueType(order.type(), [&]<typename T>(T) {
      Update(arguments, groups, earlier,
             [values = order.values<T>()](int64_t row) { return values[row]; });
    });
  }
  // Of equals the first one wins, so what came earlier does.
  template <typename ValueAt>
  void Update(std::span<const Column> arguments, std::span<const uint32_t> groups, bool earlier,
              ValueAt value_at) {
    const Column& order = arguments.back();
    const Slots& best = slots_.back();
    for (size_t i = 0; i < groups.size(); ++i) {
      const auto row = static_cast<int64_t>(i);
      if (order.IsNull(row)) continue;
      const uint32_t group = groups[i];
      const auto value = value_at(row);
      if (!best.IsNull(group)) {
        const auto kept = best.Get(group, value);
        const bool further = which_ == Extreme::kLeast ? TotalOrder::Less(value, kept)
                                                       : TotalOrder::Less(kept, value);
        if (!further && !(earlier && TotalOrder::Equal(value, kept))) continue;
      }
      for (size_t column = 0; column < slots_.size(); ++column) {
        slots_[column].Set(group, arguments[column], row);
      }
    }
  }

  const Extreme which_;
  std::vector<Slots> slots_;  // a column each
};

}  // namespace

std::unique_ptr<AggregateState> MakeExtremes(std::span<const DataType> columns, Extreme which) {
  return std::make_unique<ExtremesState>(columns, which);
}

}  // namespace wavetank::runtime
