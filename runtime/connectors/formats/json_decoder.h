// The format `json`: a document a line, as Spark 3.5 reads it.
//
// - A line is an object, which is a row, or an array of objects, each of which is one. A blank line
//   is none. What is no JSON, or something else, is a malformed record: a row of nulls.
// - Fields are found by their names, to the letter; one that is missing is null, others are
//   skipped; of equal names the last one counts.
// - A value that its column cannot have is null and makes the record malformed; its other fields
//   stay. Of an array with such an element the whole is null; a struct with one keeps the others.
//
//   column          takes
//   bool            true, false
//   int8 to int64   a number without point and exponent, within the type
//   float, double   a number (infinite, if it is beyond); NaN, Infinity, -Infinity, +INF, ..., bare
//                   or as strings, unless allowNonNumericNumbers is false
//   string          a string; anything else as the JSON that it is, without white space
//   timestamp       a string that timestamp.h reads; a whole number of seconds since 1970
//   date            a string that date.h reads
//   binary          a string of base64
//   array, struct   arrays, objects
//
// Otherwise than in Spark: whole numbers as strings are timestamps too (timestamp.h); what follows
// a document in its line makes it malformed, where Spark does not look; strings in single quotes
// are malformed, and so are escapes of half a surrogate pair.
#ifndef WAVETANK_RUNTIME_CONNECTORS_FORMATS_JSON_DECODER_H_
#define WAVETANK_RUNTIME_CONNECTORS_FORMATS_JSON_DECODER_H_

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

#include "runtime/columnar/schema.h"
#include "runtime/connectors/formats/format_option.h"
#include "runtime/connectors/formats/json_index.h"
#include "runtime/connectors/formats/json_reader.h"
#include "runtime/connectors/formats/line_framer.h"
#include "runtime/connectors/formats/row_decoder.h"
#include "runtime/connectors/formats/rows_writer.h"

namespace wavetank::runtime {

class JsonDecoder final : public RowDecoder {
 public:
  // kInvalidArgument: a column is of a type that JSON does not have.
  static absl::StatusOr<std::unique_ptr<RowDecoder>> Make(SchemaPtr schema,
                                                          const OptionValues& options,
                                                          DecoderStart start);

  absl::StatusOr<RecordBatch> Decode(std::string_view bytes) override;
  absl::StatusOr<RecordBatch> Finish() override;

 private:
  JsonDecoder(RowsWriter rows, JsonShape shape, const OptionValues& options, DecoderStart start);

  void Add(std::string_view bytes);
  // Lines that are whole, by the rule of line_splitter.h.
  void Lines(std::string_view text);
  // The same, few enough to be indexed at once.
  void Indexed(std::string_view text);
  // A line by itself.
  void Alone(std::string_view line);
  void Record(std::string_view line);
  JsonReader::Result ReadRows(int64_t* rows);
  void Malformed(int64_t rows, std::string_view line, std::string_view why);
  absl::StatusOr<RecordBatch> Rows();

  JsonIndex index_;
  JsonReader reader_;
  JsonShape shape_;
  ByteOrderMark mark_;
  LineFramer lines_;  // of lines that end otherwise
  std::string held_;  // a line that has not ended
  RowsWriter rows_;
  int64_t line_ = 0;
  absl::Status failed_;
};

}  // namespace wavetank::runtime

#endif  // WAVETANK_RUNTIME_CONNECTORS_FORMATS_JSON_DECODER_H_
