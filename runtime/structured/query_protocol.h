// QueryProtocol: the log of a structured query, and what is known beside it of the newest batch and
// of the sink. What comes next is always the recovery table's decision (checkpoint/recovery.h) on
// the two: in a batch's ordinary life, because this driver did it; after a take-over or an error,
// because the fenced sink was asked. It touches no source, no sink and no worker: who acts says
// here what came of it.
//
// An append that failed ends this object: the log is taken over anew to learn what counts.
#ifndef WAVETANK_RUNTIME_STRUCTURED_QUERY_PROTOCOL_H_
#define WAVETANK_RUNTIME_STRUCTURED_QUERY_PROTOCOL_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"

#include "checkpoint/metadata.h"
#include "checkpoint/query_history.h"
#include "checkpoint/recovery.h"
#include "checkpoint/store.h"
#include "platform/node.h"
#include "runtime/connectors/sink.h"

namespace wavetank::runtime {

// The newest batch that is committed, as the log has it.
std::optional<CommittedBatch> LastCommitted(const checkpoint::QueryHistory& history);

// A batch that is to be logged.
struct NextBatch {
  checkpoint::BatchDefinition definition;
  std::vector<checkpoint::MetadataRecord> forgotten = {};  // files that are so before it
  int64_t files_forgotten = 0;
};

class QueryProtocol {
 public:
  // Both outlive it. The log is in `directory`; of its batches so many are kept.
  QueryProtocol(platform::Node& node, checkpoint::Store& store, std::string query,
                std::string directory, int64_t batches_retained);

  // First, and once. Errors as MetadataLog::TakeOver.
  Task<absl::Status> TakeOver(uint64_t segment_bytes);
  bool has_taken_over() const { return log_ != nullptr; }
  // All that follows REQUIRES that it has.

  // What the query is, before there is a batch of it.
  Task<absl::Status> Append(std::vector<checkpoint::MetadataRecord> records);
  // Whether this driver still owns the query; errors as FencedLog::Look.
  Task<absl::Status> Look() { return log_->Look(); }

  const checkpoint::QueryRow& Decide() const { return checkpoint::DecideQuery(found_); }

  // What this driver is to fence the sink with: above all that was used before.
  FencingToken NextToken();
  // The sink is fenced, and shows this last.
  void SinkShows(const std::optional<CommittedBatch>& last);
  // What it says of the newest prepared attempt.
  void SinkSays(CommittableState state);
  void SinkCommitted();
  // What came of a commit nobody knows: it is to be fenced and asked.
  void SinkUnsure();

  // Each is durable when it is OK. REQUIRES: the table decided so.
  Task<absl::Status> Define(const NextBatch& next);
  // Staged under this driver's fence, and nobody has been asked to commit it.
  Task<absl::Status> Prepare(checkpoint::Prepared prepared);
  // In one append with the definition of the batch that follows, if that is known: a commit never
  // waits for it.
  Task<absl::Status> Commit(const std::optional<NextBatch>& next);

  checkpoint::QueryHistory& history() { return history_; }
  const checkpoint::QueryHistory& history() const { return history_; }
  checkpoint::MetadataLog& log() { return *log_; }
  int64_t epoch() const { return log_->epoch().value(); }
  int64_t newest_batch() const { return history_.newest_batch(); }
  const checkpoint::BatchHistory& newest() const { return history_.batches().back(); }

  // Of the attempt that is prepared.
  checkpoint::MetadataRecord NewestCommit() const;

 private:
  // The newest batch is a new one, and all before it are committed.
  void BeginBatch();

  platform::Node& node_;
  checkpoint::Store& store_;
  const std::string query_;
  const std::string directory_;
  checkpoint::QueryHistory history_;
  std::unique_ptr<checkpoint::MetadataLog> log_;  // keeps history_ up to date
  checkpoint::QueryFound found_;                  // relative to the newest batch
  int64_t fences_ = 0;
};

}  // namespace wavetank::runtime

#endif  // WAVETANK_RUNTIME_STRUCTURED_QUERY_PROTOCOL_H_
