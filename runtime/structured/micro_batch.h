// MicroBatchExecution: the driver's side of a structured query, from taking its log over until it
// stops or fails. A batch's life:
//
//   definition logged -> tasks run -> attempt prepared, logged -> sink committed -> commit logged
//
// - QueryProtocol has the log and says what comes next; BatchRunner runs an attempt. This is what
//   acts: on sources, workers and the sink.
// - The prepared record names one attempt's state files and sink committable before the sink
//   commits it: output and state always come from the same attempt. Only when the fenced sink says
//   that the attempt is gone for good may another one supersede it.
// - An error says nothing of what became of what was asked.
#ifndef WAVETANK_RUNTIME_STRUCTURED_MICRO_BATCH_H_
#define WAVETANK_RUNTIME_STRUCTURED_MICRO_BATCH_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"

#include "checkpoint/metadata.h"
#include "checkpoint/query_history.h"
#include "checkpoint/recovery.h"
#include "runtime/cluster/cluster.h"
#include "runtime/connectors/sink_format.h"
#include "runtime/structured/batch_graph.h"
#include "runtime/structured/batch_planner.h"
#include "runtime/structured/batch_runner.h"
#include "runtime/structured/query_identity.h"
#include "runtime/structured/query_protocol.h"
#include "runtime/structured/query_sources.h"
#include "runtime/structured/state_retention.h"
#include "runtime/structured/streaming_query.h"

namespace wavetank::runtime {

class MicroBatchExecution {
 public:
  // Everything outlives the execution. `available`: of the triggers AvailableNow and Once, what
  // there is to be read; fixed by the first execution that gets so far.
  MicroBatchExecution(platform::Node& node, checkpoint::Store& store, Cluster& cluster,
                      const StreamingQueryDefinition& definition, const QueryOptions& options,
                      AvailableInput& available);

  // Until the query is stopped or all that was available is done (OK), or fails. At most once.
  Task<absl::Status> Run();

  int64_t batches_committed() const { return batches_committed_; }
  // Whether it has begun to own its log.
  bool has_taken_over() const { return protocol_ != nullptr && protocol_->has_taken_over(); }
  // "query words, batch 3: run the batch".
  std::string UnderWay() const { return absl::StrCat(Title(), ": ", act_); }

 private:
  using BatchDefinition = checkpoint::BatchDefinition;

  // Before the first batch: the log, the query's identity, source and sink.
  Task<absl::Status> TakeOver();
  Task<absl::Status> CheckBeforeFirstWrite();
  Task<absl::Status> CheckBeforeClaim(QueryIdentity identity);
  Task<absl::Status> CheckNoState();
  Task<bool> HasBegunMeanwhile();
  Task<absl::Status> BeginUnlessBound(QueryIdentity identity);
  std::vector<checkpoint::MetadataRecord> BeginOf(checkpoint::QueryMetadata metadata,
                                                  checkpoint::SourceBegins begins) const;
  Task<absl::Status> LogPlan();
  std::string LogDirectory() const { return checkpoint_directory_ + "/log"; }
  absl::Status Compile();
  absl::Status OpenSources();
  Task<absl::Status> OpenPlannerAndSink();

  // Why it stops there, and what to do.
  absl::Status Refusal(const checkpoint::QueryRow& row) const;
  // One decision of the table each.
  Task<absl::Status> Act(checkpoint::RecoveryDecision decision);
  Task<absl::Status> FenceSink();
  Task<absl::Status> AskSink();
  // What older attempts have staged and written for nothing.
  Task<absl::Status> RemoveUncommitted(checkpoint::RecoveryDecision decision);
  Task<absl::Status> DefineNext();
  Task<absl::Status> RunBatch();
  Task<absl::Status> SendCommit();
  Task<absl::Status> LogCommit();

  // The batch that planning has come up with by now; nullopt: none.
  absl::StatusOr<std::optional<NextBatch>> NextDefinition();
  bool NextNeedsNoInput() const;
  // The newest definition in the log is that of a batch to run.
  Task<void> Defined(int64_t files_forgotten);
  // Of the newest batch, once it has ended.
  StreamingQueryProgress Progress() const;
  void Report(const StreamingQueryProgress& progress);
  // The status with the query, the batch and the attempted act before it.
  // "query words, batch 3", or "query words" before there is one.
  std::string Title() const;
  absl::Status Explain(const absl::Status& status, const std::string& act) const;

  // Of a query of one batch: it is logged.
  bool only_batch_is_defined() const {
    return available_.only_batch && newest_batch() >= *available_.only_batch;
  }
  bool stopping() const { return options_.stop != nullptr && options_.stop->is_set(); }
  checkpoint::QueryHistory& history() { return protocol_->history(); }
  const checkpoint::QueryHistory& history() const { return std::as_const(*protocol_).history(); }
  int64_t newest_batch() const { return protocol_->newest_batch(); }
  const checkpoint::BatchHistory& newest() const { return protocol_->newest(); }

  platform::Node& node_;
  checkpoint::Store& store_;
  Cluster& cluster_;
  const StreamingQueryDefinition& definition_;
  const QueryOptions& options_;
  AvailableInput& available_;
  std::string checkpoint_directory_;
  const SinkFormat* sink_format_ = nullptr;
  std::string sink_name_;  // by which the checkpoint knows it: its path, or else its format

  int shuffle_partitions_;
  std::shared_ptr<const StreamingQueryPlan> plan_;
  checkpoint::QueryPlan plan_record_;  // the same, as the log has it
  std::unique_ptr<QueryProtocol> protocol_;
  std::unique_ptr<QuerySources> sources_;
  std::unique_ptr<BatchPlanner> planner_;
  std::unique_ptr<TransactionalSink> sink_;
  std::unique_ptr<BatchRunner> runner_;
  // Of the batch under way.
  std::optional<BatchAttempt> attempt_;  // what this driver ran
  int unsure_ = 0;                       // commits in a row whose outcome was not known
  platform::MonotonicTime batch_start_;
  std::string act_ = "take the query over";
  bool ended_ = false;
  bool said_without_time_ = false;
  bool said_late_ = false;
  int64_t batches_committed_ = 0;
  std::optional<StateRetention> retention_;  // of a query that has state
};

}  // namespace wavetank::runtime

#endif  // WAVETANK_RUNTIME_STRUCTURED_MICRO_BATCH_H_
