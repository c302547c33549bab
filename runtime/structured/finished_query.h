// A query over what is there, once, as a table's rows are asked for: no checkpoint, no sink, and no
// watermark, for nothing comes after it. Each source is read to where it ends now; the operators
// are those of a stream, in one epoch (fragment/replay_runner.h), on one node. All of it stands in
// memory.
#ifndef WAVETANK_RUNTIME_STRUCTURED_FINISHED_QUERY_H_
#define WAVETANK_RUNTIME_STRUCTURED_FINISHED_QUERY_H_

#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"

#include "checkpoint/store.h"
#include "platform/node.h"
#include "platform/task.h"
#include "runtime/columnar/record_batch.h"
#include "runtime/structured/data_frame.h"

namespace wavetank::runtime {

struct FinishedRows {
  SchemaPtr schema;
  std::vector<RecordBatch> rows;
};

// What the definition's plan gives; its sink and trigger count for nothing. Errors are those of
// CompileQuery, and of the sources. kResourceExhausted: they have more than `max_bytes`.
// `node` and `store` outlive the task.
platform::Task<absl::StatusOr<FinishedRows>> RunFinished(platform::Node& node,
                                                         checkpoint::Store& store,
                                                         StreamingQueryDefinition definition,
                                                         int64_t max_bytes);

}  // namespace wavetank::runtime

#endif  // WAVETANK_RUNTIME_STRUCTURED_FINISHED_QUERY_H_
