// RowOperator: what operators share that turn each batch into another, at once and without memory
// of the ones before.
#ifndef WAVETANK_RUNTIME_OPERATORS_ROW_OPERATOR_H_
#define WAVETANK_RUNTIME_OPERATORS_ROW_OPERATOR_H_

#include <utility>

#include "platform/status_macros.h"
#include "runtime/operators/operator.h"
#include "runtime/operators/pieces.h"

namespace wavetank::runtime {

class RowOperator : public Operator {
 public:
  absl::Status Open(const OperatorContext& context) override {
    memory_ = context.memory;
    return absl::OkStatus();
  }
  void Begin(const Epoch& epoch) override {
    timestamp_ = epoch.timestamp;
    ended_ = false;
    rows_.Clear();
  }
  absl::Status Add(int, RecordBatch batch) override {
    WT_ASSIGN_OR_RETURN(RecordBatch rows, Transform(std::move(batch)));
    const int64_t bytes = ByteSize(rows);
    rows_.Set(std::move(rows));
    return memory_.Hold(bytes);
  }
  absl::Status EndInput(int) override {
    ended_ = true;
    return absl::OkStatus();
  }
  absl::StatusOr<Pulled> Next(RecordBatch& output) override {
    if (rows_.empty()) return Pulled{ended_ ? Pull::kDone : Pull::kNeedsInput};
    output = rows_.Take();
    return Pulled{Pull::kOutput};
  }
  void Report(OperatorReport&) const override {}

 protected:
  virtual absl::StatusOr<RecordBatch> Transform(RecordBatch batch) = 0;
  absl::Time timestamp() const { return timestamp_; }

 private:
  MemoryHolder memory_;
  absl::Time timestamp_;
  bool ended_ = false;
  Pieces rows_;
};

}  // namespace wavetank::runtime

#endif  // WAVETANK_RUNTIME_OPERATORS_ROW_OPERATOR_H_
