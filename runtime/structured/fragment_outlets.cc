#include "runtime/structured/fragment_outlets.h"

#include <memory>
#include <utility>

namespace wavetank::runtime {

absl::Status ShuffleOutlet::Write(int partition, RecordBatch rows) {
  const auto at = static_cast<size_t>(partition);
  if (at >= partitions_.size()) partitions_.resize(at + 1);
  bytes_ += ByteSize(rows);
  partitions_[at].push_back(std::move(rows));
  return memory_.Hold(bytes_);
}

void ShuffleOutlet::Put(TaskContext& context) {
  for (size_t target = 0; target < partitions_.size(); ++target) {
    // Let go one by one: no partition but one is there twice.
    const std::vector<RecordBatch> rows = std::move(partitions_[target]);
    if (rows.empty()) continue;
    context.PutShuffle(static_cast<int>(target), std::make_shared<const RecordBatch>(
                                                     Concatenate(rows.front().schema_ptr(), rows)));
  }
}

absl::Status RowsOutlet::Write(int, RecordBatch rows) {
  if (rows.num_rows() == 0) return absl::OkStatus();
  bytes_ += ByteSize(rows);
  rows_.push_back(std::move(rows));
  return memory_.Hold(bytes_);
}

std::optional<RecordBatch> RowsOutlet::Take() {
  if (rows_.empty()) return std::nullopt;
  RecordBatch rows = std::move(rows_.front());
  rows_.pop_front();
  bytes_ -= ByteSize(rows);
  return rows;
}

}  // namespace wavetank::runtime
