// The format `text`: each line is a row of one string column, or each file is.
#ifndef WAVETANK_RUNTIME_CONNECTORS_FORMATS_TEXT_DECODER_H_
#define WAVETANK_RUNTIME_CONNECTORS_FORMATS_TEXT_DECODER_H_

#include <memory>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

#include "runtime/columnar/schema.h"
#include "runtime/connectors/formats/column_writer.h"
#include "runtime/connectors/formats/format_option.h"
#include "runtime/connectors/formats/line_framer.h"
#include "runtime/connectors/formats/row_decoder.h"

namespace wavetank::runtime {

class TextDecoder final : public RowDecoder {
 public:
  // kInvalidArgument: the schema is not one string column.
  static absl::StatusOr<std::unique_ptr<RowDecoder>> Make(SchemaPtr schema,
                                                          const OptionValues& options);

  absl::StatusOr<RecordBatch> Decode(std::string_view bytes) override;
  absl::StatusOr<RecordBatch> Finish() override;

 private:
  TextDecoder(SchemaPtr schema, const OptionValues& options);
  RecordBatch Rows();

  const SchemaPtr schema_;
  const bool whole_;
  LineFramer lines_;
  std::string file_;
  ColumnWriter values_;
};

}  // namespace wavetank::runtime

#endif  // WAVETANK_RUNTIME_CONNECTORS_FORMATS_TEXT_DECODER_H_
