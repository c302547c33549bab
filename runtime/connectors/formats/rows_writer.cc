#include "runtime/connectors/formats/rows_writer.h"

#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"

#include "platform/text.h"

namespace wavetank::runtime {
namespace {

constexpr size_t kMostShown = 200;

}  // namespace

RowsWriter::RowsWriter(SchemaPtr schema, Mode mode, int corrupt)
    : schema_(std::move(schema)), mode_(mode), corrupt_(corrupt) {
  for (int i = 0; i < schema_->size(); ++i) {
    columns_.emplace_back(schema_->field(i).type);
    if (i != corrupt) data_.push_back(static_cast<size_t>(i));
  }
}

absl::StatusOr<RowsWriter> RowsWriter::Make(SchemaPtr schema, const OptionValues& options) {
  const std::string& name = options.Text("columnNameOfCorruptRecord");
  const int corrupt = schema->IndexOf(name);
  if (corrupt >= 0 && schema->field(corrupt).type != DataType::kString) {
    return absl::InvalidArgumentError(
        absl::StrCat("column ", name,
                     ", which has the text of malformed records (columnNameOfCorruptRecord), "
                     "is of type ",
                     DataTypeName(schema->field(corrupt).type), ": make it a string"));
  }
  const std::string& said = options.Text("mode");
  const Mode mode = said == "PERMISSIVE"      ? Mode::kPermissive
                    : said == "DROPMALFORMED" ? Mode::kDropMalformed
                                              : Mode::kFailFast;
  return RowsWriter(std::move(schema), mode, corrupt);
}

void RowsWriter::EndCorrupt(std::string_view text) {
  ColumnWriter& column = columns_[static_cast<size_t>(corrupt_)];
  while (column.size() < rows_) text.data() == nullptr ? column.Null() : column.Bytes(text);
}

absl::Status RowsWriter::EndMalformed(int64_t rows, std::string_view text, int64_t line,
                                      std::string_view why) {
  switch (mode_) {
    case Mode::kPermissive:
      rows_ = rows;
      if (corrupt_ >= 0) EndCorrupt(text.data() == nullptr ? std::string_view("") : text);
      return absl::OkStatus();
    case Mode::kDropMalformed:
      DropRows();
      return absl::OkStatus();
    case Mode::kFailFast:
      break;
  }
  DropRows();
  return absl::InvalidArgumentError(absl::StrCat(
      "line ", line, " is malformed: ", platform::ToAbsl(why), ", in '",
      absl::CHexEscape(platform::ToAbsl(text.substr(0, kMostShown))),
      text.size() > kMostShown ? "...'" : "'",
      "; the mode is FAILFAST: PERMISSIVE makes nulls of what cannot be read, DROPMALFORMED leaves "
      "such lines out"));
}

void RowsWriter::DropRows() {
  for (const size_t i : data_) columns_[i].Truncate(rows_);
}

void RowsWriter::NullRow() {
  for (const size_t i : data_) columns_[i].Null();
}

RecordBatch RowsWriter::Finish() {
  std::vector<Column> columns;
  for (ColumnWriter& column : columns_) columns.push_back(column.Finish());
  return RecordBatch(schema_, std::move(columns), std::exchange(rows_, 0));
}

}  // namespace wavetank::runtime
