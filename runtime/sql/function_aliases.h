// Further names that Spark has for functions: what is written by one is called by the other.
#ifndef WAVETANK_RUNTIME_SQL_FUNCTION_ALIASES_H_
#define WAVETANK_RUNTIME_SQL_FUNCTION_ALIASES_H_

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>

namespace wavetank::runtime::sql {

inline constexpr std::pair<std::string_view, std::string_view> kFunctionAliases[] = {
    {"any", "bool_or"},
    {"approx_percentile", "percentile_approx"},
    {"array_agg", "collect_list"},
    {"btrim", "trim"},
    {"cardinality", "size"},
    {"ceiling", "ceil"},
    {"char", "chr"},
    {"char_length", "length"},
    {"character_length", "length"},
    {"curdate", "current_date"},
    {"date_diff", "datediff"},
    {"dateadd", "date_add"},
    {"dayofmonth", "day"},
    {"endswith", "ends_with"},
    {"every", "bool_and"},
    {"first_value", "first"},
    {"getbit", "bit_get"},
    {"ifnull", "coalesce"},
    {"last_value", "last"},
    {"lcase", "lower"},
    {"len", "length"},
    {"mean", "avg"},
    {"mod", "%"},
    {"negative", "negate"},
    {"now", "current_timestamp"},
    {"nvl", "coalesce"},
    {"position", "locate"},
    {"power", "pow"},
    {"regexp", "rlike"},
    {"regexp_like", "rlike"},
    {"sign", "signum"},
    {"some", "bool_or"},
    {"startswith", "starts_with"},
    {"std", "stddev_samp"},
    {"stddev", "stddev_samp"},
    {"string_agg", "listagg"},
    {"substr", "substring"},
    {"ucase", "upper"},
    {"variance", "var_samp"},
};

// `name`, in lower case, if it is none of them.
inline std::string FunctionOfAlias(std::string name) {
  const auto* const alias = std::ranges::find(
      kFunctionAliases, name, &std::pair<std::string_view, std::string_view>::first);
  return alias == std::end(kFunctionAliases) ? name : std::string(alias->second);
}

}  // namespace wavetank::runtime::sql

#endif  // WAVETANK_RUNTIME_SQL_FUNCTION_ALIASES_H_
