#include "runtime/structured/query_identity.h"

#include <algorithm>
#include <string_view>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

#include "platform/random.h"
#include "platform/status_macros.h"
#include "platform/text.h"
#include "runtime/plan/plan_codec.h"

namespace wavetank::runtime {
namespace {

constexpr char kShufflePartitions[] = "shuffle_partitions";
constexpr char kSourcePath[] = "source.path";
constexpr char kSinkPath[] = "sink.path";
constexpr char kSinkPlace[] = "sink.place";
constexpr char kWatermarkPolicy[] = "watermark_policy";
constexpr char kMin[] = "min";
constexpr char kMax[] = "max";

// "source.path" of the first, "source.1.path" of the second.
std::string NameOfSource(size_t number) {
  return number == 0 ? kSourcePath : absl::StrCat("source.", number, ".path");
}

void Pin(const std::string& name, const std::string& value, checkpoint::QueryMetadata& metadata) {
  checkpoint::Setting& setting = *metadata.add_pinned();
  setting.set_name(name);
  setting.set_value(value);
}

constexpr char kAsItWas[] = "run the job as it was, or start with a new checkpoint and a new sink";

absl::Status MustAgree(const std::string& what, const std::string& logged, const std::string& now) {
  if (logged == now) return absl::OkStatus();
  return absl::FailedPreconditionError(absl::StrCat("its checkpoint was begun with ", what, " '",
                                                    logged, "', this job has '", now,
                                                    "': ", kAsItWas));
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

// A line of what state is bound to (StateFingerprint), as who it is about and what it says:
// "aggregate 0", "by word of count(): int64".
struct Bound {
  std::string of;
  std::string says;
};

Bound BoundOf(std::string_view line) {
  size_t end = line.find_first_of("0123456789");
  if (end != std::string_view::npos) {
    end = line.find_first_not_of("0123456789", end);
  } else {
    end = line.rfind(' ');  // "output mode append", "source text"
  }
  if (end == std::string_view::npos) return {std::string(line), ""};
  const size_t says = line.find_first_not_of(' ', end);
  return {std::string(line.substr(0, end)),
          says == std::string_view::npos ? "" : std::string(line.substr(says))};
}

std::vector<Bound> BoundsOf(const std::string& fingerprint) {
  std::vector<Bound> bounds;
  for (const absl::string_view line : absl::StrSplit(fingerprint, '\n', absl::SkipEmpty())) {
    bounds.push_back(BoundOf(platform::ToStd(line)));
  }
  return bounds;
}

// Names the first operator that differs, and how.
absl::Status MustKeepTheSameState(const std::string& logged, const std::string& now) {
  if (logged == now) return absl::OkStatus();
  const std::vector<Bound> before = BoundsOf(logged);
  const std::vector<Bound> after = BoundsOf(now);
  const auto find = [](const std::vector<Bound>& bounds, const std::string& of) {
    return std::ranges::find(bounds, of, &Bound::of);
  };
  const auto has_number = [](const Bound& bound) {
    return absl::ascii_isdigit(static_cast<unsigned char>(bound.of.back()));
  };
  for (const Bound& bound : before) {
    const auto same = find(after, bound.of);
    if (same == after.end()) {
      if (!has_number(bound)) continue;
      return absl::FailedPreconditionError(absl::StrCat("its checkpoint keeps state of ", bound.of,
                                                        " (", bound.says,
                                                        "), which this job has not: ", kAsItWas));
    }
    WT_RETURN_IF_ERROR(MustAgree(bound.of, bound.says, same->says));
  }
  for (const Bound& bound : after) {
    if (find(before, bound.of) != before.end() || !has_number(bound)) continue;
    return absl::FailedPreconditionError(absl::StrCat("its checkpoint keeps no state of ", bound.of,
                                                      " (", bound.says,
                                                      "), which this job has: ", kAsItWas));
  }
  return MustAgree("stateful plan", logged, now);
}

absl::Status PinsNonsense(const checkpoint::Setting& setting) {
  return absl::DataLossError(
      absl::StrCat("its checkpoint pins ", setting.name(), " to '", setting.value(), "'"));
}

// As many, and where they were.
absl::Status CheckSources(const checkpoint::QueryMetadata& metadata,
                          const QueryIdentity& identity) {
  size_t sources = 0;
  for (const checkpoint::Setting& setting : metadata.pinned()) {
    if (setting.name() != NameOfSource(sources)) continue;
    if (sources < identity.source_names.size()) {
      WT_RETURN_IF_ERROR(
          MustBeWhereItWas(setting.name(), setting.value(), identity.source_names[sources]));
    }
    ++sources;
  }
  // Older builds pinned none of a query that had one.
  if (sources == 0 && identity.source_names.size() == 1) return absl::OkStatus();
  return MustAgree("sources", absl::StrCat(sources), absl::StrCat(identity.source_names.size()));
}

}  // namespace

checkpoint::QueryMetadata NewQueryMetadata(const std::string& query_id,
                                           const QueryIdentity& identity) {
  checkpoint::QueryMetadata metadata;
  metadata.set_query_id(query_id);
  metadata.set_plan_fingerprint(identity.state_fingerprint);
  metadata.set_job_version(identity.job_version);
  metadata.set_build_id(identity.build_id);
  Pin(kShufflePartitions,
      absl::StrCat(identity.shuffle_partitions.value_or(kDefaultShufflePartitions)), metadata);
  for (size_t i = 0; i < identity.source_names.size(); ++i) {
    Pin(NameOfSource(i), identity.source_names[i], metadata);
  }
  Pin(kSinkPath, identity.sink_name, metadata);
  if (!identity.sink_place.empty()) Pin(kSinkPlace, identity.sink_place, metadata);
  if (identity.watermark_policy) {
    Pin(kWatermarkPolicy, *identity.watermark_policy == WatermarkPolicy::kMax ? kMax : kMin,
        metadata);
  }
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

absl::StatusOr<int> PartitionsOf(const checkpoint::QueryMetadata& metadata,
                                 const checkpoint::StateLayout* layout) {
  if (layout != nullptr) return layout->partitions();
  int partitions = kDefaultShufflePartitions;
  for (const checkpoint::Setting& setting : metadata.pinned()) {
    if (setting.name() != kShufflePartitions) continue;
    if (!absl::SimpleAtoi(setting.value(), &partitions) || partitions <= 0) {
      return PinsNonsense(setting);
    }
  }
  return partitions;
}

absl::StatusOr<PinnedSettings> CheckCompatible(const checkpoint::QueryMetadata& metadata,
                                               const checkpoint::StateLayout* layout,
                                               const QueryIdentity& identity) {
  WT_RETURN_IF_ERROR(MustAgree("job version", metadata.job_version(), identity.job_version));
  WT_RETURN_IF_ERROR(CheckSources(metadata, identity));
  WT_RETURN_IF_ERROR(MustKeepTheSameState(metadata.plan_fingerprint(), identity.state_fingerprint));
  PinnedSettings pinned;
  WT_ASSIGN_OR_RETURN(pinned.shuffle_partitions, PartitionsOf(metadata, layout));
  const int asked = identity.shuffle_partitions.value_or(pinned.shuffle_partitions);
  if (identity.keeps_state && asked != pinned.shuffle_partitions) {
    return absl::FailedPreconditionError(
        absl::StrCat("its checkpoint keeps state in partitions: ", pinned.shuffle_partitions,
                     ", and this start asks for ", asked, ": leave partitions out to go on with ",
                     pinned.shuffle_partitions,
                     ", or stop the job and lay its state out anew (wavetank rescale ",
                     "--partitions=", asked, " CHECKPOINT)"));
  }
  if (identity.watermark_policy) pinned.watermark_policy = *identity.watermark_policy;
  for (const checkpoint::Setting& setting : metadata.pinned()) {
    if (setting.name() == kSinkPath) {
      WT_RETURN_IF_ERROR(MustBeWhereItWas(kSinkPath, setting.value(), identity.sink_name));
    } else if (setting.name() == kSinkPlace) {
      pinned.sink_place = setting.value();
    } else if (setting.name() == kWatermarkPolicy) {
      if (setting.value() != kMin && setting.value() != kMax) return PinsNonsense(setting);
      pinned.watermark_policy =
          setting.value() == kMax ? WatermarkPolicy::kMax : WatermarkPolicy::kMin;
    }
  }
  return pinned;
}

}  // namespace wavetank::runtime
