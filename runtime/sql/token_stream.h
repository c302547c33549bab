// TokenStream: the tokens of one text, one after the other, for those who parse them; and where
// what they make of them stands.
#ifndef WAVETANK_RUNTIME_SQL_TOKEN_STREAM_H_
#define WAVETANK_RUNTIME_SQL_TOKEN_STREAM_H_

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

#include "runtime/sql/lexer.h"

namespace wavetank::runtime::sql {

class TokenStream {
 public:
  // `text` outlives the stream.
  static absl::StatusOr<TokenStream> Of(std::string_view text);

  std::string_view text() const { return text_; }
  // The next token, or one behind it; the last one for ever.
  const Token& Peek(size_t ahead = 0) const;
  size_t offset() const { return Peek().begin; }
  const Token& Next();
  bool AtEnd() const { return Peek().kind == TokenKind::kEnd; }

  // Keywords, in any case; `word` is in capitals.
  bool At(std::string_view word, size_t ahead = 0) const;
  // Both, one behind the other.
  bool At(std::string_view first, std::string_view second) const {
    return At(first) && At(second, 1);
  }
  bool Take(std::string_view word);
  bool AtSign(std::string_view sign, size_t ahead = 0) const;
  bool TakeSign(std::string_view sign);
  absl::Status Expect(std::string_view word);
  absl::Status ExpectSign(std::string_view sign);

  // A name: between back quotes, or a word that is not reserved. "what": "a table's name".
  bool AtName(size_t ahead = 0) const;
  absl::StatusOr<std::string> Name(std::string_view what);

  // Of what stands here: "\"FROM\"", "the end".
  std::string Found() const;
  absl::Status Error(std::string_view what) const;
  // What stands here belongs to nothing; `words` might have been meant.
  absl::Status Unexpected(const std::vector<std::string>& words) const;

 private:
  TokenStream(std::string_view text, std::vector<Token> tokens)
      : text_(text), tokens_(std::move(tokens)) {}

  std::string_view text_;
  std::vector<Token> tokens_;
  size_t at_ = 0;
};

// Words that begin or end a part of a statement: no name is written so without back quotes.
bool IsReserved(std::string_view word);

}  // namespace wavetank::runtime::sql

#endif  // WAVETANK_RUNTIME_SQL_TOKEN_STREAM_H_
