// RowsWriter: rows under a schema as a decoder finds them, and what becomes of malformed records.
#ifndef WAVETANK_RUNTIME_CONNECTORS_FORMATS_ROWS_WRITER_H_
#define WAVETANK_RUNTIME_CONNECTORS_FORMATS_ROWS_WRITER_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

#include "runtime/columnar/record_batch.h"
#include "runtime/columnar/schema.h"
#include "runtime/connectors/formats/column_writer.h"
#include "runtime/connectors/formats/format_option.h"

namespace wavetank::runtime {

class RowsWriter {
 public:
  // By the options `mode` and `columnNameOfCorruptRecord`. kInvalidArgument: that column is there
  // and of another type than string.
  static absl::StatusOr<RowsWriter> Make(SchemaPtr schema, const OptionValues& options);

  // The columns that records have: all but that of malformed ones.
  size_t data_size() const { return data_.size(); }
  ColumnWriter& data(size_t i) { return columns_[data_[i]]; }
  const Field& data_field(size_t i) const { return schema_->field(static_cast<int>(data_[i])); }

  // Rows that are complete. The next one's values go into each data column.
  int64_t rows() const { return rows_; }
  // Rows before it are complete. REQUIRES: each data column has so many.
  void EndRows(int64_t rows) {
    rows_ = rows;
    if (corrupt_ >= 0) EndCorrupt({});
  }
  // Rows before it are those of a malformed record, with what could be read of it. `text` is its
  // text, `line` its number, `why` what is wrong. An error: the mode has it.
  absl::Status EndMalformed(int64_t rows, std::string_view text, int64_t line,
                            std::string_view why);
  // Takes back what was written of rows that are not complete.
  void DropRows();
  // Nulls for a row that nothing could be read of.
  void NullRow();

  // The complete rows; the writer is empty then.
  RecordBatch Finish();

 private:
  enum class Mode { kPermissive, kDropMalformed, kFailFast };
  RowsWriter(SchemaPtr schema, Mode mode, int corrupt);
  // The same for each row since the last one; null without bytes.
  void EndCorrupt(std::string_view text);

  SchemaPtr schema_;
  Mode mode_;
  int corrupt_;  // the column of malformed records' text; -1: there is none
  std::vector<ColumnWriter> columns_;
  std::vector<size_t> data_;  // the numbers of the others
  int64_t rows_ = 0;
};

}  // namespace wavetank::runtime

#endif  // WAVETANK_RUNTIME_CONNECTORS_FORMATS_ROWS_WRITER_H_
