// Files by their text, for tests of decoders: decoded, and shown a row a line.
#ifndef WAVETANK_TESTS_RUNTIME_CONNECTORS_FORMATS_DECODING_H_
#define WAVETANK_TESTS_RUNTIME_CONNECTORS_FORMATS_DECODING_H_

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "gtest/gtest.h"

#include "platform/random.h"
#include "runtime/columnar/ddl.h"
#include "runtime/connectors/formats/row_decoder.h"

namespace wavetank::runtime {

using DecoderOptions = std::map<std::string, std::string>;

inline SchemaPtr SchemaOf(std::string_view ddl) {
  absl::StatusOr<Schema> schema = ParseDdl(ddl);
  EXPECT_TRUE(schema.ok()) << schema.status();
  return std::make_shared<const Schema>(*std::move(schema));
}

struct Decoded {
  absl::Status status;
  RecordBatch rows;
  int64_t malformed = 0;
};

// In pieces as `random` cuts them, or in one.
inline Decoded DecodeAll(std::string_view format, const SchemaPtr& schema,
                         const DecoderOptions& options, std::string_view text,
                         platform::Random* random = nullptr,
                         DecoderStart start = DecoderStart::kFile) {
  Decoded decoded;
  auto decoder = MakeDecoder(format, schema, options, start);
  decoded.status = decoder.status();
  if (!decoder.ok()) return decoded;
  std::vector<RecordBatch> batches;
  const auto take = [&](absl::StatusOr<RecordBatch> batch) {
    if (!batch.ok()) {
      decoded.status = batch.status();
      return false;
    }
    batches.push_back(*std::move(batch));
    return true;
  };
  bool good = true;
  while (good && !text.empty()) {
    size_t size = text.size();
    if (random != nullptr) size = 1 + random->Below(std::min<size_t>(size, 1 + random->Below(40)));
    // A copy of its own, so that a read beyond the piece is one beyond an allocation.
    const std::vector<char> piece(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(size));
    good = take((*decoder)->Decode({piece.data(), piece.size()}));
    text.remove_prefix(size);
  }
  if (good) take((*decoder)->Finish());
  decoded.malformed = (*decoder)->malformed();
  decoded.rows = Concatenate(schema, batches);
  return decoded;
}

inline std::string CellShown(const Column& column, int64_t row) {
  if (column.IsNull(row)) return "null";
  if (column.type().kind() == DataType::kArray) {
    std::string text = "[";
    for (int64_t i = column.offsets()[row]; i < column.offsets()[row + 1]; ++i) {
      text += (text.size() > 1 ? ", " : "") + CellShown(column.elements(), i);
    }
    return text + "]";
  }
  if (column.type().kind() == DataType::kStruct) {
    std::string text = "{";
    for (int i = 0; i < static_cast<int>(column.type().names().size()); ++i) {
      text += (i > 0 ? ", " : "") + CellShown(column.field(i), row);
    }
    return text + "}";
  }
  if (column.type() == DataType::kString) return "'" + std::string(column.StringAt(row)) + "'";
  return column.CellText(row);
}

inline std::vector<std::string> RowsShown(const RecordBatch& rows) {
  std::vector<std::string> shown;
  for (int64_t row = 0; row < rows.num_rows(); ++row) {
    std::string text;
    for (const Column& column : rows.columns()) {
      text += (text.empty() ? "" : "|") + CellShown(column, row);
    }
    shown.push_back(std::move(text));
  }
  return shown;
}

// The rows, with how many records were malformed behind them, or what went wrong.
inline std::vector<std::string> Shown(std::string_view format, std::string_view ddl,
                                      const DecoderOptions& options, std::string_view text,
                                      DecoderStart start = DecoderStart::kFile) {
  const Decoded decoded = DecodeAll(format, SchemaOf(ddl), options, text, nullptr, start);
  if (!decoded.status.ok()) return {decoded.status.ToString()};
  std::vector<std::string> shown = RowsShown(decoded.rows);
  if (decoded.malformed != 0) shown.push_back(std::to_string(decoded.malformed) + " malformed");
  return shown;
}

}  // namespace wavetank::runtime

#endif  // WAVETANK_TESTS_RUNTIME_CONNECTORS_FORMATS_DECODING_H_
