// RecordBatch: immutable columns of equal length under a schema; the unit of work of structured
// queries. Within a process it is handed over as it is (platform::Attachment); across processes it
// travels in the encoding below.
//
// Encoding, little-endian, without a checksum (frames and files carry theirs):
//   "WTB1" | u32 columns | u64 rows | column...
//   column:  u8 type | u8 has_nulls | u32 name length | name | [validity, ceil(rows / 8) bytes] |
//            data
//   data:    int8 to int64, date, timestamp   packed
//            float, double                    4, 8 bytes a row
//            bool                             ceil(rows / 8) bytes
//            string, binary                   packed lengths | u64 length | bytes
//   packed:  u8 width (1, 2, 4, 8) | i64 base | width bytes a row: value - base
#ifndef WAVETANK_RUNTIME_COLUMNAR_RECORD_BATCH_H_
#define WAVETANK_RUNTIME_COLUMNAR_RECORD_BATCH_H_

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

#include "platform/network.h"
#include "runtime/columnar/column.h"
#include "runtime/columnar/schema.h"

namespace wavetank::runtime {

class RecordBatch final : public platform::Attachment {
 public:
  // No columns, no rows.
  RecordBatch();
  // REQUIRES: each column has its field's type and `num_rows` rows.
  RecordBatch(SchemaPtr schema, std::vector<Column> columns, int64_t num_rows);

  const Schema& schema() const { return *schema_; }
  const SchemaPtr& schema_ptr() const { return schema_; }
  int64_t num_rows() const { return num_rows_; }
  const std::vector<Column>& columns() const { return columns_; }
  const Column& column(int i) const { return columns_[static_cast<size_t>(i)]; }

  // Rows [begin, begin + length), sharing memory. REQUIRES: begin is a multiple of 64.
  RecordBatch Slice(int64_t begin, int64_t length) const;

  std::string Encode() const override;
  // kDataLoss for bytes that no batch encodes to, naming what is wrong and where.
  static absl::StatusOr<RecordBatch> Decode(std::string_view bytes);
  // What arrived of a batch: the object, or else its encoding. kInvalidArgument: another object.
  static absl::StatusOr<RecordBatch> Receive(
      const std::shared_ptr<const platform::Attachment>& object, std::string_view bytes);

  // The cells of a row, between tabs.
  std::string RowText(int64_t row) const;

  // Same schema and rows.
  friend bool operator==(const RecordBatch& a, const RecordBatch& b);

 private:
  SchemaPtr schema_;
  std::vector<Column> columns_;
  int64_t num_rows_ = 0;
};

// How much the values of the rows [begin, end) take: the same however they are cut into batches.
int64_t ByteSize(const Column& column, int64_t begin, int64_t end);
int64_t ByteSize(const RecordBatch& batch, int64_t begin, int64_t end);
inline int64_t ByteSize(const RecordBatch& batch) { return ByteSize(batch, 0, batch.num_rows()); }

// The rows of the batches, in order. REQUIRES: each has this schema.
RecordBatch Concatenate(SchemaPtr schema, const std::vector<RecordBatch>& batches);

}  // namespace wavetank::runtime

#endif  // WAVETANK_RUNTIME_COLUMNAR_RECORD_BATCH_H_
