#include <utility>

#include "runtime/columnar/split.h"
#include "runtime/columnar/take.h"
#include "runtime/operators/row_operator.h"
#include "runtime/operators/row_operators.h"

namespace wavetank::runtime {
namespace {

class Explode final : public RowOperator {
 public:
  Explode(BoundExpression array, std::vector<BoundExpression> kept, SchemaPtr schema)
      : array_(std::move(array)), kept_(std::move(kept)), schema_(std::move(schema)) {}

 private:
  absl::StatusOr<RecordBatch> Transform(RecordBatch batch) override {
    const Column arrays = Evaluate(array_, batch, timestamp());
    std::vector<Column> columns;
    columns.reserve(kept_.size() + 1);
    if (!kept_.empty()) {
      const RowNumbers from = RowsOfElements(arrays);
      for (const BoundExpression& kept : kept_) {
        columns.push_back(Take(Evaluate(kept, batch, timestamp()), Numbers(from)));
      }
    }
    columns.push_back(Elements(arrays));
    const int64_t rows = columns.back().size();
    return RecordBatch(schema_, std::move(columns), rows);
  }

  const BoundExpression array_;
  const std::vector<BoundExpression> kept_;
  const SchemaPtr schema_;
};

}  // namespace

std::unique_ptr<Operator> MakeExplode(BoundExpression array, std::vector<BoundExpression> kept,
                                      SchemaPtr schema) {
  return std::make_unique<Explode>(std::move(array), std::move(kept), std::move(schema));
}

}  // namespace wavetank::runtime
