#include "runtime/connectors/formats/json_decoder.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"

#include "platform/status_macros.h"
#include "runtime/connectors/formats/find_byte.h"

namespace wavetank::runtime {
namespace {

// As many lines are indexed at once as this has; their index takes four times as much at most.
constexpr size_t kIndexedBytes = size_t{64} << 10;

bool HasJson(const DataType& type) {
  if (type == DataType::kInterval) return false;
  return std::all_of(type.children().begin(), type.children().end(), HasJson);
}

JsonShape ShapeOf(const RowsWriter& rows) {
  std::vector<std::string> names;
  std::vector<DataType> types;
  for (size_t i = 0; i < rows.data_size(); ++i) {
    names.push_back(rows.data_field(i).name);
    types.push_back(rows.data_field(i).type);
  }
  return JsonShape(std::move(names), types);
}

}  // namespace

JsonDecoder::JsonDecoder(RowsWriter rows, JsonShape shape, const OptionValues& options,
                         DecoderStart start)
    : reader_(index_, {.non_numeric = options.Bool("allowNonNumericNumbers")}),
      shape_(std::move(shape)),
      mark_(start == DecoderStart::kFile),
      lines_(options.Text("lineSep")),
      rows_(std::move(rows)) {}

absl::StatusOr<std::unique_ptr<RowDecoder>> JsonDecoder::Make(SchemaPtr schema,
                                                              const OptionValues& options,
                                                              DecoderStart start) {
  for (const Field& field : schema->fields()) {
    if (HasJson(field.type)) continue;
    return absl::InvalidArgumentError(absl::StrCat("column ", field.name, " is of type ",
                                                   DataTypeName(field.type),
                                                   ", which format json does not have"));
  }
  WT_ASSIGN_OR_RETURN(RowsWriter rows, RowsWriter::Make(std::move(schema), options));
  JsonShape shape = ShapeOf(rows);
  return std::unique_ptr<RowDecoder>(
      new JsonDecoder(std::move(rows), std::move(shape), options, start));
}

absl::StatusOr<RecordBatch> JsonDecoder::Decode(std::string_view bytes) {
  mark_.Pass(bytes, [this](std::string_view piece) { Add(piece); });
  return Rows();
}

absl::StatusOr<RecordBatch> JsonDecoder::Finish() {
  mark_.Finish([this](std::string_view piece) { Add(piece); });
  lines_.Finish([this](std::string_view line) { Alone(line); });
  if (!held_.empty()) Lines(held_);
  held_.clear();
  return Rows();
}

absl::StatusOr<RecordBatch> JsonDecoder::Rows() {
  if (!failed_.ok()) return failed_;
  return rows_.Finish();
}

void JsonDecoder::Add(std::string_view bytes) {
  if (lines_.has_separator()) {
    return lines_.Push(bytes, [this](std::string_view line) { Alone(line); });
  }
  const size_t whole = WholeLines(bytes);
  if (whole == 0) {
    held_.append(bytes);
    return;
  }
  size_t begin = 0;
  if (!held_.empty()) {
    begin = bytes.find_first_of("\r\n") + 1;
    if (bytes[begin - 1] == '\r' && bytes[begin] == '\n') ++begin;
    held_.append(bytes.substr(0, begin));
    Lines(held_);
    held_.clear();
  }
  Lines(bytes.substr(begin, whole - begin));
  held_.append(bytes.substr(whole));
}

void JsonDecoder::Lines(std::string_view text) {
  while (!text.empty()) {
    size_t size = text.size();
    if (size > kIndexedBytes) {
      size = WholeLines(text.substr(0, kIndexedBytes));
      if (size == 0) {
        // One line that is longer, with its end.
        size = std::min(text.find_first_of("\r\n", kIndexedBytes - 1), text.size() - 1) + 1;
        if (text[size - 1] == '\r' && size < text.size() && text[size] == '\n') ++size;
      }
    }
    Indexed(text.substr(0, size));
    text.remove_prefix(size);
  }
}

void JsonDecoder::Indexed(std::string_view text) {
  // Where a line of them is wrong, each is looked at by itself.
  const bool found = index_.Find(text);
  if (found) reader_.Begin(text, index_.tokens());
  const char* const first = text.data();
  const char* const last = first + text.size();
  const bool has_returns = text.find('\r') != std::string_view::npos;
  for (const char* at = first; at != last;) {
    const char* end = FindByte(at, last, '\n');
    if (has_returns) end = FindByte(at, end, '\r');
    const std::string_view line(at, static_cast<size_t>(end - at));
    if (found) {
      ++line_;
      const auto begin = static_cast<uint32_t>(at - first);
      reader_.SetLine(begin, begin + static_cast<uint32_t>(line.size()));
      Record(line);
    } else {
      Alone(line);
    }
    if (end != last && *end == '\r') ++end;
    if (end != last && *end == '\n') ++end;
    at = end;
  }
}

void JsonDecoder::Alone(std::string_view line) {
  ++line_;
  if (!index_.Find(line)) {
    if (failed_.ok()) {
      Malformed(0, line,
                "it is not UTF-8, or has a string that is not closed or has a control "
                "character in it");
    }
    return;
  }
  reader_.Begin(line, index_.tokens());
  reader_.SetLine(0, static_cast<uint32_t>(line.size()));
  Record(line);
}

void JsonDecoder::Record(std::string_view line) {
  if (reader_.AtEnd() || !failed_.ok()) return;
  int64_t rows = rows_.rows();
  const JsonReader::Result read = ReadRows(&rows);
  if (read == JsonReader::Result::kRead) return rows_.EndRows(rows);
  if (read == JsonReader::Result::kPartial) {
    return Malformed(rows - rows_.rows(), line, reader_.wrong());
  }
  rows_.DropRows();
  Malformed(0, line, "it is no JSON object, nor an array of such");
}

JsonReader::Result JsonDecoder::ReadRows(int64_t* rows) {
  using Result = JsonReader::Result;
  reader_.ClearWrong();
  const auto column = [this](size_t i) -> ColumnWriter& { return rows_.data(i); };
  Result result = Result::kRead;
  if (reader_.Skip('[')) {
    if (!reader_.Skip(']')) {
      do {
        const Result read = reader_.ReadObject(shape_, (*rows)++, column);
        if (read == Result::kMalformed) return read;
        if (read == Result::kPartial) result = read;
      } while (reader_.Skip(','));
      if (!reader_.Skip(']')) return Result::kMalformed;
    }
  } else {
    result = reader_.ReadObject(shape_, (*rows)++, column);
  }
  return reader_.AtEnd() ? result : Result::kMalformed;
}

void JsonDecoder::Malformed(int64_t rows, std::string_view line, std::string_view why) {
  ++malformed_;
  if (rows == 0) {
    rows_.NullRow();
    rows = 1;
  }
  absl::Status ended = rows_.EndMalformed(rows_.rows() + rows, line, line_, why);
  if (!ended.ok()) failed_ = std::move(ended);
}

}  // namespace wavetank::runtime
