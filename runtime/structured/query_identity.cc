#include "runtime/structured/query_identity.h"

#include "absl/status/status.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

#include "platform/random.h"
#include "platform/status_macros.h"
#include "platform/text.h"
#include "runtime/plan/plan_codec.h"

namespace wavetank::runtime {
namespace {

constexpr char kShufflePartitions[] = "shuffle_partitions";
constexpr char kSourcePath[] = "source.path";
constexpr char kSinkPath[] = "sink.path";

void Pin(const std::string& name, const std::string& value, checkpoint::QueryMetadata& metadata) {
  checkpoint::Setting& setting = *metadata.add_pinned();
  setting.set_name(name);
  setting.set_value(value);
}

absl::Status MustAgree(const std::string& what, const std::string& logged, const std::string& now) {
  if (logged == now) return absl::OkStatus();
  return absl::FailedPreconditionError(
      absl::StrCat("its checkpoint was begun with ", what, " '", logged, "', this job has '", now,
                   "': run the job as it was, or start with a new checkpoint and a new sink"));
}

// Files that were read are known by their paths in the source, and what was written by its sink's.
absl::Status MustBeWhereItWas(const std::string& what, const std::string& logged,
                              const std::string& now) {
  if (logged == now) return absl::OkStatus();
  return absl::FailedPreconditionError(
      absl::StrCat("its checkpoint was begun with ", what, " '", logged, "', this job has '", now,
                   "': if that directory has only been moved, move it back, or make '", logged,
                   "' a link to it, and run the job as it was; else start with a new checkpoint "
                   "and a new sink"));
}

}  // namespace

checkpoint::QueryMetadata NewQueryMetadata(const std::string& query_id,
                                           const QueryIdentity& identity) {
  checkpoint::QueryMetadata metadata;
  metadata.set_query_id(query_id);
  metadata.set_plan_fingerprint(identity.state_fingerprint);
  metadata.set_job_version(identity.job_version);
  metadata.set_build_id(identity.build_id);
  Pin(kShufflePartitions, absl::StrCat(identity.shuffle_partitions), metadata);
  Pin(kSourcePath, identity.source_path, metadata);
  Pin(kSinkPath, identity.sink_path, metadata);
  return metadata;
}

checkpoint::QueryPlan PlanRecord(const CompiledQuery& compiled) {
  checkpoint::QueryPlan record;
  const std::string canonical = ToText(compiled.analysed, AttributeText::kIds);
  record.set_hash(
      absl::StrCat(absl::Hex(platform::StableHash(absl::StrCat(
                                 platform::ToAbsl(OutputModeName(compiled.mode)), "\n", canonical)),
                             absl::kZeroPad16)));
  record.set_plan(EncodePlan(compiled.analysed));
  record.set_text(ToText(compiled.analysed, AttributeText::kNamesAndIds));
  return record;
}

absl::StatusOr<int> CheckCompatible(const checkpoint::QueryMetadata& metadata,
                                    const QueryIdentity& identity) {
  WT_RETURN_IF_ERROR(
      MustAgree("stateful plan", metadata.plan_fingerprint(), identity.state_fingerprint));
  WT_RETURN_IF_ERROR(MustAgree("job version", metadata.job_version(), identity.job_version));
  int shuffle_partitions = identity.shuffle_partitions;
  for (const checkpoint::Setting& setting : metadata.pinned()) {
    if (setting.name() == kSourcePath) {
      WT_RETURN_IF_ERROR(MustBeWhereItWas(kSourcePath, setting.value(), identity.source_path));
    } else if (setting.name() == kSinkPath) {
      WT_RETURN_IF_ERROR(MustBeWhereItWas(kSinkPath, setting.value(), identity.sink_path));
    } else if (setting.name() == kShufflePartitions &&
               (!absl::SimpleAtoi(setting.value(), &shuffle_partitions) ||
                shuffle_partitions <= 0)) {
      return absl::DataLossError(
          absl::StrCat("its checkpoint pins ", kShufflePartitions, " to '", setting.value(), "'"));
    }
  }
  return shuffle_partitions;
}

}  // namespace wavetank::runtime
