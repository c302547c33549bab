// RowDecoder: the bytes of one file, in pieces cut anywhere, to record batches. One for each
// format; which there are, and what they may be told, says format_option.h.
//
// The rows, in order, are the same however the bytes are cut. A decoder knows nothing of files,
// queries or time; its caller says which file it was. It is not thread-safe.
//
// A malformed record is one of which not every value could be read. What it does says `mode`:
//   PERMISSIVE     it is a row, with nulls for what could not be read; its text stands in the
//                  column `columnNameOfCorruptRecord`, if the schema has it (null in other rows)
//   DROPMALFORMED  it is no row
//   FAILFAST       kInvalidArgument: which line, which column, why. The decoder is done for then.
// Whatever the mode, malformed records are counted.
#ifndef WAVETANK_RUNTIME_CONNECTORS_FORMATS_ROW_DECODER_H_
#define WAVETANK_RUNTIME_CONNECTORS_FORMATS_ROW_DECODER_H_

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

#include "runtime/columnar/record_batch.h"
#include "runtime/columnar/schema.h"

namespace wavetank::runtime {

class RowDecoder {
 public:
  virtual ~RowDecoder() = default;

  // The rows that are complete by now. (A few may come later than they could: of text whose last
  // byte is a "\r", and of long records that quotes hold together.)
  virtual absl::StatusOr<RecordBatch> Decode(std::string_view bytes) = 0;
  // What is left: a last line without an end. Nothing may be decoded any more.
  virtual absl::StatusOr<RecordBatch> Finish() = 0;

  // Records so far that were malformed.
  int64_t malformed() const { return malformed_; }

 protected:
  int64_t malformed_ = 0;
};

// Where the bytes of a decoder begin.
enum class DecoderStart {
  kFile,  // with the file: a byte order mark and a header, if there is one, are no rows
  kLine,  // further on, where a line does
};

// kInvalidArgument: there is no such format or option, the option does not take that value, or the
// format has no columns of a type in the schema. Each is named.
absl::StatusOr<std::unique_ptr<RowDecoder>> MakeDecoder(
    std::string_view format, SchemaPtr schema, const std::map<std::string, std::string>& options,
    DecoderStart start = DecoderStart::kFile);

// Whether a file of this format may be read from the middle, at any line's begin. REQUIRES: options
// that MakeDecoder takes.
bool IsSplittable(std::string_view format, const std::map<std::string, std::string>& options);

}  // namespace wavetank::runtime

#endif  // WAVETANK_RUNTIME_CONNECTORS_FORMATS_ROW_DECODER_H_
