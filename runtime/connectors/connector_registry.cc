#include "runtime/connectors/connector_registry.h"

#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"

#include "platform/check.h"
#include "platform/nearest_name.h"
#include "platform/status_macros.h"
#include "runtime/connectors/file_sink_format.h"
#include "runtime/connectors/file_source.h"
#include "runtime/connectors/generated/ad_events_source.h"
#include "runtime/connectors/generated/nexmark_source.h"
#include "runtime/connectors/log/log_sink.h"
#include "runtime/connectors/log/log_source.h"
#include "runtime/connectors/memory_stream.h"
#include "runtime/connectors/memory_tables.h"
#include "runtime/connectors/named_table.h"
#include "runtime/connectors/rate_source.h"
#include "runtime/connectors/simple_sinks.h"
#include "runtime/connectors/socket_source.h"

namespace wavetank::runtime {
namespace {

template <typename Format>
absl::StatusOr<const Format*> FindFormat(const std::map<std::string, Format>& formats,
                                         const char* what, const std::string& name) {
  const auto found = formats.find(name);
  if (found != formats.end() && found->second.made_by.empty()) return &found->second;
  if (found != formats.end()) {
    return absl::InvalidArgumentError(
        absl::StrCat("the ", what, " format \"", name,
                     "\" is one that the program makes: ", found->second.made_by));
  }
  std::vector<std::string> names;
  for (const auto& [known, format] : formats) names.push_back(known);
  return absl::InvalidArgumentError(absl::StrCat("there is no ", what, " format \"", name, "\"",
                                                 platform::Suggestion(name, names)));
}

template <typename Format>
absl::Status AddFormat(std::map<std::string, Format>& formats, const char* what, bool whole,
                       Format format) {
  if (format.name.empty() || format.meaning.empty() || !whole) {
    return absl::InvalidArgumentError(
        absl::StrCat("the ", what, " format \"", format.name,
                     "\" is not whole: it needs a name, a meaning and its functions"));
  }
  const std::string name = format.name;
  const auto listed = formats.find(name);
  if (listed != formats.end() && !listed->second.made_by.empty()) formats.erase(listed);
  if (!formats.emplace(name, std::move(format)).second) {
    return absl::AlreadyExistsError(
        absl::StrCat("there is a ", what, " format \"", name, "\" already"));
  }
  return absl::OkStatus();
}

// Their objects are the program's, so these are listed and nothing else.
SourceFormat ListedMemorySource() {
  MemoryStream none(std::make_shared<const Schema>(std::vector<Field>()), {});
  SourceFormat format = MemorySource(none);
  format.made_by = "give the session MemorySource(stream) by RegisterSource (memory_stream.h)";
  format.schema = nullptr;
  format.open = nullptr;
  format.read = nullptr;
  return format;
}

SinkFormat ListedMemorySink() {
  MemoryTables none;
  SinkFormat format = MemorySink(none);
  format.made_by = "give the session MemorySink(tables) by RegisterSink (memory_tables.h)";
  format.check = nullptr;
  format.apply = nullptr;
  return format;
}

absl::Status InReader(const absl::Status& status) {
  return absl::Status(status.code(), absl::StrCat("ReadStream: ", status.message()));
}

}  // namespace

const ConnectorRegistry& ConnectorRegistry::BuiltIn() {
  static const ConnectorRegistry* const built_in = [] {
    auto* registry = new ConnectorRegistry(Empty{});
    for (SourceFormat (*make)() : {TextFileSource, CsvFileSource, JsonFileSource, RateSource,
                                   NexmarkSource, AdEventsSource, SocketSource, LogSource}) {
      WT_CHECK(registry->AddSource(make()).ok());
    }
    for (SinkFormat (*make)() : {FileSinkFormat, CsvSinkFormat, JsonSinkFormat, TextSinkFormat,
                                 ConsoleSink, NoopSink, LogSink}) {
      WT_CHECK(registry->AddSink(make()).ok());
    }
    registry->sources_.emplace("memory", ListedMemorySource());
    registry->sinks_.emplace("memory", ListedMemorySink());
    return registry;
  }();
  return *built_in;
}

ConnectorRegistry::ConnectorRegistry() : sources_(BuiltIn().sources_), sinks_(BuiltIn().sinks_) {}

absl::Status ConnectorRegistry::AddSource(SourceFormat format) {
  const bool whole = format.schema && format.open && format.read;
  return AddFormat(sources_, "source", whole, std::move(format));
}

absl::Status ConnectorRegistry::AddSink(SinkFormat format) {
  const bool whole = (format.open && format.write) != (format.apply != nullptr);
  return AddFormat(sinks_, "sink", whole, std::move(format));
}

absl::StatusOr<const SourceFormat*> ConnectorRegistry::Source(const std::string& name) const {
  return FindFormat(sources_, "source", name);
}

absl::StatusOr<const SinkFormat*> ConnectorRegistry::Sink(const std::string& name) const {
  return FindFormat(sinks_, "sink", name);
}

absl::StatusOr<SchemaPtr> CheckSource(const SourceDescription& source,
                                      const ConnectorRegistry& connectors) {
  const auto format = connectors.Source(source.format);
  if (!format.ok()) return InReader(format.status());
  const bool needs_path = (*format)->path != PathUse::kNone;
  if (needs_path && source.path.empty()) {
    return absl::InvalidArgumentError(
        absl::StrCat("ReadStream: Load(\"\") names no ",
                     (*format)->path == PathUse::kFile ? "file" : "directory"));
  }
  if (!needs_path && !source.path.empty() && source.path != NamedTable(source, connectors)) {
    return absl::InvalidArgumentError(absl::StrCat("ReadStream: format \"", source.format,
                                                   "\" reads no path: leave out Load's, \"",
                                                   source.path, "\""));
  }
  WT_RETURN_IF_ERROR(CheckOptionNames("ReadStream", source.options, (*format)->options));
  absl::StatusOr<SchemaPtr> schema = (*format)->schema(source);
  if (!schema.ok()) return InReader(schema.status());
  return schema;
}

std::vector<std::string> SourceFormat::SplitsOf(const SourceDescription& source,
                                                const checkpoint::SourceRange& range) const {
  if (range.start_offset() == range.end_offset()) return {};
  if (splits != nullptr) return splits(source, range);
  return {range.SerializeAsString()};
}

}  // namespace wavetank::runtime
