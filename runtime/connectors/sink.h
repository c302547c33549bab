// TransactionalSink: what the micro-batch engine asks of a sink that commits a batch as a whole.
// Narrow on purpose, so that a transactional table or a partitioned log fits behind it as a file
// sink does.
//
// Contract:
// - Workers stage parts under names of their attempt; nothing staged is visible. The driver turns
//   the staged parts of one attempt into a committable, a string that names them for good, records
//   it durably in the query's own log, and only then commits it. Commit shows all of the batch or
//   nothing of it.
// - With each batch the sink keeps the query's id and the hash of the batch's definition. A batch
//   id that is there with another hash, or from another query, is refused by name
//   (kFailedPrecondition), never skipped.
// - Whoever is unsure (after recovery, a lost reply, a time-out) fences the sink with a fresh
//   token, above all it used before, and only then asks. After Fence(t) no request made under a
//   token below t has any effect, however late it arrives. No outcome is inferred from an error.
//
// Errors: kAborted: a newer owner has fenced this one off. kUnavailable, kDeadlineExceeded,
// kResourceExhausted: the outcome is unknown. kFailedPrecondition, kDataLoss: stop, and say so.
#ifndef WAVETANK_RUNTIME_CONNECTORS_SINK_H_
#define WAVETANK_RUNTIME_CONNECTORS_SINK_H_

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"

#include "platform/task.h"
#include "runtime/columnar/record_batch.h"

namespace wavetank::runtime {

using platform::Task;

// Ordered: the driver's epoch, then how often that driver has fenced.
struct FencingToken {
  int64_t epoch = 0;
  int64_t fences = 0;

  friend auto operator<=>(const FencingToken&, const FencingToken&) = default;
};

// One attempt at one batch, as the driver knows it once all its tasks have run.
struct SinkBatch {
  int64_t batch = 0;
  uint64_t definition_hash = 0;
  std::vector<std::string> parts;  // what staging gave, by partition
};

struct CommittedBatch {
  int64_t batch = 0;
  uint64_t definition_hash = 0;

  friend bool operator==(const CommittedBatch&, const CommittedBatch&) = default;
};

enum class CommittableState {
  kVisible,  // committed; committing it again does nothing
  kPending,  // staged and not committed; it may be committed
  kGone,     // not committed, and never can be: a new attempt may supersede it
};

// A worker's side: one task's part of a batch. Destroyed without Finish, it has written nothing
// that counts.
class SinkWriter {
 public:
  virtual ~SinkWriter() = default;
  virtual Task<absl::Status> Write(RecordBatch rows) = 0;
  // The part, durable, under a name that no other attempt has, or all of it: what Prepare takes.
  // "": none, since there were no rows.
  virtual Task<absl::StatusOr<std::string>> Finish() = 0;
};

class TransactionalSink {
 public:
  virtual ~TransactionalSink() = default;

  // Whether it knows what it shows. One that does not is given again what the query's own log does
  // not say is committed: its Fence gives nothing, and whatever it is asked about is pending.
  virtual bool remembers() const { return true; }

  // Fences off every older token, then says what is committed last (nullopt: nothing yet).
  // kAborted when a newer token has been used.
  virtual Task<absl::StatusOr<std::optional<CommittedBatch>>> Fence(FencingToken token) = 0;
  // REQUIRES for the three below: fenced, and no failed Commit since.
  virtual Task<absl::StatusOr<std::string>> Prepare(SinkBatch batch) = 0;
  // OK: visible and durable. Also OK when this very committable was committed before.
  virtual Task<absl::Status> Commit(std::string committable) = 0;
  virtual Task<absl::StatusOr<CommittableState>> Ask(std::string committable) = 0;

  // How many bytes of the next batch's output may stand in what its writers give, and so in its
  // committable, in place of files of their own.
  virtual uint64_t InlineBytes() const { return 0; }
  // What it does beside the batches for those that are committed is done, or is put off to the next
  // driver after so long.
  virtual Task<void> Settle(absl::Duration /*timeout*/) { co_return; }

  // What attempts that came to nothing have left, or they would fill the disk of a query that dies
  // again and again: what was staged and not committed when the sink was fenced. The driver makes
  // sure that it still is the newest owner, so that all of it is of this one or of older ones, and
  // has removed what is not of `prepared`, the committable that it may still commit ("": none).
  // By default there is nothing.
  virtual Task<absl::StatusOr<std::vector<std::string>>> Uncommitted() {
    co_return std::vector<std::string>();
  }
  virtual Task<absl::Status> RemoveUncommitted(std::vector<std::string> /*paths*/,
                                               std::string /*prepared*/) {
    co_return absl::OkStatus();
  }
};

}  // namespace wavetank::runtime

#endif  // WAVETANK_RUNTIME_CONNECTORS_SINK_H_
