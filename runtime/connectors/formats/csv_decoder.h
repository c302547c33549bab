// The format `csv`, with the options of Spark 3.5 and their meaning (format_option.h lists them);
// csv_scanner.h says what a field is.
//
// - A blank line, and one that begins with `comment`, is no record, and is not the header.
// - A field of nothing is null, whatever nullValue is; a quoted one is emptyValue. A text that is
//   the nullValue is null, so by default a quoted field of nothing is null too.
// - Numbers, dates and times: parse_value.h, date.h, timestamp.h; bools are true or false, in any
//   case. What is none of its column's type is null and makes the record malformed; so do fewer
//   fields than columns, whose rest is null, and more, of which the first ones are read.
//
// Otherwise than in Spark: whole numbers as text are timestamps too (timestamp.h); ends of lines
// within quotes stay as they are.
#ifndef WAVETANK_RUNTIME_CONNECTORS_FORMATS_CSV_DECODER_H_
#define WAVETANK_RUNTIME_CONNECTORS_FORMATS_CSV_DECODER_H_

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

#include "runtime/columnar/schema.h"
#include "runtime/connectors/formats/column_writer.h"
#include "runtime/connectors/formats/csv_scanner.h"
#include "runtime/connectors/formats/format_option.h"
#include "runtime/connectors/formats/line_framer.h"
#include "runtime/connectors/formats/row_decoder.h"
#include "runtime/connectors/formats/rows_writer.h"

namespace wavetank::runtime {

class CsvDecoder final : public RowDecoder {
 public:
  // kInvalidArgument: a column is of a type that text does not have; options that contradict.
  static absl::StatusOr<std::unique_ptr<RowDecoder>> Make(SchemaPtr schema,
                                                          const OptionValues& options,
                                                          DecoderStart start);

  absl::StatusOr<RecordBatch> Decode(std::string_view bytes) override;
  absl::StatusOr<RecordBatch> Finish() override;

 private:
  CsvDecoder(RowsWriter rows, const OptionValues& options, DecoderStart start);

  void Add(std::string_view bytes);
  // The records of held_ that are complete.
  void TakeHeld(bool is_last);
  void Line(std::string_view line);
  void Record(std::string_view record);
  void Take(size_t column, std::string_view text, bool quoted);
  bool Write(std::string_view text, ColumnWriter& column) const;
  template <typename T>
  bool WriteReal(std::string_view text, ColumnWriter& column) const;
  absl::StatusOr<RecordBatch> Rows();

  const bool multi_line_;
  const char comment_;  // '\0': none
  const std::string null_value_, empty_value_, nan_, infinity_, negative_infinity_;
  const uint64_t most_bytes_;  // of a field
  CsvScanner scanner_;
  ByteOrderMark mark_;
  LineFramer lines_;
  bool header_;                // is to come
  std::string held_;           // of multi-line records: what is not complete
  size_t look_again_at_ = 0;   // bytes of it
  bool after_return_ = false;  // a "\n" that comes next belongs to the "\r" before
  RowsWriter rows_;
  int64_t line_ = 0;  // of multi-line records: the record
  absl::Status failed_;

  // Of the record at hand.
  std::string_view wrong_;
  std::string bad_value_;
};

}  // namespace wavetank::runtime

#endif  // WAVETANK_RUNTIME_CONNECTORS_FORMATS_CSV_DECODER_H_
