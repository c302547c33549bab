#include "runtime/structured/fragment_outlets.h"

#include <memory>
#include <optional>

#include "runtime/connectors/delimited_text.h"

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

absl::Status PartOutlet::Write(int, RecordBatch rows) {
  for (int64_t row = 0; row < rows.num_rows(); ++row) {
    for (int i = 0; i < rows.schema().size(); ++i) {
      if (i > 0) text_ += ',';
      const Column& column = rows.column(i);
      if (column.IsNull(row)) {
        AppendField(std::nullopt, text_);
      } else if (column.type() == DataType::kString) {
        AppendField(column.StringAt(row), text_);
      } else {
        text_ += column.CellText(row);
      }
    }
    text_ += '\n';
  }
  rows_ += rows.num_rows();
  return memory_.Hold(static_cast<int64_t>(text_.size()));
}

}  // namespace wavetank::runtime
