#include "runtime/connectors/formats/json_reader.h"

#include <algorithm>
#include <cstring>
#include <limits>
#include <optional>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"

#include "platform/check.h"
#include "platform/text.h"
#include "runtime/connectors/formats/decimal_number.h"
#include "runtime/connectors/formats/find_byte.h"
#include "runtime/connectors/formats/parse_value.h"
#include "runtime/types/date.h"
#include "runtime/types/timestamp.h"

namespace wavetank::runtime {
namespace {

// Levels of brackets that are passed over; Jackson's limit.
constexpr int kMostLevels = 1000;
// Fields of an object that are told by their place, and how long their names may be.
constexpr size_t kMostPlaces = 256;
constexpr size_t kMostNameBytes = 256;
constexpr size_t kMostShown = 100;
constexpr int64_t kMicrosPerSecond = 1'000'000;

bool IsWhiteSpace(char c) { return c == ' ' || c == '\n' || c == '\r' || c == '\t'; }

// NaN and the infinities, as Jackson takes them when it is told to.
std::optional<double> NonNumeric(std::string_view text) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  if (text == "NaN") return std::numeric_limits<double>::quiet_NaN();
  const bool negative = text.starts_with('-');
  if (negative || text.starts_with('+')) text.remove_prefix(1);
  if (text == "INF" || text == "Infinity") return negative ? -kInfinity : kInfinity;
  return std::nullopt;
}

}  // namespace

JsonShape::JsonShape(const DataType& type) : kind_(type.kind()) {
  for (const DataType& child : type.children()) children_.emplace_back(child);
  if (kind_ == DataType::kStruct) SetNames(type.names());
}

JsonShape::JsonShape(std::vector<std::string> names, const std::vector<DataType>& types)
    : kind_(DataType::kStruct) {
  for (const DataType& type : types) children_.emplace_back(type);
  SetNames(std::move(names));
}

void JsonShape::SetNames(std::vector<std::string> names) {
  // On the heap: a shape that moves takes them along.
  names_ = std::make_unique<const std::vector<std::string>>(std::move(names));
  for (size_t i = 0; i < names_->size(); ++i) {
    by_name_.emplace((*names_)[i], static_cast<int>(i));
  }
}

int JsonShape::Find(std::string_view name, size_t ordinal, bool is_plain) {
  const auto found = by_name_.find(name);
  const int field = found == by_name_.end() ? -1 : found->second;
  if (ordinal < kMostPlaces) {
    if (ordinal >= places_.size()) places_.resize(ordinal + 1);
    places_[ordinal] = {};
    if (is_plain && !name.empty() && name.size() <= kMostNameBytes) {
      places_[ordinal] = {absl::StrCat("\"", platform::ToAbsl(name), "\":"), field};
    }
  }
  return field;
}

std::string_view JsonReader::TokenAt(const uint32_t* token) const {
  const uint32_t begin = *token;
  uint32_t end = std::min(token[1], end_);
  while (end - begin > 1 && IsWhiteSpace(text_[end - 1])) --end;
  return {text_ + begin, end - begin};
}

bool JsonReader::TakeString(std::string_view* text) {
  const std::string_view token = Token();
  if (token.size() < 2 || token.back() != '"') return false;
  ++token_;
  *text = token.substr(1, token.size() - 2);
  if (!has_escapes_ ||
      FindByte(text->data(), text->data() + text->size(), '\\') == text->data() + text->size()) {
    return true;
  }
  unescaped_.clear();
  if (!index_.Unescape(*text, unescaped_)) return false;
  *text = unescaped_;
  return true;
}

bool JsonReader::TakeOtherName(JsonShape& shape, size_t ordinal, int* field) {
  if (Peek() != '"') return false;
  const std::string_view token = Token();
  std::string_view name;
  if (!TakeString(&name)) return false;
  *field = shape.Find(name, ordinal, /*is_plain=*/name.data() == token.data() + 1);
  return Skip(':');
}

bool JsonReader::IsScalar(std::string_view token) const {
  switch (token.front()) {
    case 'n':
      return token == "null";
    case 't':
      return token == "true";
    case 'f':
      return token == "false";
    default:
      break;
  }
  if (ReadDecimal(token).kind != DecimalNumber::Kind::kNone) return true;
  return options_.non_numeric && NonNumeric(token).has_value();
}

bool JsonReader::SkipValue(int depth) {
  if (AtEnd()) return false;
  switch (Peek()) {
    case '{':
      return depth < kMostLevels && SkipObject(depth);
    case '[':
      return depth < kMostLevels && SkipArray(depth);
    case '"': {
      std::string_view text;
      return TakeString(&text);
    }
    default:
      return IsScalar(TokenAt(token_++));
  }
}

bool JsonReader::SkipObject(int depth) {
  ++token_;
  if (Skip('}')) return true;
  do {
    std::string_view name;
    if (Peek() != '"' || !TakeString(&name) || !Skip(':') || !SkipValue(depth + 1)) return false;
  } while (Skip(','));
  return Skip('}');
}

bool JsonReader::SkipArray(int depth) {
  ++token_;
  if (Skip(']')) return true;
  do {
    if (!SkipValue(depth + 1)) return false;
  } while (Skip(','));
  return Skip(']');
}

JsonReader::Result JsonReader::BadPassed(std::string_view text, ColumnWriter& column) {
  if (wrong_.empty()) {
    wrong_ = absl::StrCat(absl::CHexEscape(platform::ToAbsl(text.substr(0, kMostShown))), " is no ",
                          DataTypeName(column.type()));
  }
  column.Null();
  return Result::kBad;
}

JsonReader::Result JsonReader::Bad(ColumnWriter& column) {
  if (AtEnd()) return Result::kMalformed;
  const std::string_view token = Token();
  return SkipValue(1) ? BadPassed(token, column) : Result::kMalformed;
}

JsonReader::Result JsonReader::ReadValue(JsonShape& shape, ColumnWriter& column) {
  if (Peek() == 'n' && Token() == "null") {
    ++token_;
    column.Null();
    return Result::kRead;
  }
  switch (shape.kind()) {
    case DataType::kBool:
      return ReadBool(column);
    case DataType::kInt8:
      return ReadWhole<int8_t>(column);
    case DataType::kInt16:
      return ReadWhole<int16_t>(column);
    case DataType::kInt32:
      return ReadWhole<int32_t>(column);
    case DataType::kInt64:
      return ReadWhole<int64_t>(column);
    case DataType::kFloat:
      return ReadReal<float>(column);
    case DataType::kDouble:
      return ReadReal<double>(column);
    case DataType::kString:
      return ReadText(column);
    case DataType::kBinary:
      return ReadBinary(column);
    case DataType::kTimestamp:
      return ReadTimestamp(column);
    case DataType::kDate:
      return ReadDate(column);
    case DataType::kArray:
      return ReadArray(shape, column);
    case DataType::kStruct:
      return ReadStruct(shape, column);
    case DataType::kNull:
      column.Null();
      return SkipValue(1) ? Result::kRead : Result::kMalformed;
    case DataType::kInterval:
      break;
  }
  WT_CHECK(false, "json has no such column");
}

JsonReader::Result JsonReader::ReadBool(ColumnWriter& column) {
  const char first = Peek();
  if (first != 't' && first != 'f') return Bad(column);
  const std::string_view token = Token();
  if (token != "true" && token != "false") return Result::kMalformed;
  ++token_;
  column.Bool(first == 't');
  return Result::kRead;
}

template <typename T>
JsonReader::Result JsonReader::ReadWhole(ColumnWriter& column) {
  const char first = Peek();
  if (first != '-' && !(first >= '0' && first <= '9')) return Bad(column);
  const std::string_view token = Token();
  const DecimalNumber number = ReadDecimal(token);
  if (number.kind == DecimalNumber::Kind::kNone) return Bad(column);  // it may be -Infinity
  ++token_;
  if (number.kind != DecimalNumber::Kind::kWhole ||
      number.whole() != static_cast<T>(number.whole())) {
    return BadPassed(token, column);
  }
  column.Fixed(static_cast<T>(number.whole()));
  return Result::kRead;
}

template <typename T>
JsonReader::Result JsonReader::ReadReal(ColumnWriter& column) {
  const char first = Peek();
  if (AtEnd() || first == '{' || first == '[') return Bad(column);
  const std::string_view token = Token();
  if (first == '"') {
    std::string_view text;
    if (!TakeString(&text)) return Result::kMalformed;
    const auto value = options_.non_numeric ? NonNumeric(text) : std::nullopt;
    if (!value) return BadPassed(token, column);
    column.Fixed(static_cast<T>(*value));
    return Result::kRead;
  }
  const DecimalNumber number = ReadDecimal(token);
  T value = 0;
  if (number.kind == DecimalNumber::Kind::kNone) {
    const auto named = options_.non_numeric ? NonNumeric(token) : std::nullopt;
    if (!named) return Bad(column);
    value = static_cast<T>(*named);
  } else if (!number.ToReal(&value) && !ParseReal(token, &value)) {
    return Result::kMalformed;
  }
  ++token_;
  column.Fixed(value);
  return Result::kRead;
}

JsonReader::Result JsonReader::ReadText(ColumnWriter& column) {
  std::string_view text;
  if (Peek() == '"') {
    if (!TakeString(&text)) return Result::kMalformed;
    column.Bytes(text);
    return Result::kRead;
  }
  // Anything else as the JSON that it is, without white space between tokens.
  const uint32_t* const first = token_;
  if (!SkipValue(1)) return Result::kMalformed;
  unescaped_.clear();
  for (const uint32_t* token = first; token != token_; ++token) unescaped_ += TokenAt(token);
  column.Bytes(unescaped_);
  return Result::kRead;
}

JsonReader::Result JsonReader::ReadTimestamp(ColumnWriter& column) {
  const char first = Peek();
  if (AtEnd()) return Result::kMalformed;
  const std::string_view token = Token();
  if (first == '"') {
    std::string_view text;
    if (!TakeString(&text)) return Result::kMalformed;
    const std::optional<int64_t> micros = ParseTimestamp(text);
    if (!micros) return BadPassed(token, column);
    column.Fixed(*micros);
    return Result::kRead;
  }
  const DecimalNumber number = ReadDecimal(token);
  int64_t micros = 0;
  if (number.kind != DecimalNumber::Kind::kWhole ||
      __builtin_mul_overflow(number.whole(), kMicrosPerSecond, &micros)) {
    return Bad(column);
  }
  ++token_;
  column.Fixed(micros);
  return Result::kRead;
}

JsonReader::Result JsonReader::ReadDate(ColumnWriter& column) {
  if (Peek() != '"') return Bad(column);
  const std::string_view token = Token();
  std::string_view text;
  if (!TakeString(&text)) return Result::kMalformed;
  const std::optional<int32_t> days = ParseDate(text);
  if (!days) return BadPassed(token, column);
  column.Fixed(*days);
  return Result::kRead;
}

JsonReader::Result JsonReader::ReadBinary(ColumnWriter& column) {
  if (Peek() != '"') return Bad(column);
  const std::string_view token = Token();
  std::string_view text;
  if (!TakeString(&text)) return Result::kMalformed;
  std::string bytes;
  if (!absl::Base64Unescape(platform::ToAbsl(text), &bytes)) return BadPassed(token, column);
  column.Bytes(bytes);
  return Result::kRead;
}

JsonReader::Result JsonReader::ReadArray(JsonShape& shape, ColumnWriter& column) {
  if (Peek() != '[') return Bad(column);
  ++token_;
  Result result = Result::kRead;
  if (!Skip(']')) {
    do {
      const Result read = ReadValue(shape.child(0), column.elements());
      if (read == Result::kMalformed) return read;
      result = std::max(result, read);
    } while (Skip(','));
    if (!Skip(']')) return Result::kMalformed;
  }
  if (result == Result::kBad) {
    column.Truncate(column.size());  // the elements
    column.Null();
  } else {
    column.EndArray();
  }
  return result;
}

JsonReader::Result JsonReader::ReadStruct(JsonShape& shape, ColumnWriter& column) {
  if (Peek() != '{') return Bad(column);
  const Result read = ReadObject(shape, column.size(), [&](size_t i) -> ColumnWriter& {
    return column.field(static_cast<int>(i));
  });
  if (read != Result::kMalformed) column.EndStruct();
  return read;
}

}  // namespace wavetank::runtime
