#include "runtime/structured/query_places.h"

#include <string>

#include "absl/strings/str_cat.h"

#include "checkpoint/paths.h"
#include "platform/status_macros.h"
#include "runtime/connectors/connector_registry.h"
#include "runtime/connectors/named_table.h"
#include "runtime/connectors/sink_format.h"

namespace wavetank::runtime {
namespace {

// "address=localhost:9092 topic=visits", as much of it as is given.
std::string PlaceOf(const std::vector<ConnectorOption>& options, const OptionMap& values) {
  std::string place;
  for (const ConnectorOption& option : options) {
    if (!option.of_place) continue;
    const std::string value = OptionValue(values, option.name);
    if (value.empty()) continue;
    absl::StrAppend(&place, place.empty() ? "" : " ", option.name, "=", value);
  }
  return place;
}

}  // namespace

std::vector<JobDirectory> DirectoriesOf(const StreamingQueryDefinition& definition,
                                        const StreamingQueryPlan& plan) {
  std::vector<JobDirectory> directories;
  for (const StreamingQueryPlan::Source& source : plan.sources) {
    const std::string& path = source.description.path;
    // What names a table is no directory.
    if (path.empty() || path == NamedTable(source.description, definition.Connectors())) continue;
    directories.push_back(
        {.use = JobDirectory::Use::kInput, .path = path, .query = definition.name});
  }
  const auto add = [&](const char* option, JobDirectory::Use use) {
    const auto found = definition.options.find(option);
    if (found == definition.options.end() || found->second.empty()) return;
    directories.push_back(
        {.use = use, .path = checkpoint::NormalPath(found->second), .query = definition.name});
  };
  add("path", JobDirectory::Use::kOutput);
  add("checkpointLocation", JobDirectory::Use::kCheckpoint);
  return directories;
}

absl::StatusOr<std::string> PlaceOfSink(const StreamingQueryDefinition& definition) {
  WT_ASSIGN_OR_RETURN(const SinkFormat* const sink, definition.Sink());
  return PlaceOf(sink->options, definition.options);
}

absl::Status CheckFeedsNotItself(const StreamingQueryDefinition& definition,
                                 const StreamingQueryPlan& plan) {
  WT_ASSIGN_OR_RETURN(const SinkFormat* const sink, definition.Sink());
  WT_ASSIGN_OR_RETURN(const std::string written, PlaceOfSink(definition));
  if (written.empty()) return absl::OkStatus();
  for (const StreamingQueryPlan::Source& source : plan.sources) {
    const SourceDescription& read = source.description;
    if (read.format != sink->name) continue;
    WT_ASSIGN_OR_RETURN(const SourceFormat* const format,
                        definition.Connectors().Source(read.format));
    if (PlaceOf(format->options, read.options) != written) continue;
    return absl::InvalidArgumentError(absl::StrCat("query ", definition.name,
                                                   " reads what it writes, for ever: format ",
                                                   sink->name, ", ", written, "; write elsewhere"));
  }
  return absl::OkStatus();
}

}  // namespace wavetank::runtime
