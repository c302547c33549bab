// Rows as lines of text: what sinks write. Each row is one line, ended by "\n" (of CSV, but for
// ends of lines within quotes).
#ifndef WAVETANK_RUNTIME_CONNECTORS_FORMATS_ENCODE_ROWS_H_
#define WAVETANK_RUNTIME_CONNECTORS_FORMATS_ENCODE_ROWS_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/status.h"

#include "runtime/columnar/record_batch.h"
#include "runtime/columnar/schema.h"

namespace wavetank::runtime {

// kInvalidArgument: a column is of a type that the format ("csv", "json" or "text") does not have.
// It says which, and what to do.
absl::Status CheckEncodable(std::string_view format, const Schema& schema);

// Appends a field by RFC 4180, without a separator: null is nothing, an empty text is two quotes.
void AppendCsvField(std::optional<std::string_view> field, std::string& line);

// By RFC 4180, separated by commas; values that are no text as CellText has them. `csv` reads them
// back with escape as the quote, multiLine, and a nullValue that no text is.
// REQUIRES: CheckEncodable.
void EncodeCsv(const RecordBatch& rows, std::string& text);

enum class JsonNulls : uint8_t { kLeftOut, kWritten };

// An object a row, as Spark writes it: fields in the schema's order, those that are null left out
// by default (in arrays they are null); binary values in base64; dates and times as strings, times
// in UTC with a "Z" and three digits of a second (or six, if the last three are not nothing: Spark
// cuts these). Floats are as Java writes them, 1.0 or 1.0E10; what is no number or infinite is one
// of the strings "NaN", "Infinity", "-Infinity". Bytes that are no UTF-8 become U+FFFD.
// REQUIRES: CheckEncodable.
void EncodeJson(const RecordBatch& rows, std::string& text, JsonNulls nulls = JsonNulls::kLeftOut);

// A line a row, as it is: a null is an empty one, and a text with ends of lines in it several.
// REQUIRES: CheckEncodable.
void EncodeText(const RecordBatch& rows, std::string& text);

}  // namespace wavetank::runtime

#endif  // WAVETANK_RUNTIME_CONNECTORS_FORMATS_ENCODE_ROWS_H_
