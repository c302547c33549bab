// Where the rows of a task's fragment go: into the shuffle, or into a part of the sink's.
#ifndef WAVETANK_RUNTIME_STRUCTURED_FRAGMENT_OUTLETS_H_
#define WAVETANK_RUNTIME_STRUCTURED_FRAGMENT_OUTLETS_H_

#include <cstdint>
#include <string>
#include <utility>
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

// Text by RFC 4180, as the file sink's parts have it.
class PartOutlet final : public Outlet {
 public:
  explicit PartOutlet(MemoryAccount& memory) : memory_(&memory) {}
  absl::Status Write(int partition, RecordBatch rows) override;
  int64_t rows() const { return rows_; }
  std::string TakeText() { return std::exchange(text_, {}); }

 private:
  MemoryHolder memory_;
  std::string text_;
  int64_t rows_ = 0;
};

}  // namespace wavetank::runtime

#endif  // WAVETANK_RUNTIME_STRUCTURED_FRAGMENT_OUTLETS_H_
