#include <utility>

#include "runtime/operators/row_operator.h"
#include "runtime/operators/row_operators.h"

namespace wavetank::runtime {
namespace {

class Project final : public RowOperator {
 public:
  Project(std::vector<BoundExpression> columns, SchemaPtr schema)
      : columns_(std::move(columns)), schema_(std::move(schema)) {}

 private:
  absl::StatusOr<RecordBatch> Transform(RecordBatch batch) override {
    std::vector<Column> columns;
    columns.reserve(columns_.size());
    for (const BoundExpression& column : columns_) {
      columns.push_back(Evaluate(column, batch, timestamp()));
    }
    return RecordBatch(schema_, std::move(columns), batch.num_rows());
  }

  const std::vector<BoundExpression> columns_;
  const SchemaPtr schema_;
};

}  // namespace

std::unique_ptr<Operator> MakeProject(std::vector<BoundExpression> columns, SchemaPtr schema) {
  return std::make_unique<Project>(std::move(columns), std::move(schema));
}

}  // namespace wavetank::runtime
