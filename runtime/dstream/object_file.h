// Files of objects: rows of one type as their codec encodes them, checksummed; what
// SaveAsObjectFiles writes and ObjectFileStream reads. checkpoint/FORMAT.md says what stands in
// them, to the byte.
//
// Whatever the bytes are, reading gives the rows that were written, or kDataLoss that says what is
// wrong and at which byte: of another type, damaged, cut off, or put together of several. No length
// in a file is believed beyond what follows it, and no more than a block is held in memory.
#ifndef WAVETANK_RUNTIME_DSTREAM_OBJECT_FILE_H_
#define WAVETANK_RUNTIME_DSTREAM_OBJECT_FILE_H_

#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

#include "runtime/dstream/codec.h"
#include "runtime/dstream/operator.h"
#include "runtime/dstream/row_chunks.h"

namespace wavetank::runtime {

// The longest encoding of a row.
inline constexpr size_t kMostObjectBytes = size_t{64} << 20;

namespace internal {

// The bytes that every file of rows of that codec begins with.
std::string ObjectFileHeader(std::string_view codec);
// How many of these tell a file of another codec.
inline constexpr size_t kObjectFileMarkBytes = 16;
// kDataLoss: a file that begins with these bytes, kObjectFileMarkBytes of it or all, has no rows of
// that codec.
absl::Status CheckObjectFileMark(std::string_view first_bytes, std::string_view codec);

// Makes a file. Rows are appended encoded.
class ObjectFileWriter {
 public:
  explicit ObjectFileWriter(std::string_view codec);
  // Throws std::length_error: the row is longer than kMostObjectBytes.
  void Append(std::string_view row);
  // REQUIRES: once, and nothing after it.
  std::string Finish();

 private:
  void EndBlock();

  std::string file_;
  std::string rows_;  // of the block that is begun
  uint32_t checksum_ = 0;
  uint64_t count_ = 0;
};

// Reads files, one after the other, in pieces that are cut anywhere.
class ObjectFileReader {
 public:
  explicit ObjectFileReader(std::string_view codec) : header_(ObjectFileHeader(codec)) {}

  // Calls take(row), a view of its encoding, for the rows of each block that is whole, which may
  // give an error of its own.
  template <typename Take>
  absl::Status Push(std::string_view piece, const Take& take) {
    bytes_.append(piece);
    size_t at = 0;
    while (true) {
      std::string_view rows;
      size_t used = 0;
      absl::Status status = Next(std::string_view(bytes_).substr(at), used, rows);
      if (!status.ok() || used == 0) {
        bytes_.erase(0, at);
        return status;
      }
      for (Decoder in(rows); in.remaining() > 0;) {
        std::string_view row;
        status = NextRow(in, row);
        if (status.ok()) status = take(row);
        if (!status.ok()) return status;
      }
      at += used;
      offset_ += used;
    }
  }
  // kDataLoss: the file is not whole. The next one begins then.
  absl::Status EndFile();

 private:
  enum class At { kHeader, kBlock, kEnd };
  // What `bytes` begins with, of which there may be too little: then it uses none.
  absl::Status Next(std::string_view bytes, size_t& used, std::string_view& rows);
  absl::Status NextRow(Decoder& in, std::string_view& row);
  absl::Status Damaged(std::string_view what) const;
  std::string_view CodecName() const {
    return std::string_view(header_).substr(kObjectFileMarkBytes);
  }

  const std::string header_;
  std::string bytes_;  // from offset_ on
  uint64_t offset_ = 0;
  At at_ = At::kHeader;
  uint32_t checksum_ = 0;
  uint64_t count_ = 0;
};

}  // namespace internal

// The rows of a whole file: of programs that read what SaveAsObjectFiles has left. kDataLoss: it
// is damaged, or its rows are of another type.
template <typename T>
absl::Status DecodeObjectFile(std::string_view file, std::vector<T>& rows) {
  internal::ObjectFileReader reader(Codec<T>::Name());
  const absl::Status read = reader.Push(
      file, [&rows](std::string_view row) { return DecodeFromString(row, rows.emplace_back()); });
  return read.ok() ? reader.EndFile() : read;
}

namespace internal {

template <typename T>
class ObjectSink final : public TypedSink<T> {
 public:
  ObjectSink() : writer_(Codec<T>::Name()) {}
  void Take(std::vector<T>& rows) override {
    for (const T& row : rows) {
      bytes_.clear();
      Codec<T>::Encode(row, bytes_);
      writer_.Append(bytes_);
    }
  }
  void Finish() override {}
  std::string TakeFile() { return writer_.Finish(); }

 private:
  ObjectFileWriter writer_;
  std::string bytes_;
};

template <typename T>
class ObjectFeed final : public ByteFeed {
 public:
  explicit ObjectFeed(RowSink& sink)
      : sink_(static_cast<TypedSink<T>&>(sink)), reader_(Codec<T>::Name()) {}
  absl::Status Push(std::string_view piece) override {
    const absl::Status read = reader_.Push(piece, [this](std::string_view row) {
      const absl::Status decoded = DecodeFromString(row, rows_.emplace_back());
      if (rows_.size() >= kChunkRows) Flush();
      return decoded;
    });
    if (read.ok()) Flush();
    return read;
  }
  absl::Status EndFile() override { return reader_.EndFile(); }
  absl::Status Finish() override {
    sink_.Finish();
    return absl::OkStatus();
  }

 private:
  void Flush() {
    if (!rows_.empty()) sink_.Take(rows_);
    rows_.clear();
  }

  TypedSink<T>& sink_;
  ObjectFileReader reader_;
  std::vector<T> rows_;
};

}  // namespace internal
}  // namespace wavetank::runtime

#endif  // WAVETANK_RUNTIME_DSTREAM_OBJECT_FILE_H_
