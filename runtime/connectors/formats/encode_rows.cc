#include "runtime/connectors/formats/encode_rows.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"

#include "platform/check.h"
#include "platform/text.h"
#include "runtime/types/date.h"
#include "runtime/types/real_text.h"
#include "runtime/types/timestamp.h"

namespace wavetank::runtime {
namespace {

using platform::ToAbsl;

bool IsJson(const DataType& type) {
  if (type == DataType::kInterval) return false;
  return std::all_of(type.children().begin(), type.children().end(), IsJson);
}

// As Spark 3.4 says, binary values have no text there (SPARK-42237).
bool IsCsv(const DataType& type) { return type.is_storable() && type != DataType::kBinary; }

// How many bytes a character of UTF-8 has that the text begins with; 0: it begins with none.
size_t CharacterSize(std::string_view text) {
  const auto byte = [&](size_t i) { return static_cast<unsigned char>(text[i]); };
  const auto continues = [&](size_t i) { return i < text.size() && (byte(i) & 0xC0) == 0x80; };
  const unsigned char first = byte(0);
  if (first < 0x80) return 1;
  if (first < 0xC2 || !continues(1)) return 0;
  if (first < 0xE0) return 2;
  if (!continues(2)) return 0;
  if (first < 0xF0) {
    const bool too_long = first == 0xE0 && byte(1) < 0xA0;
    const bool surrogate = first == 0xED && byte(1) >= 0xA0;
    return too_long || surrogate ? 0 : 3;
  }
  if (first > 0xF4 || !continues(3)) return 0;
  const bool too_long = first == 0xF0 && byte(1) < 0x90;
  const bool beyond = first == 0xF4 && byte(1) >= 0x90;
  return too_long || beyond ? 0 : 4;
}

void AppendEscaped(char c, std::string& text) {
  constexpr std::string_view kHex = "0123456789ABCDEF";
  switch (c) {
    case '"':
      text += "\\\"";
      return;
    case '\\':
      text += "\\\\";
      return;
    case '\b':
      text += "\\b";
      return;
    case '\f':
      text += "\\f";
      return;
    case '\n':
      text += "\\n";
      return;
    case '\r':
      text += "\\r";
      return;
    case '\t':
      text += "\\t";
      return;
    default:
      text += "\\u00";
      text += kHex[static_cast<unsigned char>(c) >> 4];
      text += kHex[static_cast<unsigned char>(c) & 15];
  }
}

void AppendJsonString(std::string_view value, std::string& text) {
  text += '"';
  size_t plain = 0;  // bytes that stand as they are
  const auto take = [&](size_t next) {
    text.append(value.substr(0, plain));
    value.remove_prefix(plain + next);
    plain = 0;
  };
  while (plain < value.size()) {
    const char c = value[plain];
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || c == '"' || c == '\\') {
      take(1);
      AppendEscaped(c, text);
    } else if (byte < 0x80) {
      ++plain;
    } else if (const size_t size = CharacterSize(value.substr(plain)); size != 0) {
      plain += size;
    } else {
      take(1);
      text += "\xef\xbf\xbd";
    }
  }
  take(0);
  text += '"';
}

// REQUIRES: integers.
void AppendWhole(const Column& column, int64_t row, std::string& text) {
  WithValueType(column.type(), [&]<typename T>(T) {
    char buffer[24];
    const auto value = static_cast<int64_t>(column.values<T>()[row]);
    text.append(buffer, std::to_chars(buffer, buffer + sizeof buffer, value).ptr);
  });
}

// What JSON has no number for is a string.
template <typename T>
void AppendReal(T value, std::string& text) {
  const bool is_number = std::isfinite(value);
  if (!is_number) text += '"';
  text += JavaText(value);
  if (!is_number) text += '"';
}

// Thousandths of a second always, as Spark; millionths, which it cuts off, where there are some.
void AppendJsonTime(int64_t micros, std::string& text) {
  std::string time = TimestampText(micros);
  const size_t point = time.find('.');
  const size_t digits = point == std::string::npos ? 0 : time.size() - point - 2;
  time.pop_back();  // the "Z"
  if (digits == 0) time += '.';
  time.append((digits > 3 ? 6 : 3) - digits, '0');
  absl::StrAppend(&text, "\"", time, "Z\"");
}

void AppendJson(const Column& column, int64_t row, JsonNulls nulls, std::string& text);

void AppendJsonFields(const std::vector<std::string_view>& names, const auto& column, int64_t row,
                      JsonNulls nulls, std::string& text) {
  text += '{';
  bool first = true;
  for (size_t i = 0; i < names.size(); ++i) {
    const Column& values = column(static_cast<int>(i));
    if (values.IsNull(row) && nulls == JsonNulls::kLeftOut) continue;
    if (!first) text += ',';
    first = false;
    AppendJsonString(names[i], text);
    text += ':';
    AppendJson(values, row, nulls, text);
  }
  text += '}';
}

void AppendJson(const Column& column, int64_t row, JsonNulls nulls, std::string& text) {
  if (column.IsNull(row)) {
    text += "null";
    return;
  }
  switch (column.type().kind()) {
    case DataType::kBool:
      text += column.BoolAt(row) ? "true" : "false";
      return;
    case DataType::kInt8:
    case DataType::kInt16:
    case DataType::kInt32:
    case DataType::kInt64:
      return AppendWhole(column, row, text);
    case DataType::kFloat:
      return AppendReal(column.FloatAt(row), text);
    case DataType::kDouble:
      return AppendReal(column.DoubleAt(row), text);
    case DataType::kString:
      return AppendJsonString(column.StringAt(row), text);
    case DataType::kBinary:
      absl::StrAppend(&text, "\"", absl::Base64Escape(ToAbsl(column.StringAt(row))), "\"");
      return;
    case DataType::kDate:
      absl::StrAppend(&text, "\"", DateText(column.Int32At(row)), "\"");
      return;
    case DataType::kTimestamp:
      return AppendJsonTime(column.Int64At(row), text);
    case DataType::kArray:
      text += '[';
      for (int64_t i = column.offsets()[row]; i < column.offsets()[row + 1]; ++i) {
        if (i > column.offsets()[row]) text += ',';
        AppendJson(column.elements(), i, nulls, text);
      }
      text += ']';
      return;
    case DataType::kStruct: {
      const std::vector<std::string>& names = column.type().names();
      return AppendJsonFields(
          {names.begin(), names.end()}, [&](int i) -> const Column& { return column.field(i); },
          row, nulls, text);
    }
    case DataType::kNull:
    case DataType::kInterval:
      break;
  }
  WT_CHECK(false, "json has no such column");
}

}  // namespace

absl::Status CheckEncodable(std::string_view format, const Schema& schema) {
  if (format == "text") {
    if (schema.size() == 1 && schema.field(0).type == DataType::kString) return absl::OkStatus();
    std::string columns;
    for (const Field& field : schema.fields()) {
      absl::StrAppend(&columns, columns.empty() ? "" : ", ", field.name, ": ",
                      DataTypeName(field.type));
    }
    return absl::InvalidArgumentError(
        absl::StrCat("format text writes one string column, and there are ", schema.size(), " (",
                     columns, "): select one, cast to string, or make one of them with concat"));
  }
  for (const Field& field : schema.fields()) {
    if (format == "json" ? IsJson(field.type) : IsCsv(field.type)) continue;
    const char* const advice = field.type.is_nested()
                                   ? "select a part of it, explode an array, or cast it to string"
                                   : "cast it to string";
    return absl::InvalidArgumentError(absl::StrCat("column \"", field.name, "\" is ",
                                                   DataTypeName(field.type), ", which format ",
                                                   ToAbsl(format), " does not have: ", advice));
  }
  return absl::OkStatus();
}

void AppendCsvField(std::optional<std::string_view> field, std::string& line) {
  if (!field) return;
  if (!field->empty() && field->find_first_of("\",\n\r") == std::string_view::npos) {
    line += *field;
    return;
  }
  line += '"';
  for (const char c : *field) {
    if (c == '"') line += '"';
    line += c;
  }
  line += '"';
}

void EncodeCsv(const RecordBatch& rows, std::string& text) {
  for (int64_t row = 0; row < rows.num_rows(); ++row) {
    for (int i = 0; i < rows.schema().size(); ++i) {
      if (i > 0) text += ',';
      const Column& column = rows.column(i);
      if (column.IsNull(row)) continue;
      if (column.type() == DataType::kString) {
        AppendCsvField(column.StringAt(row), text);
      } else if (column.type().is_integer()) {
        AppendWhole(column, row, text);
      } else {
        text += column.CellText(row);
      }
    }
    text += '\n';
  }
}

void EncodeJson(const RecordBatch& rows, std::string& text, JsonNulls nulls) {
  std::vector<std::string_view> names;
  for (const Field& field : rows.schema().fields()) names.push_back(field.name);
  for (int64_t row = 0; row < rows.num_rows(); ++row) {
    AppendJsonFields(
        names, [&](int i) -> const Column& { return rows.column(i); }, row, nulls, text);
    text += '\n';
  }
}

void EncodeText(const RecordBatch& rows, std::string& text) {
  const Column& column = rows.column(0);
  for (int64_t row = 0; row < rows.num_rows(); ++row) {
    if (!column.IsNull(row)) text += column.StringAt(row);
    text += '\n';
  }
}

}  // namespace wavetank::runtime
