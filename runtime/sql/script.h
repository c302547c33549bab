// Script: a text of statements, one after the other, with ";" between them. Each is parsed when it
// is its turn, for those before it say which tables there are.
//
//   WT_ASSIGN_OR_RETURN(Script script, Script::Of(text));
//   while (true) {
//     WT_ASSIGN_OR_RETURN(std::optional<Statement> statement, script.Next(relations, functions));
//     if (!statement) break;
//     ...
//   }
#ifndef WAVETANK_RUNTIME_SQL_SCRIPT_H_
#define WAVETANK_RUNTIME_SQL_SCRIPT_H_

#include <optional>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

#include "runtime/functions/registry.h"
#include "runtime/sql/query_parser.h"
#include "runtime/sql/statement.h"
#include "runtime/sql/token_stream.h"

namespace wavetank::runtime::sql {

class Script {
 public:
  // `text` outlives the script.
  static absl::StatusOr<Script> Of(std::string_view text);

  std::string_view text() const { return tokens_.text(); }
  // nullopt: there is none any more. kInvalidArgument: as sql_error.h has it.
  absl::StatusOr<std::optional<Statement>> Next(const Relations& relations,
                                                const FunctionRegistry& functions);

 private:
  explicit Script(TokenStream tokens) : tokens_(std::move(tokens)) {}

  TokenStream tokens_;
};

// A statement that writes its plan as text, of one expression: for tests, and for people.
absl::StatusOr<ExpressionPtr> ParseExpression(
    std::string_view text, const FunctionRegistry& functions = FunctionRegistry::BuiltIn());

}  // namespace wavetank::runtime::sql

#endif  // WAVETANK_RUNTIME_SQL_SCRIPT_H_
