// Operator: a step of a query over batches of rows. It is synchronous, and knows nothing of who
// runs it: a runner gives it batches, takes what it gives, and awaits for it what it cannot await
// itself. It can be left between any two calls.
//
//   Open(context)       once for an instance: state, memory, where it writes
//   Begin(epoch)        then for each epoch (a micro-batch), in this order:
//     Add(port, batch)    REQUIRES: the last Next gave kNeedsInput for this port
//     EndInput(port)      likewise: no more rows on this port in this epoch
//     Next(output)        until kDone
//   Report(report)      after kDone: what the epoch did, and what its state waits for
//
// A runner feeds port 0 to its end, then port 1: what comes out, and in which order, depends on the
// rows of each port in their order, the epoch and the state, and on nothing else; not on how the
// rows are cut into batches.
//
// Late rows are judged by epoch.late as they arrive. Eviction and time-outs happen by epoch.evict
// and epoch.timestamp, after EndInput of every port, in the same epoch.
#ifndef WAVETANK_RUNTIME_OPERATORS_OPERATOR_H_
#define WAVETANK_RUNTIME_OPERATORS_OPERATOR_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"

#include "checkpoint/state_table.h"
#include "runtime/columnar/record_batch.h"
#include "runtime/operators/memory_account.h"
#include "runtime/operators/operator_report.h"

namespace wavetank::runtime {

// As it was logged, so that an epoch run again has the same.
struct Epoch {
  int64_t id = 0;
  // What CurrentTimestamp() gives, and the processing time of the whole epoch.
  absl::Time timestamp = absl::UnixEpoch();
  // For whatever is drawn: of (definition, fragment, partition).
  uint64_t seed = 0;
  // Of this operator. Rows at or below `late` are late: the watermark of the epoch before. What
  // lies at or below `evict` is final: that of this one, never below `late`. Without one both are
  // absl::InfinitePast().
  absl::Time late = absl::InfinitePast();
  absl::Time evict = absl::InfinitePast();
};

// Where the rows of a fragment go: to a partition of an exchange, or to a sink (partition 0).
class Outlet {
 public:
  virtual ~Outlet() = default;
  virtual absl::Status Write(int partition, RecordBatch rows) = 0;
  // Whether it holds so much that it should be emptied before more is written.
  virtual bool full() const { return false; }
};

// What an operator is given. All of it outlives the operator.
struct OperatorContext {
  int partition = 0;
  // Of a stateful operator, by the number of the store: as the epoch before has left them. Who runs
  // the fragment commits them.
  std::vector<checkpoint::StateTable*> stores = {};
  Outlet* outlet = nullptr;  // of the last operator of a fragment
  MemoryHolder memory;
};

enum class Pull : uint8_t {
  kOutput,      // there are rows
  kNeedsInput,  // on Pulled::port
  kBlocked,     // BlockedOn() says on what
  kDone,        // with this epoch
};

struct Pulled {
  Pull what = Pull::kDone;
  int port = 0;
};

// What only a runner can await: a page of state, a call to another system.
struct OperatorRequest {
  std::string what;     // "lookup", by which a runner knows who answers
  std::string payload;  // for that one
};

class Operator {
 public:
  // About how many rows Next gives at most.
  static constexpr int64_t kRowsAtOnce = 4096;

  virtual ~Operator() = default;
  virtual absl::Status Open(const OperatorContext& context) = 0;
  virtual void Begin(const Epoch& epoch) = 0;
  virtual absl::Status Add(int port, RecordBatch batch) = 0;
  virtual absl::Status EndInput(int port) = 0;
  // Sets `output` when it gives kOutput.
  virtual absl::StatusOr<Pulled> Next(RecordBatch& output) = 0;
  // REQUIRES: Next gave kBlocked. The answer, or the error that there is instead, goes to Answer;
  // then Next is called again.
  virtual OperatorRequest BlockedOn() const;
  virtual absl::Status Answer(absl::StatusOr<std::string> answer);
  // Rows in and out are counted by who runs it.
  virtual void Report(OperatorReport& report) const = 0;
};

}  // namespace wavetank::runtime

#endif  // WAVETANK_RUNTIME_OPERATORS_OPERATOR_H_
