#include "runtime/sql/token_stream.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

#include "platform/nearest_name.h"
#include "platform/status_macros.h"
#include "platform/text.h"
#include "runtime/sql/sql_error.h"

namespace wavetank::runtime::sql {
namespace {

using platform::ToAbsl;

constexpr std::string_view kReserved[] = {
    "AND",    "ANTI",   "AS",      "BETWEEN", "BY",      "CASE",   "CROSS", "DISTINCT", "ELSE",
    "END",    "EXCEPT", "FROM",    "FULL",    "GROUP",   "HAVING", "IN",    "INNER",    "INTERSECT",
    "IS",     "JOIN",   "LATERAL", "LEFT",    "LIKE",    "LIMIT",  "MINUS", "NATURAL",  "NOT",
    "OFFSET", "ON",     "OR",      "ORDER",   "QUALIFY", "RIGHT",  "RLIKE", "SELECT",   "SEMI",
    "SORT",   "THEN",   "UNION",   "USING",   "WHEN",    "WHERE",  "WITH"};

}  // namespace

bool IsReserved(std::string_view word) {
  return std::ranges::any_of(kReserved, [&](std::string_view reserved) {
    return absl::EqualsIgnoreCase(ToAbsl(word), ToAbsl(reserved));
  });
}

absl::StatusOr<TokenStream> TokenStream::Of(std::string_view text) {
  WT_ASSIGN_OR_RETURN(std::vector<Token> tokens, Tokenize(text));
  return TokenStream(text, std::move(tokens));
}

const Token& TokenStream::Peek(size_t ahead) const {
  return tokens_[std::min(at_ + ahead, tokens_.size() - 1)];
}

const Token& TokenStream::Next() {
  const Token& token = Peek();
  if (at_ + 1 < tokens_.size()) ++at_;
  return token;
}

bool TokenStream::At(std::string_view word, size_t ahead) const {
  const Token& token = Peek(ahead);
  return token.kind == TokenKind::kWord && absl::EqualsIgnoreCase(token.text, ToAbsl(word));
}

bool TokenStream::Take(std::string_view word) {
  if (!At(word)) return false;
  Next();
  return true;
}

bool TokenStream::AtSign(std::string_view sign, size_t ahead) const {
  const Token& token = Peek(ahead);
  return token.kind == TokenKind::kSign && token.text == sign;
}

bool TokenStream::TakeSign(std::string_view sign) {
  if (!AtSign(sign)) return false;
  Next();
  return true;
}

absl::Status TokenStream::Expect(std::string_view word) {
  if (Take(word)) return absl::OkStatus();
  const std::string near =
      Peek().kind == TokenKind::kWord
          ? platform::NearestName(absl::AsciiStrToUpper(Peek().text), {std::string(word)})
          : "";
  return Error(absl::StrCat(ToAbsl(word), " is missing",
                            near.empty() ? absl::StrCat(" before ", Found())
                                         : absl::StrCat(": did you mean it by ", Found(), "?")));
}

absl::Status TokenStream::ExpectSign(std::string_view sign) {
  if (TakeSign(sign)) return absl::OkStatus();
  return Error(absl::StrCat("\"", ToAbsl(sign), "\" is missing before ", Found()));
}

bool TokenStream::AtName(size_t ahead) const {
  const Token& token = Peek(ahead);
  return token.kind == TokenKind::kName ||
         (token.kind == TokenKind::kWord && !IsReserved(token.text));
}

absl::StatusOr<std::string> TokenStream::Name(std::string_view what) {
  if (AtName()) return Next().text;
  const bool reserved = Peek().kind == TokenKind::kWord;
  return Error(absl::StrCat(
      ToAbsl(what), " is missing before ", Found(),
      reserved ? absl::StrCat("; if it is meant, write it between back quotes: `", Peek().text, "`")
               : ""));
}

std::string TokenStream::Found() const {
  if (AtEnd()) return "the end";
  return absl::StrCat("\"", ToAbsl(text_.substr(Peek().begin, Peek().end - Peek().begin)), "\"");
}

absl::Status TokenStream::Error(std::string_view what) const {
  return ErrorAt(text_, offset(), what);
}

absl::Status TokenStream::Unexpected(const std::vector<std::string>& words) const {
  // A keyword that is written wrongly may have been taken for a name.
  for (const size_t back : {size_t{1}, size_t{0}}) {
    if (back > at_) continue;
    const Token& token = tokens_[at_ - back];
    if (token.kind != TokenKind::kWord) continue;
    const std::string written = absl::AsciiStrToUpper(token.text);
    const std::string meant = platform::NearestName(written, words);
    if (meant.empty() || meant == written) continue;
    return ErrorAt(text_, token.begin,
                   absl::StrCat("\"", token.text, "\": did you mean ", meant, "?"));
  }
  return Error(absl::StrCat(Found(), " is not expected here"));
}

}  // namespace wavetank::runtime::sql
