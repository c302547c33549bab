// ValuesInPlace: intermediate values that are merged where they stand in state, as a row key has
// them (runtime/columnar/row_key.h), rather than read, merged and put back: those of aggregates of
// one such value each, none of them null.
#ifndef WAVETANK_RUNTIME_OPERATORS_VALUES_IN_PLACE_H_
#define WAVETANK_RUNTIME_OPERATORS_VALUES_IN_PLACE_H_

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/operators/hash_aggregate.h"

namespace wavetank::runtime {

class ValuesInPlace {
 public:
  // Nothing: some of the aggregates do not merge so.
  static std::optional<ValuesInPlace> Of(const std::vector<AggregateCall>& calls);

  // The value of a group that has no row yet. All that are merged in place are of its size.
  std::string_view first() const { return first_; }
  // Whether these can be merged so.
  static bool CanMerge(std::span<const Column> partials);
  // Merges row i into the value that stands at values[i]. False, and nothing is changed: some value
  // is none of such aggregates. REQUIRES: CanMerge; values of the size of first().
  bool Merge(std::span<const Column> partials, std::span<char* const> values) const;

 private:
  struct Part {
    MergeInPlace how;
    size_t at;  // behind the flag that says that it is not null
  };
  std::vector<Part> parts_;
  std::string first_;
};

}  // namespace wavetank::runtime

#endif  // WAVETANK_RUNTIME_OPERATORS_VALUES_IN_PLACE_H_
