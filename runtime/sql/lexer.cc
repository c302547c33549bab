#include "runtime/sql/lexer.h"

#include <algorithm>
#include <cstdint>
#include <optional>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"

#include "platform/status_macros.h"
#include "platform/text.h"
#include "runtime/sql/sql_error.h"

namespace wavetank::runtime::sql {
namespace {

// Longer ones first.
constexpr std::string_view kSigns[] = {
    "<=>", "<=", ">=", "<>", "!=", "==", "||", "::", "->", "=>", "(", ")", "[", "]", "<", ">",
    "=",   "+",  "-",  "*",  "/",  "%",  "&",  "|",  "^",  "~",  "!", ",", ".", ";", ":", "?"};

bool IsDigit(char c) { return c >= '0' && c <= '9'; }
bool BeginsWord(char c) {
  return absl::ascii_isalpha(static_cast<unsigned char>(c)) || c == '_' ||
         static_cast<unsigned char>(c) >= 0x80;
}
bool IsInWord(char c) { return BeginsWord(c) || IsDigit(c); }

void AddUtf8(uint32_t code_point, std::string& text) {
  if (code_point < 0x80) {
    text += static_cast<char>(code_point);
  } else if (code_point < 0x800) {
    text += static_cast<char>(0xC0 | (code_point >> 6));
    text += static_cast<char>(0x80 | (code_point & 0x3F));
  } else if (code_point < 0x10000) {
    text += static_cast<char>(0xE0 | (code_point >> 12));
    text += static_cast<char>(0x80 | ((code_point >> 6) & 0x3F));
    text += static_cast<char>(0x80 | (code_point & 0x3F));
  } else {
    text += static_cast<char>(0xF0 | (code_point >> 18));
    text += static_cast<char>(0x80 | ((code_point >> 12) & 0x3F));
    text += static_cast<char>(0x80 | ((code_point >> 6) & 0x3F));
    text += static_cast<char>(0x80 | (code_point & 0x3F));
  }
}

// `digits` of them at the beginning of `text`; nullopt: they are not there.
std::optional<uint32_t> Digits(std::string_view text, size_t digits, uint32_t base) {
  if (text.size() < digits) return std::nullopt;
  uint32_t value = 0;
  for (const char c : text.substr(0, digits)) {
    const char lower = absl::ascii_tolower(static_cast<unsigned char>(c));
    const uint32_t digit = IsDigit(c)                     ? static_cast<uint32_t>(c - '0')
                           : lower >= 'a' && lower <= 'f' ? static_cast<uint32_t>(lower - 'a' + 10)
                                                          : base;
    if (digit >= base) return std::nullopt;
    value = value * base + digit;
  }
  return value;
}

class Lexer {
 public:
  explicit Lexer(std::string_view text) : text_(text) {}

  absl::StatusOr<std::vector<Token>> Run() {
    if (text_.size() > kMostTextBytes) {
      return absl::InvalidArgumentError(absl::StrCat("SQL of ", text_.size(), " bytes: more than ",
                                                     kMostTextBytes, " are not read at once"));
    }
    std::vector<Token> tokens;
    while (true) {
      WT_RETURN_IF_ERROR(SkipBlanks());
      Token token{.kind = TokenKind::kEnd, .text = "", .begin = at_, .end = at_};
      if (at_ < text_.size()) WT_RETURN_IF_ERROR(Read(token));
      token.end = at_;
      tokens.push_back(std::move(token));
      if (tokens.back().kind == TokenKind::kEnd) return tokens;
    }
  }

 private:
  char At(size_t ahead) const { return at_ + ahead < text_.size() ? text_[at_ + ahead] : '\0'; }
  bool Begins(std::string_view with) const { return text_.substr(at_).starts_with(with); }

  absl::Status SkipBlanks() {
    while (at_ < text_.size()) {
      if (absl::ascii_isspace(static_cast<unsigned char>(text_[at_]))) {
        ++at_;
      } else if (Begins("--")) {
        at_ = std::min(text_.find('\n', at_), text_.size());
      } else if (Begins("/*")) {
        WT_RETURN_IF_ERROR(SkipComment());
      } else {
        break;
      }
    }
    return absl::OkStatus();
  }

  absl::Status SkipComment() {
    const size_t begin = at_;
    int open = 0;
    do {
      const bool opens = Begins("/*");
      const bool closes = Begins("*/");
      if (at_ >= text_.size()) return ErrorAt(text_, begin, "this comment is not closed by */");
      open += (opens ? 1 : 0) - (closes ? 1 : 0);
      at_ += opens || closes ? 2 : 1;
    } while (open > 0);
    return absl::OkStatus();
  }

  absl::Status Read(Token& token) {
    const char c = text_[at_];
    if (c == '\'' || c == '"') return ReadString(token, /*raw=*/false);
    if ((c == 'r' || c == 'R') && (At(1) == '\'' || At(1) == '"')) {
      ++at_;
      return ReadString(token, /*raw=*/true);
    }
    if (c == '`') return ReadName(token);
    if (IsDigit(c) || (c == '.' && IsDigit(At(1)))) return ReadNumber(token);
    if (BeginsWord(c)) {
      token.kind = TokenKind::kWord;
      while (at_ < text_.size() && IsInWord(text_[at_])) token.text += text_[at_++];
      return absl::OkStatus();
    }
    for (const std::string_view sign : kSigns) {
      if (!Begins(sign)) continue;
      token.kind = TokenKind::kSign;
      token.text = std::string(sign);
      at_ += sign.size();
      return absl::OkStatus();
    }
    return ErrorAt(text_, at_, absl::StrCat("'", std::string(1, c), "' is no sign of SQL's"));
  }

  absl::Status ReadName(Token& token) {
    token.kind = TokenKind::kName;
    ++at_;
    while (true) {
      const size_t end = text_.find('`', at_);
      if (end == std::string_view::npos) {
        return ErrorAt(text_, token.begin, "this back quote is not closed");
      }
      token.text += text_.substr(at_, end - at_);
      at_ = end + 1;
      if (At(0) != '`') break;
      token.text += '`';
      ++at_;
    }
    if (token.text.empty()) return ErrorAt(text_, token.begin, "a name is empty");
    return absl::OkStatus();
  }

  absl::Status ReadString(Token& token, bool raw) {
    token.kind = TokenKind::kString;
    const char quote = text_[at_++];
    while (true) {
      if (at_ >= text_.size()) return ErrorAt(text_, token.begin, "this quote is not closed");
      const char c = text_[at_++];
      if (c == '\\' && !raw) {
        ReadEscape(token.text);
      } else if (c != quote) {
        token.text += c;
      } else if (!raw && At(0) == quote) {
        token.text += quote;  // written twice
        ++at_;
      } else {
        return absl::OkStatus();
      }
    }
  }

  // As Spark has them: \% and \_ stay what they are, for LIKE; before others the \ goes.
  void ReadEscape(std::string& text) {
    if (at_ >= text_.size()) return;  // the quote is not closed either
    const std::string_view rest = text_.substr(at_);
    if (rest[0] == 'u' || rest[0] == 'U') {
      const size_t digits = rest[0] == 'u' ? 4 : 8;
      const std::optional<uint32_t> code = Digits(rest.substr(1), digits, 16);
      if (code && *code <= 0x10FFFF) {
        AddUtf8(*code, text);
        at_ += 1 + digits;
        return;
      }
    }
    const std::optional<uint32_t> octal = Digits(rest, 3, 8);
    if (octal && *octal <= 0x7F) {
      text += static_cast<char>(*octal);
      at_ += 3;
      return;
    }
    ++at_;
    switch (rest[0]) {
      case '0':
        text += '\0';
        return;
      case 'b':
        text += '\b';
        return;
      case 'n':
        text += '\n';
        return;
      case 'r':
        text += '\r';
        return;
      case 't':
        text += '\t';
        return;
      case 'Z':
        text += '\x1A';
        return;
      case '%':
      case '_':
        text += '\\';
        break;
      default:
        break;
    }
    text += rest[0];
  }

  absl::Status ReadNumber(Token& token) {
    token.kind = TokenKind::kNumber;
    const auto take_digits = [&] {
      while (IsDigit(At(0))) token.text += text_[at_++];
    };
    take_digits();
    if (At(0) == '.') {
      token.text += text_[at_++];
      take_digits();
    }
    const size_t sign = At(1) == '+' || At(1) == '-' ? 1 : 0;
    if ((At(0) == 'e' || At(0) == 'E') && IsDigit(At(1 + sign))) {
      token.text += text_.substr(at_, 1 + sign);
      at_ += 1 + sign;
      take_digits();
    }
    while (at_ < text_.size() && IsInWord(text_[at_])) token.text += text_[at_++];
    return absl::OkStatus();
  }

  const std::string_view text_;
  size_t at_ = 0;
};

}  // namespace

absl::StatusOr<std::vector<Token>> Tokenize(std::string_view text) { return Lexer(text).Run(); }

}  // namespace wavetank::runtime::sql
