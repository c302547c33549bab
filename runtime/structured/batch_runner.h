// BatchRunner: an attempt at a batch that is defined. Its tasks run on the workers, and what they
// made is put together as the record that is to be prepared, all but what its sink makes of it.
//
// Everything that a batch depends on stands in its definition and in the record of the batch before
// it, so a batch run again sees the same.
#ifndef WAVETANK_RUNTIME_STRUCTURED_BATCH_RUNNER_H_
#define WAVETANK_RUNTIME_STRUCTURED_BATCH_RUNNER_H_

#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

#include "checkpoint/store.h"
#include "platform/node.h"
#include "runtime/cluster/cluster.h"
#include "runtime/structured/batch_graph.h"
#include "runtime/structured/query_protocol.h"
#include "runtime/structured/streaming_query.h"

namespace wavetank::runtime {

// What batches of a query are run by.
struct BatchPlan {
  std::shared_ptr<const StreamingQueryPlan> plan;
  std::string hash;  // of the plan, as the log has it
  WatermarkPolicy watermark_policy = WatermarkPolicy::kMin;
};

class BatchRunner {
 public:
  // All but the plan outlive it. `checkpoint`: the query's directory.
  BatchRunner(platform::Node& node, checkpoint::Store& store, Cluster& cluster,
              QueryProtocol& protocol, const StreamingQueryDefinition& definition,
              std::string checkpoint, BatchPlan plan);

  struct Ran {
    BatchAttempt attempt;
    checkpoint::Prepared prepared;  // without a committable
  };
  // The newest batch of the log. REQUIRES: it is defined and not committed. Of its output so many
  // bytes may come with the tasks' results. kAborted: a newer driver owns the query; kUnavailable
  // and the like: it may be run again.
  Task<absl::StatusOr<Ran>> Run(uint64_t inline_output_bytes);

 private:
  BatchWork Work(uint64_t inline_output_bytes) const;
  Task<absl::Status> CheckWritten(checkpoint::OperatorState state);
  void SetNext(const BatchAttempt& attempt, checkpoint::Prepared& prepared) const;
  const checkpoint::BatchHistory* before() const;

  platform::Node& node_;
  checkpoint::Store& store_;
  Cluster& cluster_;
  QueryProtocol& protocol_;
  const StreamingQueryDefinition& definition_;
  const std::string checkpoint_;
  const BatchPlan by_;
  int64_t attempts_ = 0;  // of this driver
};

}  // namespace wavetank::runtime

#endif  // WAVETANK_RUNTIME_STRUCTURED_BATCH_RUNNER_H_
