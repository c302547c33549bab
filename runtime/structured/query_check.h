// What is wrong with a query, or with the names of a job's queries, beyond the plan itself: formats
// and options that nothing reads, values that mean nothing. (That directories stand apart:
// connectors/job_directories.h.) Checked before anything durable is written. Every error is
// kInvalidArgument, and names the query.
#ifndef WAVETANK_RUNTIME_STRUCTURED_QUERY_CHECK_H_
#define WAVETANK_RUNTIME_STRUCTURED_QUERY_CHECK_H_

#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

#include "checkpoint/block_compression.h"
#include "runtime/connectors/connector_option.h"
#include "runtime/fragment/query_plan.h"
#include "runtime/structured/data_frame.h"

namespace wavetank::runtime {

// Formats, options and trigger of one query. Options that a job adds ("checkpointLocation") need
// not be there yet.
absl::Status CheckDefinition(const StreamingQueryDefinition& definition);

// What a WriteStream of the format takes: its options, and those of every query.
std::vector<ConnectorOption> WriteOptionsOf(const SinkFormat& format);

// No two queries of one job have one name.
absl::Status CheckNames(const std::vector<StreamingQueryDefinition>& queries);

// The option "multipleWatermarkPolicy": of a query with several watermark operators; min by
// default.
absl::StatusOr<WatermarkPolicy> WatermarkPolicyOf(const StreamingQueryDefinition& definition);

// The option "stateCompression"; none by default.
absl::StatusOr<checkpoint::StateCompression> StateCompressionOf(
    const StreamingQueryDefinition& definition);

}  // namespace wavetank::runtime

#endif  // WAVETANK_RUNTIME_STRUCTURED_QUERY_CHECK_H_
