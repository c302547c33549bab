#include "runtime/sql/script.h"

#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"

#include "platform/status_macros.h"
#include "platform/text.h"
#include "runtime/sql/create_table.h"
#include "runtime/sql/sql_error.h"

namespace wavetank::runtime::sql {
namespace {

using What = decltype(Statement::what);

// Statements of Spark's that mean nothing here, or not yet.
constexpr struct {
  std::string_view word;
  std::string_view why;
} kRefused[] = {
    {"SET", "there are no settings here: give the option to the table that it is of"},
    {"RESET", "there are no settings here"},
    {"USE", "there are no databases: leave it out"},
    {"DELETE", "rows are not deleted: what a query shows is said by its output mode"},
    {"UPDATE", "rows are not updated: INSERT INTO a table with the option outputMode 'update'"},
    {"MERGE", "there is no MERGE: INSERT INTO a table with the option outputMode 'update'"},
    {"ALTER", "a table is changed by CREATE OR REPLACE TABLE"},
    {"TRUNCATE", "what stands at a table's path is left alone"},
    {"CACHE", "nothing is cached: a view is computed where it is read"},
    {"UNCACHE", "nothing is cached"},
    {"REFRESH", "nothing is cached"},
    {"ANALYZE", "there are no statistics of tables"},
    {"LOAD", "there is no LOAD: move files into the table's directory"},
    {"GRANT", "who may read and write is said by the file system"},
    {"VALUES", "rows that are written in a statement are no input: read them from files"},
};

class StatementParser {
 public:
  StatementParser(ParseContext& context, const Relations& relations)
      : tokens_(context.tokens), queries_(context, relations) {}

  absl::StatusOr<What> Read() {
    if (tokens_.At("SELECT") || tokens_.At("WITH") || tokens_.At("TABLE") || tokens_.AtSign("(")) {
      WT_ASSIGN_OR_RETURN(LogicalPlanPtr plan, queries_.Query());
      return Query{std::move(plan)};
    }
    if (tokens_.Take("CREATE")) return Create();
    if (tokens_.At("INSERT")) {
      WT_ASSIGN_OR_RETURN(Insert insert, ReadInsert());
      return insert;
    }
    if (tokens_.Take("EXPLAIN")) return ReadExplain();
    if (tokens_.Take("SHOW")) return ReadShow();
    if (tokens_.Take("DESCRIBE") || tokens_.Take("DESC")) return ReadDescribe();
    if (tokens_.Take("DROP")) return ReadDrop();
    for (const auto& refused : kRefused) {
      if (tokens_.At(refused.word)) return tokens_.Error(refused.why);
    }
    return tokens_.Unexpected(
        {"SELECT", "WITH", "CREATE", "INSERT", "EXPLAIN", "SHOW", "DESCRIBE", "DROP", "TABLE"});
  }

 private:
  absl::StatusOr<What> Create() {
    bool replace = false;
    if (tokens_.Take("OR")) {
      WT_RETURN_IF_ERROR(tokens_.Expect("REPLACE"));
      replace = true;
    }
    if (tokens_.Take("EXTERNAL") || tokens_.At("TABLE")) {
      WT_RETURN_IF_ERROR(tokens_.Expect("TABLE"));
      WT_ASSIGN_OR_RETURN(CreateTable table, ReadCreateTable(tokens_, queries_));
      table.replace = replace;
      return table;
    }
    tokens_.Take("GLOBAL");
    if (!tokens_.Take("TEMPORARY")) tokens_.Take("TEMP");
    if (!tokens_.Take("VIEW")) {
      return tokens_.Unexpected({"TABLE", "VIEW", "TEMPORARY", "REPLACE"});
    }
    CreateView view;
    view.replace = replace;
    WT_ASSIGN_OR_RETURN(view.if_not_exists, TakeIfNotExists(tokens_));
    view.offset = tokens_.offset();
    WT_ASSIGN_OR_RETURN(view.name, tokens_.Name("a view's name"));
    if (tokens_.AtSign("(")) {
      return tokens_.Error("columns have no names here: name them in the view's SELECT");
    }
    WT_RETURN_IF_ERROR(tokens_.Expect("AS"));
    WT_ASSIGN_OR_RETURN(view.plan, queries_.Query());
    return view;
  }

  absl::StatusOr<Insert> ReadInsert() {
    tokens_.Next();
    if (tokens_.At("OVERWRITE")) {
      return tokens_.Error(
          "a table is written anew with each batch if its option outputMode is "
          "'complete': INSERT INTO it");
    }
    WT_RETURN_IF_ERROR(tokens_.Expect("INTO"));
    tokens_.Take("TABLE");
    Insert insert;
    insert.offset = tokens_.offset();
    WT_ASSIGN_OR_RETURN(insert.table, tokens_.Name("a table's name"));
    if (tokens_.AtSign("(") && tokens_.AtName(1) &&
        (tokens_.AtSign(",", 2) || tokens_.AtSign(")", 2))) {
      tokens_.Next();
      do {
        WT_ASSIGN_OR_RETURN(insert.columns.emplace_back(), tokens_.Name("a column's name"));
      } while (tokens_.TakeSign(","));
      WT_RETURN_IF_ERROR(tokens_.ExpectSign(")"));
    }
    WT_ASSIGN_OR_RETURN(insert.plan, queries_.Query());
    return insert;
  }

  absl::StatusOr<What> ReadExplain() {
    Explain explain;
    for (const std::string_view word : {"CODEGEN", "COST"}) {
      if (tokens_.At(word)) {
        return tokens_.Error("there is EXPLAIN, EXPLAIN EXTENDED and EXPLAIN FORMATTED");
      }
    }
    explain.formatted = tokens_.Take("FORMATTED") || tokens_.Take("EXTENDED");
    if (tokens_.At("INSERT")) {
      WT_ASSIGN_OR_RETURN(explain.what, ReadInsert());
    } else {
      WT_ASSIGN_OR_RETURN(LogicalPlanPtr plan, queries_.Query());
      explain.what = Query{std::move(plan)};
    }
    return explain;
  }

  absl::StatusOr<What> ReadShow() {
    Show show;
    if (tokens_.Take("VIEWS")) {
      show.what = Show::What::kViews;
    } else if (tokens_.Take("FUNCTIONS")) {
      show.what = Show::What::kFunctions;
    } else if (!tokens_.Take("TABLES")) {
      return tokens_.Unexpected({"TABLES", "VIEWS", "FUNCTIONS"});
    }
    const bool like = tokens_.Take("LIKE");
    if (tokens_.Peek().kind == TokenKind::kString) {
      show.like = tokens_.Next().text;
    } else if (like) {
      return tokens_.Error("behind LIKE stands a text, in which * is any text");
    }
    return show;
  }

  absl::StatusOr<What> ReadDescribe() {
    Describe describe;
    if (tokens_.Take("FUNCTION")) {
      tokens_.Take("EXTENDED");
      describe.what = Describe::What::kFunction;
      // The signs that are functions have names, too: DESCRIBE FUNCTION +.
      if (tokens_.AtEnd()) return tokens_.Error("a function's name is missing before the end");
      describe.name = tokens_.Next().text;
      return describe;
    }
    const bool query = tokens_.Take("QUERY");
    if (query || tokens_.At("SELECT") || tokens_.At("WITH")) {
      describe.what = Describe::What::kQuery;
      WT_ASSIGN_OR_RETURN(describe.plan, queries_.Query());
      return describe;
    }
    tokens_.Take("TABLE");
    if (tokens_.AtName(1)) tokens_.Take("EXTENDED");
    const size_t offset = tokens_.offset();
    WT_ASSIGN_OR_RETURN(describe.name, tokens_.Name("a table's name"));
    WT_ASSIGN_OR_RETURN(describe.plan, queries_.Find(describe.name, offset));
    return describe;
  }

  absl::StatusOr<What> ReadDrop() {
    Drop drop;
    drop.view = tokens_.At("VIEW");
    if (!tokens_.Take("VIEW") && !tokens_.Take("TABLE")) {
      return tokens_.Unexpected({"TABLE", "VIEW"});
    }
    if (tokens_.Take("IF")) {
      WT_RETURN_IF_ERROR(tokens_.Expect("EXISTS"));
      drop.if_exists = true;
    }
    drop.offset = tokens_.offset();
    WT_ASSIGN_OR_RETURN(drop.name, tokens_.Name("a name"));
    return drop;
  }

  TokenStream& tokens_;
  QueryParser queries_;
};

}  // namespace

absl::StatusOr<Script> Script::Of(std::string_view text) {
  WT_ASSIGN_OR_RETURN(TokenStream tokens, TokenStream::Of(text));
  return Script(std::move(tokens));
}

absl::StatusOr<std::optional<Statement>> Script::Next(const Relations& relations,
                                                      const FunctionRegistry& functions) {
  while (tokens_.TakeSign(";")) {
  }
  if (tokens_.AtEnd()) return std::nullopt;
  Statement statement;
  statement.begin = tokens_.offset();
  ParseContext context{.tokens = tokens_, .places = statement.places, .functions = functions};
  WT_ASSIGN_OR_RETURN(statement.what, StatementParser(context, relations).Read());
  if (!tokens_.AtEnd() && !tokens_.AtSign(";")) return tokens_.Unexpected(ClauseWords());
  statement.end = tokens_.offset();
  return statement;
}

absl::StatusOr<ExpressionPtr> ParseExpression(std::string_view text,
                                              const FunctionRegistry& functions) {
  WT_ASSIGN_OR_RETURN(TokenStream tokens, TokenStream::Of(text));
  Places places;
  const Relations none;
  ParseContext context{.tokens = tokens, .places = places, .functions = functions};
  QueryParser queries(context, none);
  WT_ASSIGN_OR_RETURN(ExpressionPtr expression, queries.Expressions().Parse());
  if (!tokens.AtEnd()) return tokens.Unexpected({"AND", "OR", "IS", "BETWEEN", "LIKE"});
  return expression;
}

}  // namespace wavetank::runtime::sql
