#include "runtime/structured/query_check.h"

#include <algorithm>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

#include "checkpoint/paths.h"
#include "platform/status_macros.h"
#include "runtime/connectors/connector_registry.h"

namespace wavetank::runtime {
namespace {

using checkpoint::StateCompression;

constexpr char kStateCompression[] = "stateCompression";
// As Spark's setting of that name says it.
constexpr char kWatermarkPolicy[] = "multipleWatermarkPolicy";
constexpr char kCheckpointLocation[] = "checkpointLocation";
constexpr char kPath[] = "path";
// A pause that no clock can be asked for is a mistake in its unit.
constexpr absl::Duration kLongestTrigger = absl::Hours(24 * 366);

std::vector<SourceDescription> SourcesOf(const LogicalPlanPtr& plan) {
  std::vector<SourceDescription> sources;
  for (const LogicalPlanPtr& node : InOrder(plan)) {
    if (node->op == PlanOperator::kSource) sources.push_back(node->source);
  }
  return sources;
}

absl::Status CheckTrigger(const StreamingQueryDefinition& definition) {
  const absl::Duration interval = definition.trigger_interval;
  if (definition.once && (definition.available_now || interval != absl::ZeroDuration())) {
    return absl::InvalidArgumentError(
        absl::StrCat("Once() and ", definition.available_now ? "AvailableNow()" : "ProcessingTime(",
                     definition.available_now ? "" : absl::FormatDuration(interval) + ")",
                     " are both asked for, and a query has one trigger: leave one out"));
  }
  if (interval >= absl::ZeroDuration() && interval <= kLongestTrigger) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat("ProcessingTime(", absl::FormatDuration(interval),
                                                 "): give an interval from 0s, which is as soon as "
                                                 "there is data, to ",
                                                 absl::FormatDuration(kLongestTrigger)));
}

absl::Status CheckName(const std::string& name) {
  if (checkpoint::CheckPath(name).ok() && !absl::StrContains(name, '/')) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(
      "QueryName(\"", name, "\"): a query's name names a directory too: give one without \"/\""));
}

absl::Status InWriter(const absl::Status& status) {
  if (status.ok()) return status;
  return absl::Status(status.code(), absl::StrCat("WriteStream: ", status.message()));
}

// The format's options, and those of every query that is written.
absl::Status CheckSink(const StreamingQueryDefinition& definition) {
  const auto format = definition.Sink();
  if (!format.ok()) return InWriter(format.status());
  WT_RETURN_IF_ERROR(CheckOptionNames("WriteStream", definition.options, WriteOptionsOf(**format)));
  if ((*format)->check_options == nullptr) return absl::OkStatus();
  return InWriter((*format)->check_options(definition.options));
}

// An option that does nothing is refused.
absl::Status CheckPolicyIsNeeded(const StreamingQueryDefinition& definition) {
  if (!definition.options.contains(kWatermarkPolicy)) return absl::OkStatus();
  const std::vector<LogicalPlanPtr> nodes = InOrder(definition.plan);
  const auto watermarks = std::ranges::count(nodes, PlanOperator::kWatermark, &LogicalPlan::op);
  if (watermarks > 1) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat("WriteStream: its option ", kWatermarkPolicy,
                                                 " says which of several watermarks "
                                                 "counts, and the query calls WithWatermark ",
                                                 watermarks == 0 ? "never" : "once",
                                                 ": leave it out"));
}

absl::Status CheckOne(const StreamingQueryDefinition& definition) {
  WT_RETURN_IF_ERROR(CheckName(definition.name));
  for (const SourceDescription& source : SourcesOf(definition.plan)) {
    WT_RETURN_IF_ERROR(CheckSource(source, definition.Connectors()).status());
  }
  WT_RETURN_IF_ERROR(CheckSink(definition));
  WT_RETURN_IF_ERROR(StateCompressionOf(definition).status());
  WT_RETURN_IF_ERROR(WatermarkPolicyOf(definition).status());
  WT_RETURN_IF_ERROR(CheckPolicyIsNeeded(definition));
  return CheckTrigger(definition);
}

}  // namespace

std::vector<ConnectorOption> WriteOptionsOf(const SinkFormat& format) {
  std::vector<ConnectorOption> options = format.options;
  if (format.path != PathUse::kNone) {
    options.push_back({.name = kPath,
                       .takes = "a directory of the store",
                       .default_value = "",
                       .meaning = "where what it shows stands"});
  }
  options.push_back(
      {.name = kCheckpointLocation,
       .takes = "a directory of the store",
       .default_value = "",
       .meaning = "where the query's log and state stand; of a job, its checkpoint by default"});
  options.push_back({.name = kStateCompression,
                     .takes = "none, lz4 or zstd",
                     .default_value = "none",
                     .meaning = "how the state's files are compressed"});
  options.push_back({.name = kWatermarkPolicy,
                     .takes = "min or max",
                     .default_value = "min",
                     .meaning = "which of several watermarks is the query's"});
  return options;
}

absl::Status CheckDefinition(const StreamingQueryDefinition& definition) {
  const absl::Status status = CheckOne(definition);
  if (status.ok()) return status;
  return absl::Status(status.code(),
                      absl::StrCat("query \"", definition.name, "\": ", status.message()));
}

absl::Status CheckNames(const std::vector<StreamingQueryDefinition>& queries) {
  for (size_t i = 0; i < queries.size(); ++i) {
    for (size_t j = 0; j < i; ++j) {
      if (queries[i].name == queries[j].name) {
        return absl::InvalidArgumentError(
            absl::StrCat("two queries of this job are called \"", queries[i].name,
                         "\": give each a QueryName(...) of its own"));
      }
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<WatermarkPolicy> WatermarkPolicyOf(const StreamingQueryDefinition& definition) {
  const auto given = definition.options.find(kWatermarkPolicy);
  if (given == definition.options.end() || given->second == "min") return WatermarkPolicy::kMin;
  if (given->second == "max") return WatermarkPolicy::kMax;
  return absl::InvalidArgumentError(absl::StrCat("WriteStream: its option ", kWatermarkPolicy,
                                                 " is '", given->second, "': give min or max"));
}

absl::StatusOr<StateCompression> StateCompressionOf(const StreamingQueryDefinition& definition) {
  const auto given = definition.options.find(kStateCompression);
  if (given == definition.options.end()) return StateCompression::kNone;
  for (const auto compression :
       {StateCompression::kNone, StateCompression::kLz4, StateCompression::kZstd}) {
    if (given->second == checkpoint::NameOf(compression)) return compression;
  }
  return absl::InvalidArgumentError(absl::StrCat("WriteStream: its option ", kStateCompression,
                                                 " is '", given->second,
                                                 "': give none, lz4 or zstd"));
}

}  // namespace wavetank::runtime
