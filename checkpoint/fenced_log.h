// FencedLog: a log of records with one owner at a time, over a Store that cannot refuse a stale
// writer. The protocol is design.md section 5 and its executable specification fencing.py;
// ownership rests on names and order:
//
//   <directory>/epoch-<E>   created durably by its owner, one winner, before it reads anything;
//                           holds its owner's unique id
//   <directory>/log-<E>     the groups of epoch E; the first group seals the predecessors
//
// An owner appends (durably), then looks for a higher epoch, and only then says OK. A reader reads,
// then looks: under a higher epoch without its seal there is no answer yet, and it tries again.
#ifndef WAVETANK_CHECKPOINT_FENCED_LOG_H_
#define WAVETANK_CHECKPOINT_FENCED_LOG_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

#include "checkpoint/store.h"
#include "platform/node.h"
#include "platform/strong_id.h"

namespace wavetank::checkpoint {

// Counts the owners of one log: 1, 2, ...
using Epoch = platform::StrongId<struct EpochTag>;

class FencedLog {
 public:
  virtual ~FencedLog() = default;

  // Takes the log over: when this returns OK, every predecessor is fenced, and recovered() is the
  // complete and final list of the records that count, in order, each durable. `node` and `store`
  // must outlive the log. kAborted: somebody newer took over meanwhile. kDataLoss: a record that
  // counts is damaged or missing (named by file and offset).
  static Task<absl::StatusOr<std::unique_ptr<FencedLog>>> TakeOver(platform::Node& node,
                                                                   Store& store,
                                                                   std::string directory);

  virtual Epoch epoch() const = 0;
  virtual const std::vector<std::string>& recovered() const = 0;

  // Appends the records as one group: all count or none. OK: durable, and no newer owner existed
  // after they were: they count for ever. kAborted: a newer owner exists; whether they count is for
  // it to say; stop. Any other error: the outcome is unknown and this object refuses everything
  // from then on (kFailedPrecondition); take over anew to learn it. Calls made while one is under
  // way share the next group's sync.
  virtual Task<absl::Status> Append(std::vector<std::string> records) = 0;
};

// What counts, without taking over: the records a reader is answered with at this instant. Retries
// while a newer owner has not yet sealed, up to `timeout`, then kUnavailable.
Task<absl::StatusOr<std::vector<std::string>>> ReadFencedLog(platform::Node& node, Store& store,
                                                             std::string directory,
                                                             absl::Duration timeout);

}  // namespace wavetank::checkpoint

#endif  // WAVETANK_CHECKPOINT_FENCED_LOG_H_
