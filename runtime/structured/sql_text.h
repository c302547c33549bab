// What SHOW, DESCRIBE and EXPLAIN say, in lines for people.
#ifndef WAVETANK_RUNTIME_STRUCTURED_SQL_TEXT_H_
#define WAVETANK_RUNTIME_STRUCTURED_SQL_TEXT_H_

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

#include "runtime/functions/registry.h"
#include "runtime/plan/logical_plan.h"
#include "runtime/sql/statement.h"
#include "runtime/structured/data_frame.h"

namespace wavetank::runtime {

// "word, count".
std::string NamesOf(const std::vector<Attribute>& columns);
// A line each: its name and its type.
std::string ColumnsText(const std::vector<Attribute>& columns);
// The format, the watermark and the options of a table.
std::string TableText(const sql::CreateTable& table);

// Those whose names match, a line each.
std::string FunctionNames(const FunctionRegistry& functions, std::string_view like);
// kNotFound, with the nearest name.
absl::StatusOr<std::string> FunctionText(const FunctionRegistry& functions,
                                         const std::string& name);

// What workers run of it; `formatted`: in all its forms.
absl::StatusOr<std::string> ExplainText(const StreamingQueryDefinition& definition, bool formatted);

// Whether the name is as the pattern says, in which * is any text and | stands between several; ""
// matches all.
bool MatchesStars(std::string_view pattern, std::string_view name);

}  // namespace wavetank::runtime

#endif  // WAVETANK_RUNTIME_STRUCTURED_SQL_TEXT_H_
