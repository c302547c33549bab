// Rows as lines of text: what sinks write. Each row is one line, ended by "\n" (of CSV, but for
// ends of lines within quotes).
#ifndef WAVETANK_RUNTIME_CONNECTORS_FORMATS_ENCODE_ROWS_H_
#define WAVETANK_RUNTIME_CONNECTORS_FORMATS_ENCODE_ROWS_H_

#include <optional>
#include <string>
#include <string_view>

#include "absl/status/status.h"

#include "runtime/columnar/record_batch.h"
#include "runtime/columnar/schema.h"

namespace wavetank::runtime {

// kInvalidArgument: a column is of a type that the format ("csv" or "json") does not have.
absl::Status CheckEncodable(std::string_view format, const Schema& schema);

// Appends a field by RFC 4180, without a separator: null is nothing, an empty text is two quotes.
void AppendCsvField(std::optional<std::string_view> field, std::string& line);

// By RFC 4180, separated by commas; values that are no text as CellText has them. `csv` reads them
// back with escape as the quote, multiLine, and a nullValue that no text is.
// REQUIRES: CheckEncodable.
void EncodeCsv(const RecordBatch& rows, std::string& text);

// An object a row, as Spark's to_json: fields in the schema's order, those that are null left out
// (in arrays they are null); binary values in base64; dates and times as strings, times in UTC with
// a "Z" and as many digits of a second as they have (Spark: three, and cuts the rest). Floats that
// are no number, or infinite, are the strings "NaN", "Infinity", "-Infinity"; other floats have a
// point or an exponent. Bytes that are no UTF-8 become U+FFFD.
// REQUIRES: CheckEncodable.
void EncodeJson(const RecordBatch& rows, std::string& text);

}  // namespace wavetank::runtime

#endif  // WAVETANK_RUNTIME_CONNECTORS_FORMATS_ENCODE_ROWS_H_
