// Staged rows: what stands between a query and its batch function (batch_function.h). Workers write
// rows to files in <checkpoint>/prepared/; the prepared record names them; the function is given
// what they hold. They are removed when a later batch is prepared: by then nobody needs them.
#ifndef WAVETANK_RUNTIME_CONNECTORS_STAGED_ROWS_H_
#define WAVETANK_RUNTIME_CONNECTORS_STAGED_ROWS_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "runtime/connectors/batch_function.h"
#include "runtime/connectors/sink.h"
#include "runtime/connectors/staged_rows.pb.h"

namespace wavetank::runtime {

std::string StagedRowsDirectory(const std::string& checkpoint_directory);

std::unique_ptr<SinkWriter> StageRows(checkpoint::Store& store, std::string directory,
                                      int64_t batch, const std::string& unique);

// The driver's side. `apply` has the function called with such a batch, wherever that is.
std::unique_ptr<TransactionalSink> BatchFunctionSink(
    checkpoint::Store& store, std::string directory,
    std::function<Task<absl::Status>(StagedBatch batch)> apply);

// Calls the function with the batch.
Task<absl::Status> ApplyStagedBatch(platform::Node& node, checkpoint::Store& store,
                                    std::string directory, StagedBatch batch, OptionMap options,
                                    BatchFunction function, BatchQuery query = {});

}  // namespace wavetank::runtime

#endif  // WAVETANK_RUNTIME_CONNECTORS_STAGED_ROWS_H_
