#include "runtime/connectors/formats/csv_decoder.h"

#include <limits>
#include <optional>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"

#include "platform/check.h"
#include "platform/status_macros.h"
#include "platform/text.h"
#include "runtime/connectors/formats/parse_value.h"
#include "runtime/types/date.h"
#include "runtime/types/timestamp.h"

namespace wavetank::runtime {
namespace {

bool IsBlankLine(std::string_view line) {
  for (const char c : line) {
    if (static_cast<unsigned char>(c) > ' ') return false;
  }
  return true;
}

template <typename T>
bool WriteParsed(const std::optional<T>& value, ColumnWriter& column) {
  if (value) column.Fixed(*value);
  return value.has_value();
}

}  // namespace

CsvDecoder::CsvDecoder(RowsWriter rows, const OptionValues& options, DecoderStart start)
    : multi_line_(options.Bool("multiLine")),
      comment_(options.Character("comment")),
      null_value_(options.Text("nullValue")),
      empty_value_(options.Text("emptyValue")),
      nan_(options.Text("nanValue")),
      infinity_(options.Text("positiveInf")),
      negative_infinity_(options.Text("negativeInf")),
      most_bytes_(options.Number("maxCharsPerColumn") < 0
                      ? std::numeric_limits<uint64_t>::max()
                      : static_cast<uint64_t>(options.Number("maxCharsPerColumn"))),
      scanner_({.separator = options.Text("sep"),
                .quote = options.Character("quote"),
                .escape = options.Character("escape"),
                .trim_leading = options.Bool("ignoreLeadingWhiteSpace"),
                .trim_trailing = options.Bool("ignoreTrailingWhiteSpace")}),
      mark_(start == DecoderStart::kFile),
      lines_(options.Text("lineSep")),
      header_(options.Bool("header") && start == DecoderStart::kFile),
      rows_(std::move(rows)) {}

absl::StatusOr<std::unique_ptr<RowDecoder>> CsvDecoder::Make(SchemaPtr schema,
                                                             const OptionValues& options,
                                                             DecoderStart start) {
  for (const Field& field : schema->fields()) {
    if (field.type.is_storable()) continue;
    return absl::InvalidArgumentError(absl::StrCat("column ", field.name, " is of type ",
                                                   DataTypeName(field.type),
                                                   ", which format csv does not have"));
  }
  if (options.Bool("multiLine") && options.IsGiven("lineSep")) {
    return absl::InvalidArgumentError(
        "options multiLine and lineSep of format csv do not go together: records that span lines "
        "end with \\n, \\r\\n or \\r");
  }
  const std::string& separator = options.Text("sep");
  for (const char* const name : {"quote", "comment"}) {
    const char c = options.Character(name);
    if (c == '\0' || c != separator.front()) continue;
    return absl::InvalidArgumentError(
        absl::StrCat("options sep and ", name, " of format csv begin with the same byte"));
  }
  WT_ASSIGN_OR_RETURN(RowsWriter rows, RowsWriter::Make(std::move(schema), options));
  return std::unique_ptr<RowDecoder>(new CsvDecoder(std::move(rows), options, start));
}

absl::StatusOr<RecordBatch> CsvDecoder::Decode(std::string_view bytes) {
  mark_.Pass(bytes, [this](std::string_view piece) { Add(piece); });
  return Rows();
}

absl::StatusOr<RecordBatch> CsvDecoder::Finish() {
  mark_.Finish([this](std::string_view piece) { Add(piece); });
  if (multi_line_) {
    TakeHeld(/*is_last=*/true);
  } else {
    lines_.Finish([this](std::string_view line) { Line(line); });
  }
  return Rows();
}

absl::StatusOr<RecordBatch> CsvDecoder::Rows() {
  if (!failed_.ok()) return failed_;
  return rows_.Finish();
}

void CsvDecoder::Add(std::string_view bytes) {
  if (!multi_line_) return lines_.Push(bytes, [this](std::string_view line) { Line(line); });
  held_.append(bytes);
  // A long record is looked through when it has doubled, not with each piece.
  if (held_.size() >= look_again_at_) TakeHeld(/*is_last=*/false);
}

void CsvDecoder::TakeHeld(bool is_last) {
  const char* at = held_.data();
  const char* const end = at + held_.size();
  while (at != end) {
    if (std::exchange(after_return_, false) && *at == '\n') {
      ++at;
      continue;
    }
    const char* stop = nullptr;
    if (comment_ != '\0' && *at == comment_) {
      stop = at;
      while (stop != end && *stop != '\n' && *stop != '\r') ++stop;
      if (stop == end && !is_last) break;
    } else {
      stop = scanner_.RecordEnd(at, end, is_last);
      if (stop == nullptr) break;
    }
    Line({at, static_cast<size_t>(stop - at)});
    if (stop == end) {
      at = end;
      break;
    }
    after_return_ = *stop == '\r';
    at = stop + 1;
  }
  held_.erase(0, static_cast<size_t>(at - held_.data()));
  look_again_at_ = held_.size() * 2;
}

void CsvDecoder::Line(std::string_view line) {
  ++line_;
  if (!failed_.ok()) return;
  if (IsBlankLine(line) || (comment_ != '\0' && line.front() == comment_)) return;
  if (!std::exchange(header_, false)) Record(line);
}

void CsvDecoder::Record(std::string_view record) {
  wrong_ = {};
  size_t column = 0;
  scanner_.Fields(record,
                  [&](std::string_view text, bool quoted) { Take(column++, text, quoted); });
  if (!failed_.ok()) return rows_.DropRows();
  const size_t columns = rows_.data_size();
  if (column == columns && wrong_.empty()) return rows_.EndRows(rows_.rows() + 1);
  ++malformed_;
  std::string why(wrong_);
  if (column != columns) {
    why = absl::StrCat("it has ", column, " fields, not ", columns);
    for (; column < columns; ++column) rows_.data(column).Null();
  }
  absl::Status ended = rows_.EndMalformed(rows_.rows() + 1, record, line_, why);
  if (!ended.ok()) failed_ = std::move(ended);
}

void CsvDecoder::Take(size_t column, std::string_view text, bool quoted) {
  if (column >= rows_.data_size()) return;
  ColumnWriter& values = rows_.data(column);
  if (text.empty()) {
    if (!quoted) return values.Null();
    text = empty_value_;
  }
  if (text.size() > most_bytes_ && failed_.ok()) {
    failed_ = absl::InvalidArgumentError(absl::StrCat(
        "line ", line_, " has ", text.size(), " bytes for column ", rows_.data_field(column).name,
        ", and option maxCharsPerColumn allows ", most_bytes_));
  }
  if (text == null_value_) return values.Null();
  if (Write(text, values)) return;
  values.Null();
  if (!wrong_.empty()) return;
  bad_value_ =
      absl::StrCat("column ", rows_.data_field(column).name, " is no ", DataTypeName(values.type()),
                   ": '", absl::CHexEscape(platform::ToAbsl(text.substr(0, 100))), "'");
  wrong_ = bad_value_;
}

template <typename T>
bool CsvDecoder::WriteReal(std::string_view text, ColumnWriter& column) const {
  T value = 0;
  if (text == nan_) {
    value = std::numeric_limits<T>::quiet_NaN();
  } else if (text == infinity_) {
    value = std::numeric_limits<T>::infinity();
  } else if (text == negative_infinity_) {
    value = -std::numeric_limits<T>::infinity();
  } else if (!ParseReal(text, &value)) {
    return false;
  }
  column.Fixed(value);
  return true;
}

bool CsvDecoder::Write(std::string_view text, ColumnWriter& column) const {
  switch (column.type().kind()) {
    case DataType::kString:
    case DataType::kBinary:
      column.Bytes(text);
      return true;
    case DataType::kBool: {
      bool value = false;
      if (!ParseTruth(text, &value)) return false;
      column.Bool(value);
      return true;
    }
    case DataType::kInt8:
    case DataType::kInt16:
    case DataType::kInt32:
    case DataType::kInt64:
      return WithValueType(column.type(), [&]<typename T>(T value) {
        if constexpr (std::is_integral_v<T>) {
          if (!ParseWhole(text, &value)) return false;
          column.Fixed(value);
        }
        return true;
      });
    case DataType::kFloat:
      return WriteReal<float>(text, column);
    case DataType::kDouble:
      return WriteReal<double>(text, column);
    case DataType::kDate:
      return WriteParsed(ParseDate(text), column);
    case DataType::kTimestamp:
      return WriteParsed(ParseTimestamp(text), column);
    default:
      WT_CHECK(false, "csv has no such column");
  }
}

}  // namespace wavetank::runtime
