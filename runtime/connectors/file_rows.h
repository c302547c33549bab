// FileRows: the rows of the pieces of files of a split, one after the other: bytes (file_bytes.h),
// decompressed where a file is compressed, decoded (formats/row_decoder.h).
#ifndef WAVETANK_RUNTIME_CONNECTORS_FILE_ROWS_H_
#define WAVETANK_RUNTIME_CONNECTORS_FILE_ROWS_H_

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/connectors/connector_option.h"
#include "runtime/connectors/file_bytes.h"
#include "runtime/connectors/formats/decompress.h"
#include "runtime/connectors/formats/row_decoder.h"
#include "runtime/connectors/input_file_options.h"
#include "runtime/connectors/line_limit.h"
#include "runtime/connectors/source.h"

namespace wavetank::runtime {

struct FileRowsOptions {
  std::string format;
  SchemaPtr schema;
  OptionMap decoder;     // the format's
  std::string line_end;  // what LineBegin takes
  InputFileOptions files;
};

class FileRows final : public SplitReader {
 public:
  // REQUIRES: options of which a decoder can be made.
  FileRows(SplitContext context, FileSplit split, FileRowsOptions options);

  Task<absl::StatusOr<std::optional<RecordBatch>>> Next() override;
  // Damage shows at a file's end.
  Task<absl::Status> Check() override;
  std::vector<FileRead> Reads() const override { return reads_; }

 private:
  // Of the file that is read.
  struct File {
    std::unique_ptr<FileBytes> bytes;
    std::unique_ptr<RowDecoder> decoder;
    bool begun = false;                          // its first bytes have come
    std::unique_ptr<Decompressor> decompressor;  // null: it is not compressed
    LineLimit lines;                             // of what is decompressed
    std::string chunk;                           // what the decompressor is at
  };
  // The first piece from next_ on that is not left out, whose bytes are being fetched; null: none.
  std::unique_ptr<FileBytes> Fetch();
  absl::Status Open(std::unique_ptr<FileBytes> bytes);
  // The file's next bytes; nullopt: it has ended, and was what it was to be.
  Task<absl::StatusOr<std::optional<std::string>>> Bytes();
  absl::StatusOr<RecordBatch> Decode(std::string chunk);
  absl::StatusOr<RecordBatch> Decompress();
  absl::StatusOr<RecordBatch> DecodeContent(std::string_view content);
  absl::StatusOr<RecordBatch> Finish();
  absl::Status InFile(const absl::Status& status) const;
  void NoteLost();
  void NoteCorrupt(const absl::Status& status);

  const SplitContext context_;
  const FileSplit split_;
  const FileRowsOptions options_;
  int next_ = 0;
  std::unique_ptr<FileBytes> fetched_;  // of the piece that comes next
  std::optional<File> file_;
  std::vector<FileRead> reads_;
};

}  // namespace wavetank::runtime

#endif  // WAVETANK_RUNTIME_CONNECTORS_FILE_ROWS_H_
