// BatchFunction: a sink as one function over whole batches: ForeachBatch, and any sink that applies
// a batch at once and remembers which it has.
//
// What it is given is the batch as it was prepared: its rows stand in the checkpoint, and are the
// same whenever the function is called again for that batch, after a failure, on another machine,
// also when the query's own functions would give something else. It may be called several times
// for one batch, also after it succeeded, and late, by a driver that was replaced meanwhile, when
// later batches have been applied; never for a batch before the one before it has succeeded. So:
//
//   exactly once    the function applies all rows and the batch's number in one step, and does
//                   nothing when it finds the number, or a later one, there
//   at least once   otherwise
//
// It runs as a task, on a worker. An error that it returns is tried again, there or elsewhere, but
// for kInvalidArgument, kFailedPrecondition and kDataLoss, which stop the query.
#ifndef WAVETANK_RUNTIME_CONNECTORS_BATCH_FUNCTION_H_
#define WAVETANK_RUNTIME_CONNECTORS_BATCH_FUNCTION_H_

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

#include "checkpoint/store.h"
#include "platform/node.h"
#include "platform/task.h"
#include "runtime/columnar/record_batch.h"
#include "runtime/connectors/connector_option.h"
#include "runtime/plan/output_mode.h"

namespace wavetank::runtime {

using platform::Task;

// Whose batch it is.
struct BatchQuery {
  std::string name = {};
  std::string id = {};  // unique, for ever: one that begins anew without its checkpoint has another
  QueryOutputMode mode = QueryOutputMode::kAppend;
  // Of update mode: the columns by which a row replaces an earlier one.
  std::vector<int> keys = {};
  // Of the checkpoint, for what the sink itself keeps. Nobody else writes there.
  std::string directory = {};
};

// A batch that is applied. Valid while the function runs.
class PreparedBatch {
 public:
  virtual ~PreparedBatch() = default;
  virtual int64_t id() const = 0;
  // Of the batch's definition: two batches of one number and another hash are of two queries.
  virtual uint64_t definition_hash() const = 0;
  // The next rows, in an order that is the same each time; nullopt: there are none left. Each call
  // holds some rows in memory, never the batch.
  virtual Task<absl::StatusOr<std::optional<RecordBatch>>> Next() = 0;
  virtual const BatchQuery& query() const = 0;
  // What the query's WriteStream was told.
  virtual const OptionMap& options() const = 0;
  virtual platform::Node& node() = 0;
  virtual checkpoint::Store& store() = 0;
};

using BatchFunction = std::function<Task<absl::Status>(PreparedBatch& batch)>;

}  // namespace wavetank::runtime

#endif  // WAVETANK_RUNTIME_CONNECTORS_BATCH_FUNCTION_H_
