// Columns and types in a statement: their tokens, as the one text that columnar/ddl.h reads, and
// where in the statement each character of it stands.
#ifndef WAVETANK_RUNTIME_SQL_DDL_TEXT_H_
#define WAVETANK_RUNTIME_SQL_DDL_TEXT_H_

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

#include "runtime/columnar/schema.h"
#include "runtime/sql/token_stream.h"

namespace wavetank::runtime::sql {

class DdlText {
 public:
  // Takes a column: its name, its type and what stands behind it, to a comma or a parenthesis.
  static absl::StatusOr<DdlText> OfColumn(TokenStream& tokens);
  // Takes a type.
  static absl::StatusOr<DdlText> OfType(TokenStream& tokens);

  // "id BIGINT", with a space between words and nothing else.
  const std::string& text() const { return text_; }
  // kInvalidArgument: it is no column, or no type; at its place in the statement.
  absl::StatusOr<Field> ReadColumn(std::string_view statement) const;
  absl::StatusOr<DataType> ReadType(std::string_view statement) const;

 private:
  void Add(const Token& token, std::string_view written);
  static DdlText Take(TokenStream& tokens, bool whole_column);

  std::string text_;
  std::vector<std::pair<size_t, size_t>> places_;  // where a token begins, here and there
  size_t end_ = 0;                                 // where what stands behind it begins
};

}  // namespace wavetank::runtime::sql

#endif  // WAVETANK_RUNTIME_SQL_DDL_TEXT_H_
