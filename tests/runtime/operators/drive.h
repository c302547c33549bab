// Driving one operator by hand, in whole batches or in small ones.
#ifndef WAVETANK_TESTS_RUNTIME_OPERATORS_DRIVE_H_
#define WAVETANK_TESTS_RUNTIME_OPERATORS_DRIVE_H_

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "runtime/columnar/record_batch.h"
#include "runtime/columnar/take.h"
#include "runtime/operators/operator.h"

namespace wavetank::runtime {

using Lines = std::vector<std::string>;

// Rows [begin, end), wherever they begin.
inline RecordBatch RowsOf(const RecordBatch& batch, int64_t begin, int64_t end) {
  RowNumbers rows;
  for (int64_t row = begin; row < end; ++row) rows.Append(static_cast<uint32_t>(row));
  return Take(batch, Numbers(rows));
}

inline void AppendText(const RecordBatch& batch, Lines& lines) {
  for (int64_t row = 0; row < batch.num_rows(); ++row) lines.push_back(batch.RowText(row));
}

// What an operator wrote to its outlet, by partition.
class TextOutlet final : public Outlet {
 public:
  absl::Status Write(int partition, RecordBatch rows) override {
    const auto at = static_cast<size_t>(partition);
    if (at >= partitions.size()) partitions.resize(at + 1);
    AppendText(rows, partitions[at]);
    return absl::OkStatus();
  }
  std::vector<Lines> partitions;
};

// One epoch: `inputs` by port; what came out, row by row. How many rows an Add has is asked for
// each.
struct DrivenEpoch {
  Lines rows;
  OperatorReport report;
};
inline absl::StatusOr<DrivenEpoch> DriveEpoch(
    Operator& op, const Epoch& epoch, const std::vector<RecordBatch>& inputs,
    const std::function<int64_t()>& rows_at_once,
    const std::function<absl::StatusOr<std::string>(const OperatorRequest&)>& answer = {}) {
  DrivenEpoch driven;
  std::vector<int64_t> next(inputs.size(), 0);
  op.Begin(epoch);
  while (true) {
    RecordBatch output;
    const absl::StatusOr<Pulled> pulled = op.Next(output);
    if (!pulled.ok()) return pulled.status();
    absl::Status status;
    switch (pulled->what) {
      case Pull::kOutput:
        AppendText(output, driven.rows);
        break;
      case Pull::kDone:
        op.Report(driven.report);
        return driven;
      case Pull::kBlocked:
        status = op.Answer(answer(op.BlockedOn()));
        break;
      case Pull::kNeedsInput: {
        const auto port = static_cast<size_t>(pulled->port);
        const int64_t rows = inputs[port].num_rows();
        if (next[port] == rows) {
          status = op.EndInput(pulled->port);
          break;
        }
        const int64_t end = std::min(rows, next[port] + rows_at_once());
        status = op.Add(pulled->port, RowsOf(inputs[port], next[port], end));
        next[port] = end;
        break;
      }
    }
    if (!status.ok()) return status;
  }
}

}  // namespace wavetank::runtime

#endif  // WAVETANK_TESTS_RUNTIME_OPERATORS_DRIVE_H_
