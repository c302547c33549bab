#include <utility>

#include "runtime/columnar/row_key.h"
#include "runtime/operators/row_operator.h"
#include "runtime/operators/row_operators.h"

namespace wavetank::runtime {
namespace {

class Key final : public RowOperator {
 public:
  Key(std::vector<BoundExpression> keys, SchemaPtr schema)
      : keys_(std::move(keys)), schema_(std::move(schema)) {}

 private:
  absl::StatusOr<RecordBatch> Transform(RecordBatch batch) override {
    std::vector<Column> columns;
    columns.reserve(static_cast<size_t>(schema_->size()));
    for (const BoundExpression& key : keys_) {
      columns.push_back(NormaliseKey(Evaluate(key, batch, timestamp())));
    }
    columns.insert(columns.end(), batch.columns().begin(), batch.columns().end());
    return RecordBatch(schema_, std::move(columns), batch.num_rows());
  }

  const std::vector<BoundExpression> keys_;
  const SchemaPtr schema_;
};

}  // namespace

std::unique_ptr<Operator> MakeKey(std::vector<BoundExpression> keys, SchemaPtr schema) {
  return std::make_unique<Key>(std::move(keys), std::move(schema));
}

}  // namespace wavetank::runtime
