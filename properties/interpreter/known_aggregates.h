// The aggregates that the interpreter knows.
#ifndef WAVETANK_PROPERTIES_INTERPRETER_KNOWN_AGGREGATES_H_
#define WAVETANK_PROPERTIES_INTERPRETER_KNOWN_AGGREGATES_H_

#include <algorithm>
#include <iterator>
#include <string_view>

namespace wavetank::properties {

struct KnownAggregate {
  std::string_view name;
  bool by_order = false;  // the answer depends on the order of rows
  bool rounded = false;   // what it is made of is, whatever the values, so their order shows
};
inline constexpr KnownAggregate kKnownAggregates[] = {
    {"count"},
    {"count_if"},
    {"sum"},
    {"avg"},
    {"min"},
    {"max"},
    {.name = "min_by", .by_order = true},
    {.name = "max_by", .by_order = true},
    {"bool_and"},
    {"bool_or"},
    {"bit_and"},
    {"bit_or"},
    {"bit_xor"},
    {.name = "var_pop", .rounded = true},
    {.name = "var_samp", .rounded = true},
    {.name = "stddev_pop", .rounded = true},
    {.name = "stddev_samp", .rounded = true},
    {.name = "first", .by_order = true},
    {.name = "any_value", .by_order = true},
    {.name = "last", .by_order = true},
    {.name = "collect_list", .by_order = true},
    {.name = "collect_set", .by_order = true},
    {.name = "listagg", .by_order = true},
    {"percentile"},
    {"median"},
    {"percentile_approx"},
    {"mode"},
};
// Null: it is not known.
inline const KnownAggregate* FindAggregate(std::string_view name) {
  const auto* const known = std::ranges::find(kKnownAggregates, name, &KnownAggregate::name);
  return known == std::end(kKnownAggregates) ? nullptr : known;
}

}  // namespace wavetank::properties

#endif  // WAVETANK_PROPERTIES_INTERPRETER_KNOWN_AGGREGATES_H_
