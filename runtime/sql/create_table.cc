#include "runtime/sql/create_table.h"

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

#include "platform/status_macros.h"
#include "runtime/sql/ddl_text.h"
#include "runtime/sql/sql_error.h"

namespace wavetank::runtime::sql {
namespace {

// WATERMARK FOR at AS at - INTERVAL '10' SECONDS; without an interval nothing may be late.
absl::StatusOr<Watermark> ReadWatermark(TokenStream& tokens, QueryParser& queries) {
  Watermark watermark;
  tokens.Next();
  WT_RETURN_IF_ERROR(tokens.Expect("FOR"));
  watermark.offset = tokens.offset();
  WT_ASSIGN_OR_RETURN(watermark.column, tokens.Name("a column's name"));
  WT_RETURN_IF_ERROR(tokens.Expect("AS"));
  const size_t again = tokens.offset();
  WT_ASSIGN_OR_RETURN(const std::string column, tokens.Name("the column's name"));
  if (!absl::EqualsIgnoreCase(column, watermark.column)) {
    return ErrorAt(tokens.text(), again,
                   absl::StrCat("a watermark is its column, less how late a row may be: write ",
                                watermark.column, " - INTERVAL '10' SECONDS"));
  }
  if (!tokens.TakeSign("-")) return watermark;
  WT_ASSIGN_OR_RETURN(const ExpressionPtr delay, queries.Expressions().IntervalLiteral());
  watermark.delay = absl::Microseconds(std::get<Interval>(delay->value).micros);
  return watermark;
}

absl::Status ReadColumns(TokenStream& tokens, QueryParser& queries, CreateTable& table) {
  do {
    const size_t offset = tokens.offset();
    if (tokens.At("WATERMARK", "FOR")) {
      if (table.watermark) return tokens.Error("a table has one watermark");
      WT_ASSIGN_OR_RETURN(table.watermark, ReadWatermark(tokens, queries));
      continue;
    }
    WT_ASSIGN_OR_RETURN(const DdlText column, DdlText::OfColumn(tokens));
    WT_ASSIGN_OR_RETURN(Field field, column.ReadColumn(tokens.text()));
    if (std::ranges::find(table.columns, field.name, &Field::name) != table.columns.end()) {
      return ErrorAt(tokens.text(), offset, absl::StrCat("there are two columns ", field.name));
    }
    table.columns.push_back(std::move(field));
    absl::StrAppend(&table.ddl, table.ddl.empty() ? "" : ", ", column.text());
  } while (tokens.TakeSign(","));
  return tokens.ExpectSign(")");
}

absl::StatusOr<std::string> OptionKey(TokenStream& tokens) {
  if (tokens.Peek().kind == TokenKind::kString) return tokens.Next().text;
  std::string key;
  do {
    const TokenKind kind = tokens.Peek().kind;
    if (kind != TokenKind::kWord && kind != TokenKind::kName) {
      return tokens.Error(absl::StrCat("an option's name is missing before ", tokens.Found()));
    }
    absl::StrAppend(&key, key.empty() ? "" : ".", tokens.Next().text);
  } while (tokens.TakeSign("."));
  return key;
}

absl::Status ReadOptions(TokenStream& tokens, CreateTable& table) {
  WT_RETURN_IF_ERROR(tokens.ExpectSign("("));
  if (tokens.TakeSign(")")) return absl::OkStatus();
  do {
    TableOption option;
    option.offset = tokens.offset();
    WT_ASSIGN_OR_RETURN(option.key, OptionKey(tokens));
    tokens.TakeSign("=");
    const Token& value = tokens.Peek();
    const bool word = tokens.At("TRUE") || tokens.At("FALSE");
    if (value.kind != TokenKind::kString && value.kind != TokenKind::kNumber && !word) {
      return tokens.Error(absl::StrCat("the value of ", option.key, " is missing before ",
                                       tokens.Found(), ": write it in quotes"));
    }
    option.value = word ? absl::AsciiStrToLower(tokens.Next().text) : tokens.Next().text;
    for (const TableOption& other : table.options) {
      if (!absl::EqualsIgnoreCase(other.key, option.key)) continue;
      return ErrorAt(tokens.text(), option.offset,
                     absl::StrCat("the option ", option.key, " is given twice"));
    }
    table.options.push_back(std::move(option));
  } while (tokens.TakeSign(","));
  return tokens.ExpectSign(")");
}

}  // namespace

absl::StatusOr<bool> TakeIfNotExists(TokenStream& tokens) {
  if (!tokens.Take("IF")) return false;
  WT_RETURN_IF_ERROR(tokens.Expect("NOT"));
  WT_RETURN_IF_ERROR(tokens.Expect("EXISTS"));
  return true;
}

absl::StatusOr<CreateTable> ReadCreateTable(TokenStream& tokens, QueryParser& queries) {
  CreateTable table;
  WT_ASSIGN_OR_RETURN(table.if_not_exists, TakeIfNotExists(tokens));
  table.offset = tokens.offset();
  WT_ASSIGN_OR_RETURN(table.name, tokens.Name("a table's name"));
  if (tokens.TakeSign("(")) WT_RETURN_IF_ERROR(ReadColumns(tokens, queries, table));
  if (tokens.At("STORED") || tokens.At("ROW")) {
    return tokens.Error("a table's format is said by USING: csv, json, text and others");
  }
  if (!tokens.At("USING")) return tokens.Expect("USING");
  tokens.Next();
  table.format_offset = tokens.offset();
  WT_ASSIGN_OR_RETURN(table.format, tokens.Name("a format"));
  while (true) {
    if (tokens.Take("OPTIONS")) {
      WT_RETURN_IF_ERROR(ReadOptions(tokens, table));
    } else if (tokens.At("LOCATION")) {
      TableOption path{.key = "path", .value = "", .offset = tokens.offset()};
      tokens.Next();
      if (tokens.Peek().kind != TokenKind::kString) {
        return tokens.Error("behind LOCATION stands a path in quotes");
      }
      path.value = tokens.Next().text;
      table.options.push_back(std::move(path));
    } else if (tokens.At("COMMENT") && tokens.Peek(1).kind == TokenKind::kString) {
      tokens.Next();
      tokens.Next();
    } else if (tokens.At("PARTITIONED") || tokens.At("CLUSTERED") || tokens.At("TBLPROPERTIES")) {
      return tokens.Error(absl::StrCat("there is no ", absl::AsciiStrToUpper(tokens.Peek().text),
                                       " of tables: what a format takes stands in OPTIONS (...)"));
    } else if (tokens.At("AS")) {
      return tokens.Error("CREATE TABLE says what there is: fill it by INSERT INTO");
    } else {
      return table;
    }
  }
}

}  // namespace wavetank::runtime::sql
