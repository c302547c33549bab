#include "runtime/connectors/formats/row_decoder.h"

#include <utility>

#include "platform/check.h"
#include "platform/status_macros.h"
#include "runtime/connectors/formats/csv_decoder.h"
#include "runtime/connectors/formats/format_option.h"
#include "runtime/connectors/formats/json_decoder.h"
#include "runtime/connectors/formats/text_decoder.h"

namespace wavetank::runtime {

absl::StatusOr<std::unique_ptr<RowDecoder>> MakeDecoder(
    std::string_view format, SchemaPtr schema, const std::map<std::string, std::string>& options,
    DecoderStart start) {
  WT_ASSIGN_OR_RETURN(const OptionValues values, OptionValues::Check(format, options));
  if (format == "csv") return CsvDecoder::Make(std::move(schema), values, start);
  if (format == "json") return JsonDecoder::Make(std::move(schema), values, start);
  return TextDecoder::Make(std::move(schema), values);
}

bool IsSplittable(std::string_view format, const std::map<std::string, std::string>& options) {
  const absl::StatusOr<OptionValues> values = OptionValues::Check(format, options);
  WT_CHECK(values.ok(), values.status().ToString());
  if (format == "csv") return !values->Bool("multiLine");
  if (format == "text") return !values->Bool("wholetext");
  return true;
}

}  // namespace wavetank::runtime
