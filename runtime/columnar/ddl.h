// Schemas as text, in SQL's words: "id BIGINT, name STRING NOT NULL, at TIMESTAMP COMMENT 'when'".
#ifndef WAVETANK_RUNTIME_COLUMNAR_DDL_H_
#define WAVETANK_RUNTIME_COLUMNAR_DDL_H_

#include <cstddef>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

#include "runtime/columnar/schema.h"

namespace wavetank::runtime {

// A list of columns, as Spark's StructType.fromDDL takes it: a name (letters, digits and "_", or
// anything between back quotes, where a back quote is written twice), perhaps a colon, a type, and
// perhaps NOT NULL and COMMENT 'text', between commas. Types, in any case:
//
//   BOOLEAN; TINYINT or BYTE; SMALLINT or SHORT; INT or INTEGER; BIGINT or LONG; FLOAT or REAL;
//   DOUBLE; STRING; BINARY; DATE; TIMESTAMP or TIMESTAMP_LTZ; ARRAY<type>;
//   STRUCT<name: type [NOT NULL] [COMMENT 'text'], ...>
//
// As in what Spark reads from files, NOT NULL promises nothing: a column has null where a value
// cannot be read. Comments are dropped.
// kInvalidArgument: what is wrong, and at which character; types of Spark that there are not
// (DECIMAL, MAP, ...) are named.
absl::StatusOr<Schema> ParseDdl(std::string_view text);

// The same, for a caller who shows the place in a text of its own.
struct DdlError {
  size_t at = 0;    // a byte of the text, or its end
  std::string why;  // without the place
};
absl::StatusOr<Schema> ParseDdl(std::string_view text, DdlError* error);

}  // namespace wavetank::runtime

#endif  // WAVETANK_RUNTIME_COLUMNAR_DDL_H_
