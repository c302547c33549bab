#include "runtime/structured/query_check.h"

#include <algorithm>
#include <limits>
#include <map>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

#include "checkpoint/paths.h"
#include "platform/nearest_name.h"
#include "platform/status_macros.h"

namespace wavetank::runtime {
namespace {

using checkpoint::StateCompression;

constexpr char kMaxFilesPerTrigger[] = "maxFilesPerTrigger";
constexpr char kIgnoreNames[] = "ignoreNames";
constexpr char kForgetAfter[] = "forgetAfter";
constexpr char kLostFiles[] = "lostFiles";
constexpr char kMaxLineBytes[] = "maxLineBytes";
constexpr char kStateCompression[] = "stateCompression";
// As Spark's setting of that name says it.
constexpr char kWatermarkPolicy[] = "multipleWatermarkPolicy";
constexpr char kCheckpointLocation[] = "checkpointLocation";
constexpr char kPath[] = "path";
// A pause that no clock can be asked for is a mistake in its unit.
constexpr absl::Duration kLongestTrigger = absl::Hours(24 * 366);

absl::Status CheckOptions(const char* call, const std::map<std::string, std::string>& options,
                          const std::vector<std::string>& known) {
  for (const auto& [name, value] : options) {
    if (std::find(known.begin(), known.end(), name) != known.end()) continue;
    return absl::InvalidArgumentError(absl::StrCat(call, ": nothing reads the option \"", name,
                                                   "\"", platform::Suggestion(name, known)));
  }
  return absl::OkStatus();
}

std::vector<SourceDescription> SourcesOf(const LogicalPlanPtr& plan) {
  std::vector<SourceDescription> sources;
  for (const LogicalPlanPtr& node : InOrder(plan)) {
    if (node->op == PlanOperator::kSource) sources.push_back(node->source);
  }
  return sources;
}

absl::Status CheckTrigger(absl::Duration interval) {
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
    WT_RETURN_IF_ERROR(
        CheckOptions("ReadStream", source.options,
                     {kMaxFilesPerTrigger, kIgnoreNames, kForgetAfter, kLostFiles, kMaxLineBytes}));
    WT_RETURN_IF_ERROR(SourceOptions(source).status());
  }
  if (definition.sink_format != "file") {
    return absl::InvalidArgumentError(
        absl::StrCat("WriteStream: there is no sink format \"", definition.sink_format, "\"",
                     platform::Suggestion(definition.sink_format, {"file"})));
  }
  WT_RETURN_IF_ERROR(
      CheckOptions("WriteStream", definition.options,
                   {kPath, kCheckpointLocation, kStateCompression, kWatermarkPolicy}));
  WT_RETURN_IF_ERROR(StateCompressionOf(definition).status());
  WT_RETURN_IF_ERROR(WatermarkPolicyOf(definition).status());
  WT_RETURN_IF_ERROR(CheckPolicyIsNeeded(definition));
  return CheckTrigger(definition.trigger_interval);
}

}  // namespace

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

absl::StatusOr<FileSourceOptions> SourceOptions(const SourceDescription& source) {
  const auto given = [&source](const char* option) {
    const auto found = source.options.find(option);
    return found == source.options.end() ? std::string() : found->second;
  };
  FileSourceOptions options{.directory = source.path};
  absl::StatusOr<InputFileOptions> files = ParseInputFileOptions(
      given(kIgnoreNames), given(kForgetAfter), given(kLostFiles), given(kMaxLineBytes));
  if (!files.ok()) {
    return absl::InvalidArgumentError(
        absl::StrCat("ReadStream: its option ", files.status().message()));
  }
  options.files = *std::move(files);
  if (source.options.find(kMaxFilesPerTrigger) == source.options.end()) return options;
  const std::string most = given(kMaxFilesPerTrigger);
  if (absl::SimpleAtoi(most, &options.max_files_per_trigger) && options.max_files_per_trigger > 0) {
    return options;
  }
  return absl::InvalidArgumentError(absl::StrCat("ReadStream: its option ", kMaxFilesPerTrigger,
                                                 " is '", most, "': give a whole number above 0"));
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
