#include "runtime/sql/ddl_text.h"

#include <algorithm>

#include "absl/strings/str_cat.h"

#include "platform/status_macros.h"
#include "platform/text.h"
#include "runtime/columnar/ddl.h"
#include "runtime/sql/sql_error.h"

namespace wavetank::runtime::sql {
namespace {

// Stands before a type, so that it is read as a column's.
constexpr std::string_view kAnyName = "c ";

}  // namespace

void DdlText::Add(const Token& token, std::string_view written) {
  const bool sign = token.kind == TokenKind::kSign;
  const bool opened = text_.empty() || text_.ends_with('<') || text_.ends_with('(');
  if (!sign && !opened) text_ += ' ';
  places_.emplace_back(text_.size(), token.begin);
  text_ += written;
}

DdlText DdlText::Take(TokenStream& tokens, bool whole_column) {
  DdlText ddl;
  int open = 0;
  while (!tokens.AtEnd()) {
    const bool closes = tokens.AtSign(")") || tokens.AtSign(">") || tokens.AtSign(">=");
    const bool ends = tokens.AtSign(",") || tokens.AtSign(";") || closes;
    if (open == 0 && ends) break;
    // A type of one word, or of more in "<>" or "()".
    if (!whole_column && open == 0 && !ddl.text_.empty() && !tokens.AtSign("<") &&
        !tokens.AtSign("(")) {
      break;
    }
    if (tokens.AtSign("<") || tokens.AtSign("(")) ++open;
    if (closes) --open;
    const Token& token = tokens.Next();
    ddl.Add(token, tokens.text().substr(token.begin, token.end - token.begin));
    if (!whole_column && open == 0 && closes) break;
  }
  ddl.end_ = tokens.offset();
  return ddl;
}

absl::StatusOr<DdlText> DdlText::OfColumn(TokenStream& tokens) {
  DdlText ddl = Take(tokens, /*whole_column=*/true);
  if (ddl.text_.empty()) {
    return tokens.Error(absl::StrCat("a column is missing before ", tokens.Found()));
  }
  return ddl;
}

absl::StatusOr<DdlText> DdlText::OfType(TokenStream& tokens) {
  DdlText ddl = Take(tokens, /*whole_column=*/false);
  if (ddl.text_.empty()) {
    return tokens.Error(absl::StrCat("a type is missing before ", tokens.Found()));
  }
  return ddl;
}

absl::StatusOr<Field> DdlText::ReadColumn(std::string_view statement) const {
  DdlError wrong;
  absl::StatusOr<Schema> schema = ParseDdl(text_, &wrong);
  if (schema.ok()) return schema->field(0);
  size_t offset = end_;
  for (const auto& [here, there] : places_) {
    if (here <= wrong.at && wrong.at < text_.size()) offset = there;
  }
  return ErrorAt(statement, offset, wrong.why);
}

absl::StatusOr<DataType> DdlText::ReadType(std::string_view statement) const {
  DdlText column = *this;
  column.text_ = absl::StrCat(platform::ToAbsl(kAnyName), text_);
  for (auto& [here, there] : column.places_) here += kAnyName.size();
  WT_ASSIGN_OR_RETURN(Field field, column.ReadColumn(statement));
  return std::move(field.type);
}

}  // namespace wavetank::runtime::sql
