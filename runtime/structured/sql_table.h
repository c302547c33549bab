// Tables of SQL, as sources and sinks of the registry have them.
#ifndef WAVETANK_RUNTIME_STRUCTURED_SQL_TABLE_H_
#define WAVETANK_RUNTIME_STRUCTURED_SQL_TABLE_H_

#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

#include "runtime/connectors/connector_registry.h"
#include "runtime/sql/statement.h"
#include "runtime/structured/data_frame.h"

namespace wavetank::runtime {

inline constexpr char kPathOption[] = "path";
inline constexpr char kCheckpointOption[] = "checkpointLocation";

// That there is its format, and that format knows each option, whose name then is written as there.
// kInvalidArgument: at its place in the text.
absl::Status CheckTable(std::string_view text, const ConnectorRegistry& connectors,
                        sql::CreateTable& table);

// Whether its path is one of the store's.
bool ReadsDirectory(const sql::CreateTable& table, const ConnectorRegistry& connectors);

// What it is in FROM: a source, perhaps under a watermark. kInvalidArgument: its columns are not
// those of its format, or the watermark is of none of them.
absl::StatusOr<LogicalPlanPtr> RelationOf(std::string_view text, const sql::CreateTable& table,
                                          const ConnectorRegistry& connectors);

// What INSERT INTO it asks of a writer. kInvalidArgument: a trigger is none.
absl::Status SetWriter(const sql::CreateTable& table, const ConnectorRegistry& connectors,
                       DataStreamWriter& writer);

// Whether a value may be put into a column of another type by itself: it loses nothing, or becomes
// text.
bool FitsInto(const DataType& value, const DataType& column);

}  // namespace wavetank::runtime

#endif  // WAVETANK_RUNTIME_STRUCTURED_SQL_TABLE_H_
