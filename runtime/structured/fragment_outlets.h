// Where the rows of a task's fragment go: into the shuffle, or into a part of the sink's.
#ifndef WAVETANK_RUNTIME_STRUCTURED_FRAGMENT_OUTLETS_H_
#define WAVETANK_RUNTIME_STRUCTURED_FRAGMENT_OUTLETS_H_

#include <cstdint>
#include <deque>
#include <optional>
#include <vector>

#include "absl/status/status.h"

#include "runtime/cluster/task.h"
#include "runtime/columnar/record_batch.h"
#include "runtime/operators/memory_account.h"
#include "runtime/operators/operator.h"

namespace wavetank::runtime {

class ShuffleOutlet final : public Outlet {
 public:
  explicit ShuffleOutlet(MemoryAccount& memory) : memory_(&memory) {}
  absl::Status Write(int partition, RecordBatch rows) override;
  // A block for each partition that has rows.
  void Put(TaskContext& context);

 private:
  MemoryHolder memory_;
  int64_t bytes_ = 0;
  std::vector<std::vector<RecordBatch>> partitions_;
};

// What goes to a part of the sink's: a few rows, until they are taken.
class RowsOutlet final : public Outlet {
 public:
  explicit RowsOutlet(MemoryAccount& memory) : memory_(&memory) {}
  absl::Status Write(int partition, RecordBatch rows) override;
  bool full() const override { return bytes_ >= kFullBytes; }
  // In order; nullopt: there are none left.
  std::optional<RecordBatch> Take();

 private:
  static constexpr int64_t kFullBytes = int64_t{1} << 20;

  MemoryHolder memory_;
  int64_t bytes_ = 0;
  std::deque<RecordBatch> rows_;
};

}  // namespace wavetank::runtime

#endif  // WAVETANK_RUNTIME_STRUCTURED_FRAGMENT_OUTLETS_H_
