// What binds a checkpoint to a query, and what may change between two runs of it. Filters,
// projections, triggers and rate limits may; the stateful operator, the directories and the job's
// declared version may not: they are refused, by name. The number of shuffle partitions stays what
// the checkpoint began with, or was rescaled to (rescale.h).
#ifndef WAVETANK_RUNTIME_STRUCTURED_QUERY_IDENTITY_H_
#define WAVETANK_RUNTIME_STRUCTURED_QUERY_IDENTITY_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

#include "checkpoint/metadata.pb.h"
#include "runtime/structured/compile_query.h"

namespace wavetank::runtime {

// The query as the job has it today.
struct QueryIdentity {
  std::string state_fingerprint;  // StreamingQueryPlan::state_fingerprint
  std::string job_version;
  std::string build_id;
  std::vector<std::string> source_names;  // in the order of the plan: paths, or else formats
  std::string sink_name;                  // likewise
  std::string sink_place = {};            // PlaceOfSink
  // That are asked for; unset: as the checkpoint has it.
  std::optional<int> shuffle_partitions = std::nullopt;
  bool keeps_state = false;
  // Of a query with several watermark operators.
  std::optional<WatermarkPolicy> watermark_policy = std::nullopt;
};

checkpoint::QueryMetadata NewQueryMetadata(const std::string& query_id,
                                           const QueryIdentity& identity);

// The analysed plan as the log keeps it, under the hash of what it computes, whatever its columns
// are called.
checkpoint::QueryPlan PlanRecord(const CompiledQuery& compiled);

// What the checkpoint pins, whatever the job says today.
struct PinnedSettings {
  int shuffle_partitions = 0;
  WatermarkPolicy watermark_policy = WatermarkPolicy::kMin;
  // Where it wrote in another system at first. It may write elsewhere from now on.
  std::string sink_place = {};
};
// What to run with. `layout`: the newest of the checkpoint; null: it has none. kFailedPrecondition
// names what differs, both values, and what to do. kDataLoss: the checkpoint pins nonsense.
absl::StatusOr<PinnedSettings> CheckCompatible(const checkpoint::QueryMetadata& metadata,
                                               const checkpoint::StateLayout* layout,
                                               const QueryIdentity& identity);
// In how many partitions the state of such a checkpoint is. kDataLoss: it pins nonsense.
absl::StatusOr<int> PartitionsOf(const checkpoint::QueryMetadata& metadata,
                                 const checkpoint::StateLayout* layout);

}  // namespace wavetank::runtime

#endif  // WAVETANK_RUNTIME_STRUCTURED_QUERY_IDENTITY_H_
