#include "runtime/operators/values_in_place.h"

#include <algorithm>

#include "platform/check.h"

namespace wavetank::runtime {
namespace {

constexpr char kNotNull = 1;

}  // namespace

std::optional<ValuesInPlace> ValuesInPlace::Of(const std::vector<AggregateCall>& calls) {
  ValuesInPlace values;
  for (const AggregateCall& call : calls) {
    const auto& in_place = call.function->parts->in_place;
    const std::optional<MergeInPlace> how = in_place ? in_place(call.arguments) : std::nullopt;
    if (!how) return std::nullopt;
    WT_CHECK(call.intermediate().size() == 1, "what is merged in place is a single value");
    values.first_ += kNotNull;
    values.parts_.push_back({.how = *how, .at = values.first_.size()});
    values.first_ += how->neutral;
  }
  return values;
}

bool ValuesInPlace::CanMerge(std::span<const Column> partials) {
  return std::ranges::all_of(partials,
                             [](const Column& column) { return column.null_count() == 0; });
}

bool ValuesInPlace::Merge(std::span<const Column> partials, std::span<char* const> values) const {
  WT_CHECK(partials.size() == parts_.size());
  for (const Part& part : parts_) {
    bool not_null = true;
    for (const char* const value : values) not_null &= value[part.at - 1] == kNotNull;
    if (!not_null) return false;
  }
  for (size_t i = 0; i < parts_.size(); ++i) {
    parts_[i].how.merge(partials[i], values, parts_[i].at);
  }
  return true;
}

}  // namespace wavetank::runtime
