// From text to tokens: words, names in back quotes, texts in quotes, numbers, signs. Blanks and
// comments (to the end of a line after "--"; between "/*" and "*/", nested) stand between them.
#ifndef WAVETANK_RUNTIME_SQL_LEXER_H_
#define WAVETANK_RUNTIME_SQL_LEXER_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace wavetank::runtime::sql {

enum class TokenKind : uint8_t {
  kWord,    // of letters, digits and "_", not a number: a keyword or a name, as it was written
  kName,    // between back quotes; `text` is without them
  kString,  // between quotes; `text` is what it says, escapes resolved
  kNumber,  // 12, 1.5, 2e3, with its suffix if it has one
  kSign,    // the longest that there is: "<=>"
  kEnd,     // of the text
};

struct Token {
  TokenKind kind = TokenKind::kEnd;
  std::string text;
  size_t begin = 0;  // in the text, bytes
  size_t end = 0;
};

// More is refused: what is made of it is walked on the stack.
inline constexpr size_t kMostTextBytes = size_t{1} << 20;

// The last token is kEnd. kInvalidArgument: a quote or comment that is not closed, a character that
// is none of SQL's, text that is too long.
absl::StatusOr<std::vector<Token>> Tokenize(std::string_view text);

}  // namespace wavetank::runtime::sql

#endif  // WAVETANK_RUNTIME_SQL_LEXER_H_
