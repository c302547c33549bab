// Literals (expression_parser.h): numbers by their suffix, texts, dates and times, intervals. A
// whole number without one is an INT, or a BIGINT if it is too large, as in Spark.
#include <charconv>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

#include "platform/status_macros.h"
#include "platform/text.h"
#include "runtime/sql/expression_parser.h"
#include "runtime/sql/interval_text.h"
#include "runtime/types/date.h"
#include "runtime/types/timestamp.h"

namespace wavetank::runtime::sql {
namespace {

Expression LiteralOf(Value value, DataType type) {
  ExpressionNode node;
  node.value = std::move(value);
  node.type = std::move(type);
  return Expression(std::make_shared<const ExpressionNode>(std::move(node)));
}

template <typename T>
std::optional<Expression> Whole(const std::string& digits, DataType type) {
  T value = 0;
  const char* const end = digits.data() + digits.size();
  const auto [stopped, error] = std::from_chars(digits.data(), end, value);
  if (error != std::errc() || stopped != end) return std::nullopt;
  return LiteralOf(value, std::move(type));
}

// Digits, with a point or an exponent perhaps, and what stands behind them.
struct Written {
  std::string number;
  std::string suffix;
  bool whole = true;
};

Written Split(const std::string& text) {
  Written written;
  size_t end = 0;
  while (end < text.size()) {
    const char c = absl::ascii_tolower(static_cast<unsigned char>(text[end]));
    const bool sign = c == '-' || c == '+';
    const bool exponent = c == 'e' && end + 1 < text.size() &&
                          absl::ascii_isalpha(static_cast<unsigned char>(text[end + 1])) == 0;
    if (!absl::ascii_isdigit(static_cast<unsigned char>(c)) && c != '.' && !sign && !exponent) {
      break;
    }
    written.whole &= c != '.' && !exponent;
    ++end;
  }
  written.number = text.substr(0, end);
  written.suffix = absl::AsciiStrToUpper(text.substr(end));
  return written;
}

}  // namespace

ExpressionParser::Node ExpressionParser::Number(bool negative) {
  const Token& token = tokens_.Peek();
  const auto [number, suffix, whole] = Split(token.text);
  const std::string digits = (negative ? "-" : "") + number;
  const auto too_large = [&](const char* type) {
    return tokens_.Error(absl::StrCat(digits, " is beyond what a ", type, " holds"));
  };
  std::optional<Expression> literal;
  if (suffix == "BD") {
    return tokens_.Error(absl::StrCat("there is no DECIMAL here, which ", token.text,
                                      " is one of: write ", number, "D, a DOUBLE"));
  }
  if (suffix == "D" || suffix == "F" || (suffix.empty() && !whole)) {
    double value = 0;
    if (!absl::SimpleAtod(digits, &value) || value - value != 0) {
      return too_large(suffix == "F" ? "FLOAT" : "DOUBLE");
    }
    literal = suffix == "F" ? LiteralOf(static_cast<float>(value), DataType::kFloat)
                            : LiteralOf(value, DataType::kDouble);
  } else if (!whole && !suffix.empty()) {
    return tokens_.Error(
        absl::StrCat(token.text, " is no number: behind a fraction stands D or F"));
  } else if (suffix == "L") {
    literal = Whole<int64_t>(digits, DataType::kInt64);
    if (!literal) return too_large("BIGINT");
  } else if (suffix == "S") {
    literal = Whole<int16_t>(digits, DataType::kInt16);
    if (!literal) return too_large("SMALLINT");
  } else if (suffix == "Y") {
    literal = Whole<int8_t>(digits, DataType::kInt8);
    if (!literal) return too_large("TINYINT");
  } else if (suffix.empty()) {
    literal = Whole<int32_t>(digits, DataType::kInt32);
    if (!literal) literal = Whole<int64_t>(digits, DataType::kInt64);
    if (!literal) return too_large("BIGINT");
  } else {
    return tokens_.Error(absl::StrCat("there is no suffix ", suffix, " of numbers: L is BIGINT, S ",
                                      "SMALLINT, Y TINYINT, D DOUBLE, F FLOAT"));
  }
  const size_t offset = tokens_.offset();
  tokens_.Next();
  return Made(*literal, offset);
}

// Texts behind one another are one.
ExpressionParser::Node ExpressionParser::Text() {
  const size_t offset = tokens_.offset();
  std::string text;
  while (tokens_.Peek().kind == TokenKind::kString) text += tokens_.Next().text;
  return Made(Expression(std::move(text)), offset);
}

// DATE '…', TIMESTAMP '…', X'…'. REQUIRES: a word, and a text behind it.
ExpressionParser::Node ExpressionParser::Typed(size_t offset) {
  const std::string type = absl::AsciiStrToUpper(tokens_.Next().text);
  const std::string text = tokens_.Next().text;
  const auto wrong = [&](const char* as) {
    return Wrong(offset, absl::StrCat("'", text, "' is no ", absl::AsciiStrToLower(type),
                                      ": write it as ", as));
  };
  if (type == "DATE") {
    const std::optional<int32_t> days = ParseDate(text);
    if (!days) return wrong("'2026-01-31'");
    return Made(Expression(Date{*days}), offset);
  }
  if (type == "TIMESTAMP" || type == "TIMESTAMP_LTZ") {
    // A number alone is a time elsewhere, not here.
    const std::optional<int64_t> micros =
        text.find('-', 1) == std::string::npos ? std::nullopt : ParseTimestamp(text);
    if (!micros) return wrong("'2026-01-31 10:11:12.5', with a zone or in UTC");
    return Made(LiteralOf(Timestamp{*micros}, DataType::kTimestamp), offset);
  }
  if (type == "X") {
    std::string hex = text.size() % 2 == 0 ? text : "0" + text;
    for (const char c : hex) {
      if (!absl::ascii_isxdigit(static_cast<unsigned char>(c))) return wrong("X'01FF'");
    }
    return Made(Expression(Binary{absl::HexStringToBytes(hex)}), offset);
  }
  return Wrong(offset, absl::StrCat("there are no literals of ", type,
                                    ": there are DATE, TIMESTAMP, INTERVAL and X"));
}

ExpressionParser::Node ExpressionParser::IntervalLiteral() {
  const size_t offset = tokens_.offset();
  WT_RETURN_IF_ERROR(tokens_.Expect("INTERVAL"));
  Interval sum;
  bool any = false;
  const auto placed = [&](size_t at, absl::StatusOr<Interval> part) -> absl::Status {
    if (!part.ok()) return Wrong(at, platform::ToStd(part.status().message()));
    if (__builtin_add_overflow(sum.micros, part->micros, &sum.micros)) {
      return Wrong(offset, "an interval is longer than microseconds can count");
    }
    any = true;
    return absl::OkStatus();
  };
  while (true) {
    const size_t at = tokens_.offset();
    const size_t sign = tokens_.AtSign("-") || tokens_.AtSign("+") ? 1 : 0;
    const TokenKind kind = tokens_.Peek(sign).kind;
    const bool unit_behind =
        tokens_.Peek(sign + 1).kind == TokenKind::kWord && IsUnit(tokens_.Peek(sign + 1).text);
    if (kind != TokenKind::kNumber && kind != TokenKind::kString) break;
    if (any && !unit_behind) break;
    const std::string before = sign == 1 ? tokens_.Next().text : "";
    const std::string text = before + tokens_.Next().text;
    const bool bare = text.find_first_not_of("+-.0123456789") == std::string::npos;
    const bool needs_unit = kind == TokenKind::kNumber || (bare && tokens_.AtName());
    if (!unit_behind && needs_unit && tokens_.Peek().kind == TokenKind::kWord) {
      return placed(tokens_.offset(), IntervalOf(text, tokens_.Peek().text));
    }
    if (!unit_behind && kind == TokenKind::kString) {
      WT_RETURN_IF_ERROR(placed(at, ParseInterval(text)));
      break;
    }
    if (tokens_.Peek().kind != TokenKind::kWord) break;
    const std::string unit = tokens_.Next().text;
    if (tokens_.Take("TO")) {
      WT_ASSIGN_OR_RETURN(const std::string to, tokens_.Name("a unit of time"));
      WT_RETURN_IF_ERROR(placed(at, ParseIntervalFields(text, unit, to)));
      break;
    }
    WT_RETURN_IF_ERROR(placed(at, IntervalOf(text, unit)));
  }
  if (!any) {
    return tokens_.Error(
        "behind INTERVAL stands a number and its unit, as in INTERVAL '10' SECONDS");
  }
  return Made(LiteralOf(sum, DataType::kInterval), offset);
}

}  // namespace wavetank::runtime::sql
