#include <utility>

#include "runtime/columnar/take.h"
#include "runtime/operators/row_operator.h"
#include "runtime/operators/row_operators.h"

namespace wavetank::runtime {
namespace {

class Filter final : public RowOperator {
 public:
  explicit Filter(BoundExpression condition) : condition_(std::move(condition)) {}

 private:
  absl::StatusOr<RecordBatch> Transform(RecordBatch batch) override {
    const RowNumbers kept = TrueRows(Evaluate(condition_, batch, timestamp()));
    if (kept.size() == static_cast<size_t>(batch.num_rows())) return batch;
    return Take(batch, Numbers(kept));
  }

  const BoundExpression condition_;
};

}  // namespace

std::unique_ptr<Operator> MakeFilter(BoundExpression condition) {
  return std::make_unique<Filter>(std::move(condition));
}

}  // namespace wavetank::runtime
