// CREATE TABLE, as it is written.
#ifndef WAVETANK_RUNTIME_SQL_CREATE_TABLE_H_
#define WAVETANK_RUNTIME_SQL_CREATE_TABLE_H_

#include "absl/status/statusor.h"

#include "runtime/sql/query_parser.h"
#include "runtime/sql/statement.h"
#include "runtime/sql/token_stream.h"

namespace wavetank::runtime::sql {

// From behind the words CREATE TABLE on.
absl::StatusOr<CreateTable> ReadCreateTable(TokenStream& tokens, QueryParser& queries);

// Whether IF NOT EXISTS stood here.
absl::StatusOr<bool> TakeIfNotExists(TokenStream& tokens);

}  // namespace wavetank::runtime::sql

#endif  // WAVETANK_RUNTIME_SQL_CREATE_TABLE_H_
