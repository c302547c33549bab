#include "runtime/columnar/record_batch.h"

#include <utility>

#include "platform/check.h"

namespace wavetank::runtime {

RecordBatch::RecordBatch() : schema_(std::make_shared<const Schema>()) {}

RecordBatch::RecordBatch(SchemaPtr schema, std::vector<Column> columns, int64_t num_rows)
    : schema_(std::move(schema)), columns_(std::move(columns)), num_rows_(num_rows) {
  WT_CHECK(static_cast<size_t>(schema_->size()) == columns_.size());
  for (int i = 0; i < schema_->size(); ++i) {
    WT_CHECK(column(i).type() == schema_->field(i).type, schema_->field(i).name);
    WT_CHECK(column(i).size() == num_rows_, schema_->field(i).name);
  }
}

RecordBatch RecordBatch::Slice(int64_t begin, int64_t length) const {
  std::vector<Column> sliced;
  sliced.reserve(columns_.size());
  for (const Column& column : columns_) sliced.push_back(column.Slice(begin, length));
  return RecordBatch(schema_, std::move(sliced), length);
}

absl::StatusOr<RecordBatch> RecordBatch::Receive(
    const std::shared_ptr<const platform::Attachment>& object, std::string_view bytes) {
  if (object == nullptr) return Decode(bytes);
  const auto* const batch = dynamic_cast<const RecordBatch*>(object.get());
  if (batch == nullptr) return absl::InvalidArgumentError("the attachment is no record batch");
  return *batch;
}

std::string RecordBatch::RowText(int64_t row) const {
  std::string text;
  for (size_t i = 0; i < columns_.size(); ++i) {
    if (i != 0) text += '\t';
    text += columns_[i].CellText(row);
  }
  return text;
}

bool operator==(const RecordBatch& a, const RecordBatch& b) {
  return a.num_rows_ == b.num_rows_ && *a.schema_ == *b.schema_ && a.columns_ == b.columns_;
}

int64_t ByteSize(const Column& column, int64_t begin, int64_t end) {
  const int64_t rows = end - begin;
  switch (column.type().layout()) {
    case Layout::kBits:
      return rows;
    case Layout::kFixed:
      return rows * column.type().width();
    case Layout::kBytes:
      return rows * 8 + column.offsets()[end] - column.offsets()[begin];
    case Layout::kList:
      return rows * 8 + ByteSize(column.elements(), column.offsets()[begin], column.offsets()[end]);
    case Layout::kStruct: {
      int64_t bytes = 0;
      for (int i = 0; i < static_cast<int>(column.type().children().size()); ++i) {
        bytes += ByteSize(column.field(i), begin, end);
      }
      return bytes;
    }
  }
  WT_CHECK(false, "no such layout");
}

int64_t ByteSize(const RecordBatch& batch, int64_t begin, int64_t end) {
  int64_t bytes = 0;
  for (const Column& column : batch.columns()) bytes += ByteSize(column, begin, end);
  return bytes;
}

RecordBatch Concatenate(SchemaPtr schema, const std::vector<RecordBatch>& batches) {
  int64_t rows = 0;
  for (const RecordBatch& batch : batches) {
    WT_CHECK(batch.schema() == *schema, batch.schema().ToText());
    rows += batch.num_rows();
  }
  std::vector<Column> columns;
  for (int i = 0; i < schema->size(); ++i) {
    std::vector<const Column*> parts;
    parts.reserve(batches.size());
    for (const RecordBatch& batch : batches) parts.push_back(&batch.column(i));
    columns.push_back(Concatenate(schema->field(i).type, parts));
  }
  return RecordBatch(std::move(schema), std::move(columns), rows);
}

}  // namespace wavetank::runtime
