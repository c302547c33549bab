#include "runtime/connectors/formats/text_decoder.h"

#include <utility>

#include "absl/strings/str_cat.h"

namespace wavetank::runtime {

TextDecoder::TextDecoder(SchemaPtr schema, const OptionValues& options)
    : schema_(std::move(schema)),
      whole_(options.Bool("wholetext")),
      lines_(options.Text("lineSep")),
      values_(DataType::kString) {}

absl::StatusOr<std::unique_ptr<RowDecoder>> TextDecoder::Make(SchemaPtr schema,
                                                              const OptionValues& options) {
  if (schema->size() != 1 || schema->field(0).type != DataType::kString) {
    return absl::InvalidArgumentError(
        absl::StrCat("format text has one column, a string (value), not (", schema->ToText(), ")"));
  }
  return std::unique_ptr<RowDecoder>(new TextDecoder(std::move(schema), options));
}

RecordBatch TextDecoder::Rows() {
  const int64_t rows = values_.size();
  return RecordBatch(schema_, {values_.Finish()}, rows);
}

absl::StatusOr<RecordBatch> TextDecoder::Decode(std::string_view bytes) {
  if (whole_) {
    file_.append(bytes);
  } else {
    lines_.Push(bytes, [this](std::string_view line) { values_.Bytes(line); });
  }
  return Rows();
}

absl::StatusOr<RecordBatch> TextDecoder::Finish() {
  if (whole_) {
    if (!file_.empty()) values_.Bytes(file_);
    file_.clear();
  } else {
    lines_.Finish([this](std::string_view line) { values_.Bytes(line); });
  }
  return Rows();
}

}  // namespace wavetank::runtime
