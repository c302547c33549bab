// Sources of a format that has several tables, told apart by its option "table". A query's log
// knows a source by its path, or by its format where it has none (SourceDescription::Name), so what
// such a one reads stands as its path: "nexmark.bid". Nobody else says it.
#ifndef WAVETANK_RUNTIME_CONNECTORS_NAMED_TABLE_H_
#define WAVETANK_RUNTIME_CONNECTORS_NAMED_TABLE_H_

#include <algorithm>
#include <string>

#include "absl/strings/str_cat.h"

#include "runtime/connectors/connector_registry.h"
#include "runtime/plan/source_description.h"

namespace wavetank::runtime {

inline constexpr char kTableOption[] = "table";

// "": the format has no such tables, or none is named.
inline std::string NamedTable(const SourceDescription& source,
                              const ConnectorRegistry& connectors) {
  const auto format = connectors.sources().find(source.format);
  if (format == connectors.sources().end() || format->second.path != PathUse::kNone) return "";
  const std::string table = OptionValue(source.options, kTableOption);
  const bool has = std::ranges::find(format->second.options, kTableOption,
                                     &ConnectorOption::name) != format->second.options.end();
  return has && !table.empty() ? absl::StrCat(source.format, ".", table) : "";
}

// Of a source that was given no path.
inline void NameTable(SourceDescription& source, const ConnectorRegistry& connectors) {
  if (source.path.empty()) source.path = NamedTable(source, connectors);
}

}  // namespace wavetank::runtime

#endif  // WAVETANK_RUNTIME_CONNECTORS_NAMED_TABLE_H_
