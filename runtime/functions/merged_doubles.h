// MergedDoubles<M>: an aggregate's state of which each group is some doubles that merge.
#ifndef WAVETANK_RUNTIME_FUNCTIONS_MERGED_DOUBLES_H_
#define WAVETANK_RUNTIME_FUNCTIONS_MERGED_DOUBLES_H_

#include <cstddef>
#include <cstdint>
#include <iterator>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "runtime/functions/function.h"

namespace wavetank::runtime {

// M has kParts, its fields as they stand in the partials; Add(more); and OfRow(arguments, row),
// what one row is: nullopt, it does not count.
template <typename M>
class MergedDoubles final : public AggregateState {
 public:
  void Resize(uint32_t groups) override {
    if (groups > values_.size()) values_.resize(groups);
  }
  void Update(std::span<const Column> arguments, std::span<const uint32_t> groups) override {
    for (size_t i = 0; i < groups.size(); ++i) {
      const std::optional<M> value = M::OfRow(arguments, static_cast<int64_t>(i));
      if (value) values_[groups[i]].Add(*value);
    }
  }
  void Merge(std::span<const Column> partials, std::span<const uint32_t> groups) override {
    for (size_t i = 0; i < groups.size(); ++i) {
      values_[groups[i]].Add(At(partials, static_cast<int64_t>(i)));
    }
  }
  std::vector<Column> Partials(std::span<const uint32_t> groups) const override {
    std::vector<Column> columns;
    for (const auto part : M::kParts) {
      ColumnBuilder builder(DataType::kDouble);
      for (const uint32_t group : groups) builder.Double(values_[group].*part);
      columns.push_back(builder.Finish());
    }
    return columns;
  }

  // A row of partials.
  static M At(std::span<const Column> partials, int64_t row) {
    M value;
    for (size_t part = 0; part < std::size(M::kParts); ++part) {
      value.*M::kParts[part] = partials[part].DoubleAt(row);
    }
    return value;
  }

 private:
  std::vector<M> values_;
};

// give(value, builder) appends what a group gives, of `type`.
template <typename M, typename Give>
std::shared_ptr<const AggregateParts> PartsOfDoubles(DataType type, Give give) {
  auto parts = std::make_shared<AggregateParts>();
  parts->intermediate = [](std::span<const DataType>) {
    return std::vector<DataType>(std::size(M::kParts), DataType::kDouble);
  };
  parts->make = [](std::span<const DataType>) { return std::make_unique<MergedDoubles<M>>(); };
  parts->result = [type, give](std::span<const Column> intermediate) {
    ColumnBuilder builder(type);
    for (int64_t row = 0; row < intermediate[0].size(); ++row) {
      give(MergedDoubles<M>::At(intermediate, row), builder);
    }
    return builder.Finish();
  };
  return parts;
}

}  // namespace wavetank::runtime

#endif  // WAVETANK_RUNTIME_FUNCTIONS_MERGED_DOUBLES_H_
