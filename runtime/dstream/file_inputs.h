// Inputs of files that come into a directory: lines of text, records of one length, objects.
#ifndef WAVETANK_RUNTIME_DSTREAM_FILE_INPUTS_H_
#define WAVETANK_RUNTIME_DSTREAM_FILE_INPUTS_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

#include "runtime/connectors/input_file_options.h"
#include "runtime/dstream/codec.h"
#include "runtime/dstream/input_operators.h"
#include "runtime/dstream/object_file.h"
#include "runtime/dstream/operator.h"
#include "runtime/dstream/row_chunks.h"

namespace wavetank::runtime {

// Of every stream of files. `files.name_globs` and `files.ignored_names` are Spark's filter, by
// name.
struct FileStreamOptions {
  // Spark's: files that are there when the stream first starts are not its input.
  bool new_files_only = true;
  InputFileOptions files = {};
};
using TextFileOptions = FileStreamOptions;

// Of files that hold no lines: `files.max_line_bytes` and `files.ignore_corrupt` stay as they are.
struct BinaryRecordsOptions {
  bool new_files_only = true;
  InputFileOptions files = {};
  // A larger file is read by several tasks, each so many bytes of it: of whole records, one at
  // least, and of no file by more than kMostFileParts. Of files that may be skipped when they are
  // lost each is read by one task: it is input whole or not at all.
  int64_t split_bytes = int64_t{32} << 20;
};

inline constexpr uint64_t kMostFileParts = 1000;
// The longest record: it is held in memory whole, several times.
inline constexpr int64_t kMostRecordBytes = int64_t{64} << 20;

// Files that are moved or linked into a directory of the store. file_selector.h states the rule by
// which each is selected exactly once.
class FileInput : public InputOperator {
 public:
  // `detail`: what tells it apart besides the directory.
  FileInput(std::string name, const std::string& directory_in_store, const std::string& detail,
            std::string codec, FileStreamOptions chosen)
      : InputOperator(std::move(name), absl::StrCat(directory_in_store, detail), std::move(codec)),
        directory(directory_in_store),
        options(std::move(chosen)) {}
  // kFailedPrecondition, naming the file: this input cannot read one of so many bytes that begins
  // with those. Asked before a batch has it, so that it can be taken out of the directory.
  virtual absl::Status Check(const std::string& path, uint64_t size_bytes,
                             std::string_view first_bytes) const = 0;
  // How many bytes Check is shown, if the file has them.
  virtual uint64_t shown_bytes() const;
  virtual uint64_t line_bytes_max() const { return UINT64_MAX; }
  // Of a file of so many bytes, how many one task reads, but for the last.
  virtual uint64_t part_bytes(uint64_t size_bytes) const { return size_bytes; }

  const std::string directory;
  const FileStreamOptions options;
};

class TextFileInput final : public FileInput {
 public:
  TextFileInput(const std::string& directory_in_store, FileStreamOptions chosen)
      : FileInput("TextFileStream", directory_in_store, "", Codec<std::string>::Name(),
                  std::move(chosen)) {}
  std::unique_ptr<ByteFeed> OpenFeed(RowSink& sink) const override {
    return std::make_unique<internal::LineFeed>(sink);
  }
  absl::Status Check(const std::string& path, uint64_t size_bytes,
                     std::string_view first_bytes) const override;
  uint64_t line_bytes_max() const override { return options.files.max_line_bytes; }
};

namespace internal {

// Records of one length, which files are made of, as views of the pieces that hold them whole.
class RecordFeed final : public ByteFeed {
 public:
  RecordFeed(RowSink& sink, size_t length)
      : sink_(static_cast<TypedSink<std::string>&>(sink)), length_(length) {}
  absl::Status Push(std::string_view piece) override;
  absl::Status EndFile() override;
  absl::Status Finish() override {
    sink_.Finish();
    return absl::OkStatus();
  }

 private:
  void Give(std::string_view record);
  void Flush();

  TypedSink<std::string>& sink_;
  const size_t length_;
  std::string begun_;  // a record that began in a piece before
  std::vector<std::string_view> records_;
};

}  // namespace internal

class BinaryRecordsInput final : public FileInput {
 public:
  BinaryRecordsInput(const std::string& directory_in_store, int64_t record_bytes,
                     BinaryRecordsOptions chosen)
      : FileInput("BinaryRecordsStream", directory_in_store,
                  absl::StrCat(", records of ", record_bytes, " bytes"), Codec<std::string>::Name(),
                  {.new_files_only = chosen.new_files_only, .files = std::move(chosen.files)}),
        length_(static_cast<uint64_t>(std::max<int64_t>(record_bytes, 1))),
        split_bytes_(static_cast<uint64_t>(std::max<int64_t>(chosen.split_bytes, 1))) {}
  std::unique_ptr<ByteFeed> OpenFeed(RowSink& sink) const override {
    return std::make_unique<internal::RecordFeed>(sink, length_);
  }
  // Of no file of a record and a part of one.
  absl::Status Check(const std::string& path, uint64_t size_bytes,
                     std::string_view first_bytes) const override;
  uint64_t part_bytes(uint64_t size_bytes) const override;

 private:
  const uint64_t length_;
  const uint64_t split_bytes_;
};

// Files as SaveAsObjectFiles writes them, of one type of rows.
class ObjectFileInput : public FileInput {
 public:
  ObjectFileInput(const std::string& directory_in_store, std::string row_codec,
                  FileStreamOptions chosen)
      : FileInput("ObjectFileStream", directory_in_store, "", std::move(row_codec),
                  std::move(chosen)) {}
  // Of none that begins otherwise, and so is of no objects or of others.
  absl::Status Check(const std::string& path, uint64_t size_bytes,
                     std::string_view first_bytes) const override;
  uint64_t shown_bytes() const override { return internal::kObjectFileMarkBytes; }
};

namespace internal {

template <typename T>
class TypedObjectFileInput final : public ObjectFileInput {
 public:
  TypedObjectFileInput(const std::string& directory_in_store, FileStreamOptions chosen)
      : ObjectFileInput(directory_in_store, Codec<T>::Name(), std::move(chosen)) {}
  std::unique_ptr<ByteFeed> OpenFeed(RowSink& sink) const override {
    return std::make_unique<ObjectFeed<T>>(sink);
  }
};

}  // namespace internal

// kInvalidArgument: the options say something of files that are no text.
absl::Status CheckNotOfText(const char* call, const InputFileOptions& files);

}  // namespace wavetank::runtime

#endif  // WAVETANK_RUNTIME_DSTREAM_FILE_INPUTS_H_
