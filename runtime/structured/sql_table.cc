#include "runtime/structured/sql_table.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

#include "checkpoint/paths.h"
#include "platform/nearest_name.h"
#include "platform/status_macros.h"
#include "platform/text.h"
#include "runtime/connectors/named_table.h"
#include "runtime/functions/cast.h"
#include "runtime/sql/interval_text.h"
#include "runtime/sql/sql_error.h"
#include "runtime/structured/query_check.h"

namespace wavetank::runtime {
namespace {

constexpr char kSchemaOption[] = "schema";
// Of the query that writes the table, not of its sink.
constexpr char kOutputMode[] = "outputMode";
constexpr char kQueryName[] = "queryName";
constexpr char kTrigger[] = "trigger";

// Formats are found by the names that the registry has; null: there is none of that side.
const SourceFormat* SourceOf(const sql::CreateTable& table, const ConnectorRegistry& connectors) {
  const auto found = connectors.sources().find(table.format);
  return found == connectors.sources().end() ? nullptr : &found->second;
}
const SinkFormat* SinkOf(const sql::CreateTable& table, const ConnectorRegistry& connectors) {
  const auto found = connectors.sinks().find(table.format);
  return found == connectors.sinks().end() ? nullptr : &found->second;
}

bool Has(const std::vector<ConnectorOption>& options, const std::string& name) {
  return std::ranges::find(options, name, &ConnectorOption::name) != options.end();
}

std::vector<std::string> ReadOptions(const SourceFormat* source) {
  std::vector<std::string> names;
  if (source == nullptr) return names;
  for (const ConnectorOption& option : source->options) {
    // Columns are written as columns.
    if (option.name != kSchemaOption) names.push_back(option.name);
  }
  if (source->path != PathUse::kNone) names.emplace_back(kPathOption);
  return names;
}

std::vector<std::string> WriteOptions(const SinkFormat* sink) {
  std::vector<std::string> names;
  if (sink == nullptr) return names;
  for (const ConnectorOption& option : WriteOptionsOf(*sink)) names.push_back(option.name);
  return names;
}

bool Contains(const std::vector<std::string>& names, const std::string& name) {
  return std::ranges::find(names, name) != names.end();
}

}  // namespace

absl::Status CheckTable(std::string_view text, const ConnectorRegistry& connectors,
                        sql::CreateTable& table) {
  if (!connectors.sources().contains(table.format) && !connectors.sinks().contains(table.format)) {
    table.format = absl::AsciiStrToLower(table.format);
  }
  const SourceFormat* const source = SourceOf(table, connectors);
  const SinkFormat* const sink = SinkOf(table, connectors);
  if (source == nullptr && sink == nullptr) {
    std::vector<std::string> names;
    for (const auto& [name, format] : connectors.sources()) names.push_back(name);
    for (const auto& [name, format] : connectors.sinks()) {
      if (!connectors.sources().contains(name)) names.push_back(name);
    }
    return sql::ErrorAt(text, table.format_offset,
                        absl::StrCat("there is no format \"", table.format, "\"",
                                     platform::Suggestion(table.format, names)));
  }
  std::vector<std::string> names = ReadOptions(source);
  for (const std::string& name : WriteOptions(sink)) {
    if (!Contains(names, name)) names.push_back(name);
  }
  if (sink != nullptr) names.insert(names.end(), {kOutputMode, kQueryName, kTrigger});
  for (sql::TableOption& option : table.options) {
    const auto known = std::ranges::find_if(
        names, [&](const std::string& name) { return absl::EqualsIgnoreCase(name, option.key); });
    if (known != names.end()) {
      option.key = *known;
      continue;
    }
    return sql::ErrorAt(text, option.offset,
                        absl::StrCat("format ", table.format, " has no option \"", option.key, "\"",
                                     platform::Suggestion(option.key, names)));
  }
  return absl::OkStatus();
}

bool ReadsDirectory(const sql::CreateTable& table, const ConnectorRegistry& connectors) {
  const SourceFormat* const source = SourceOf(table, connectors);
  const SinkFormat* const sink = SinkOf(table, connectors);
  return (source != nullptr && source->path != PathUse::kNone) ||
         (sink != nullptr && sink->path != PathUse::kNone);
}

absl::StatusOr<LogicalPlanPtr> RelationOf(std::string_view text, const sql::CreateTable& table,
                                          const ConnectorRegistry& connectors) {
  const SourceFormat* const source = SourceOf(table, connectors);
  LogicalPlan node;
  node.op = PlanOperator::kSource;
  node.source.format = table.format;
  const std::vector<std::string> known = ReadOptions(source);
  for (const sql::TableOption& option : table.options) {
    if (!Contains(known, option.key)) continue;
    if (option.key == kPathOption) {
      node.source.path = checkpoint::NormalPath(option.value);
    } else {
      node.source.options[option.key] = option.value;
    }
  }
  NameTable(node.source, connectors);
  const bool told = source != nullptr && Has(source->options, kSchemaOption);
  if (told && !table.ddl.empty()) node.source.options[kSchemaOption] = table.ddl;
  // A table that cannot be read may be one that is written: who reads it is told.
  const absl::StatusOr<SchemaPtr> schema = CheckSource(node.source, connectors);
  if (schema.ok() && !told && !table.columns.empty() && table.columns != (*schema)->fields() &&
      SinkOf(table, connectors) == nullptr) {
    std::string columns;
    for (const Field& field : (*schema)->fields()) {
      absl::StrAppend(&columns, columns.empty() ? "" : ", ", field.name, ": ",
                      DataTypeName(field.type));
    }
    return sql::ErrorAt(text, table.offset,
                        absl::StrCat("format ", table.format, " has the columns ", columns,
                                     ": name these, or none"));
  }
  auto relation = std::make_shared<const LogicalPlan>(std::move(node));
  if (!table.watermark) return relation;
  std::vector<std::string> names;
  if (schema.ok()) {
    for (const Field& field : (*schema)->fields()) names.push_back(field.name);
  }
  const auto column = std::ranges::find_if(names, [&](const std::string& name) {
    return absl::EqualsIgnoreCase(name, table.watermark->column);
  });
  if (schema.ok() && column == names.end()) {
    return sql::ErrorAt(text, table.watermark->offset,
                        absl::StrCat("there is no column \"", table.watermark->column, "\"",
                                     platform::Suggestion(table.watermark->column, names)));
  }
  LogicalPlan watermark;
  watermark.op = PlanOperator::kWatermark;
  watermark.inputs = {std::move(relation)};
  watermark.expressions = {Col(schema.ok() ? *column : table.watermark->column).node()};
  watermark.delay = table.watermark->delay;
  return std::make_shared<const LogicalPlan>(std::move(watermark));
}

absl::Status SetWriter(const sql::CreateTable& table, const ConnectorRegistry& connectors,
                       DataStreamWriter& writer) {
  writer.Format(table.format);
  const std::vector<std::string> known = WriteOptions(SinkOf(table, connectors));
  for (const sql::TableOption& option : table.options) {
    if (option.key == kOutputMode) {
      writer.OutputMode(absl::AsciiStrToLower(option.value));
    } else if (option.key == kQueryName) {
      writer.QueryName(option.value);
    } else if (option.key == kTrigger && absl::EqualsIgnoreCase(option.value, "availableNow")) {
      writer.AvailableNow();
    } else if (option.key == kTrigger && absl::EqualsIgnoreCase(option.value, "once")) {
      writer.Once();
    } else if (option.key == kTrigger) {
      const absl::StatusOr<Interval> interval = sql::ParseInterval(option.value);
      if (!interval.ok()) {
        return absl::InvalidArgumentError(
            absl::StrCat("its option trigger is '", option.value,
                         "': give availableNow, once, or a time between batches: ",
                         interval.status().message()));
      }
      writer.ProcessingTime(absl::Microseconds(interval->micros));
    } else if (Contains(known, option.key)) {
      writer.Option(option.key, option.value);
    }
  }
  return absl::OkStatus();
}

bool FitsInto(const DataType& value, const DataType& column) {
  if (!CanCast(value, column)) return value == DataType::kNull;
  return column == DataType::kString || CommonType(value, column) == column;
}

}  // namespace wavetank::runtime
