// The inputs of a task's fragment: a split of the source, read a few rows at a time, and blocks of
// exchanges.
#ifndef WAVETANK_RUNTIME_STRUCTURED_TASK_INPUT_H_
#define WAVETANK_RUNTIME_STRUCTURED_TASK_INPUT_H_

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

#include "runtime/cluster/task.h"
#include "runtime/columnar/record_batch.h"
#include "runtime/connectors/connector_registry.h"
#include "runtime/fragment/query_plan.h"

namespace wavetank::runtime {
namespace structured {
class FragmentTask;
}  // namespace structured

class TaskInput {
 public:
  virtual ~TaskInput() = default;
  // A few of the rows that are loaded, in order; nullopt: there are none left.
  std::optional<RecordBatch> Ready();
  // Loads more. False: there are no more.
  virtual Task<absl::StatusOr<bool>> Load() = 0;
  // After rows of it have failed: whether what they came from was what was meant. The error says
  // how it was not.
  virtual Task<absl::Status> Check() = 0;
  // Of a split of files, once there are no more: what was read.
  virtual std::vector<FileRead> Reads() const { return {}; }

 protected:
  // REQUIRES: Ready() gave nullopt.
  void SetLoaded(RecordBatch rows, int64_t rows_at_once);

 private:
  RecordBatch loaded_;
  int64_t next_ = 0;
  int64_t rows_at_once_ = 0;
};
using TaskInputs = std::vector<std::unique_ptr<TaskInput>>;

// What the task reads of exchanges: for each input, blocks in the order of their source tasks.
struct ExchangeBlock {
  RecordBatch rows = {};
  int stage = 0;
  int source = 0;  // partition
};
struct ExchangeBlocks {
  std::map<int, std::vector<ExchangeBlock>> by_input;
  int64_t rows = 0;
  int64_t bytes = 0;
};
// `context` and `task` outlive it.
Task<absl::StatusOr<ExchangeBlocks>> FetchExchanges(TaskContext& context,
                                                    const structured::FragmentTask& task,
                                                    const FragmentPlan& fragment);

// All outlive the inputs. Of a fragment that reads no source, each block is let go of once it was
// read. `lost` is set when one meets a piece of its split, not among the
// `skipped`, that is lost and may be skipped; its Load fails then.
absl::StatusOr<TaskInputs> MakeInputs(TaskContext& context, const StreamingQueryPlan& plan,
                                      const ConnectorRegistry& connectors,
                                      const structured::FragmentTask& task, ExchangeBlocks& blocks,
                                      const std::set<std::string>& skipped,
                                      std::optional<std::string>& lost);

}  // namespace wavetank::runtime

#endif  // WAVETANK_RUNTIME_STRUCTURED_TASK_INPUT_H_
