#include "runtime/dstream/object_file.h"

#include <cstring>

#include "checkpoint/crc32c.h"

namespace wavetank::runtime::internal {
namespace {

constexpr std::string_view kObjectMagic = "WTOB";
constexpr uint32_t kObjectFormat = 1;
// A block ends with the row that makes it so long.
constexpr size_t kObjectBlockBytes = size_t{256} << 10;
constexpr size_t kMostBlockBytes = kObjectBlockBytes + kMostObjectBytes + 10;
constexpr size_t kNumberBytes = 4;
constexpr size_t kBlockHeadBytes = 2 * kNumberBytes;  // its length and checksum
constexpr size_t kEndBytes = kBlockHeadBytes + 8;     // and how many rows there are

template <typename N>
void AppendNumber(N number, std::string& out) {
  out.append(reinterpret_cast<const char*>(&number), sizeof number);
}
// REQUIRES: bytes has so many.
template <typename N>
N NumberAt(std::string_view bytes, size_t at) {
  N number = 0;
  std::memcpy(&number, bytes.data() + at, sizeof number);
  return number;
}

// Goes on from that of what stands before, so that no block can be left out or stand elsewhere.
uint32_t ChecksumOf(std::string_view length, std::string_view payload, uint32_t before) {
  return checkpoint::Crc32c(payload, checkpoint::Crc32c(length, before));
}

}  // namespace

std::string ObjectFileHeader(std::string_view codec) {
  std::string header(kObjectMagic);
  AppendNumber(kObjectFormat, header);
  AppendNumber(static_cast<uint32_t>(codec.size()), header);
  AppendNumber(ChecksumOf(header, codec, 0), header);
  header.append(codec);
  return header;
}

absl::Status CheckObjectFileMark(std::string_view first_bytes, std::string_view codec) {
  const std::string header = ObjectFileHeader(codec);
  const std::string_view expected = std::string_view(header).substr(0, kObjectFileMarkBytes);
  if (first_bytes == expected) return absl::OkStatus();
  if (!first_bytes.starts_with(kObjectMagic) || first_bytes.size() < kObjectFileMarkBytes) {
    return absl::DataLossError(
        "it does not begin as a file of objects, as SaveAsObjectFiles writes it");
  }
  const auto format = NumberAt<uint32_t>(first_bytes, kObjectMagic.size());
  if (format > kObjectFormat) {
    return absl::DataLossError(absl::StrCat("it is a file of objects of format ", format,
                                            ", and this build reads ", kObjectFormat,
                                            ": read it with the build that wrote it"));
  }
  return absl::DataLossError(absl::StrCat("it is a file of objects of another type than ",
                                          std::string(codec), ", or its beginning is damaged"));
}

ObjectFileWriter::ObjectFileWriter(std::string_view codec)
    : file_(ObjectFileHeader(codec)), checksum_(checkpoint::Crc32c(file_)) {}

void ObjectFileWriter::Append(std::string_view row) {
  if (row.size() > kMostObjectBytes) {
    throw std::length_error(absl::StrCat("SaveAsObjectFiles: a row takes ", row.size(),
                                         " bytes, and may take ", kMostObjectBytes));
  }
  AppendVarint(row.size(), rows_);
  rows_.append(row);
  ++count_;
  if (rows_.size() >= kObjectBlockBytes) EndBlock();
}

void ObjectFileWriter::EndBlock() {
  std::string length;
  AppendNumber(static_cast<uint32_t>(rows_.size()), length);
  checksum_ = ChecksumOf(length, rows_, checksum_);
  file_.append(length);
  AppendNumber(checksum_, file_);
  file_.append(rows_);
  rows_.clear();
}

std::string ObjectFileWriter::Finish() {
  if (!rows_.empty()) EndBlock();
  rows_.clear();
  AppendNumber(count_, rows_);
  std::string length;
  AppendNumber(uint32_t{0}, length);
  checksum_ = ChecksumOf(length, rows_, checksum_);
  file_.append(length);
  AppendNumber(checksum_, file_);
  file_.append(rows_);
  return std::move(file_);
}

absl::Status ObjectFileReader::Damaged(std::string_view what) const {
  return absl::DataLossError(absl::StrCat("at byte ", offset_, " ", std::string(what)));
}

absl::Status ObjectFileReader::Next(std::string_view bytes, size_t& used, std::string_view& rows) {
  if (at_ == At::kHeader) {
    if (bytes.size() < header_.size()) return absl::OkStatus();
    const std::string_view header = bytes.substr(0, header_.size());
    if (header != header_) {
      const absl::Status mark =
          CheckObjectFileMark(header.substr(0, kObjectFileMarkBytes), CodecName());
      return mark.ok() ? Damaged("the name of its rows' codec is damaged") : mark;
    }
    checksum_ = checkpoint::Crc32c(header);
    at_ = At::kBlock;
    used = header.size();
    return absl::OkStatus();
  }
  if (bytes.empty()) return absl::OkStatus();
  if (at_ == At::kEnd) return Damaged("something stands behind the end of the file");
  if (bytes.size() < kBlockHeadBytes) return absl::OkStatus();
  const auto length = NumberAt<uint32_t>(bytes, 0);
  if (length > kMostBlockBytes) return Damaged("a block has a length that no block has");
  const size_t size = length == 0 ? kEndBytes : kBlockHeadBytes + length;
  if (bytes.size() < size) return absl::OkStatus();
  const std::string_view payload = bytes.substr(kBlockHeadBytes, size - kBlockHeadBytes);
  const uint32_t checksum = ChecksumOf(bytes.substr(0, kNumberBytes), payload, checksum_);
  if (checksum != NumberAt<uint32_t>(bytes, kNumberBytes)) {
    return Damaged("a block is damaged: it has another checksum");
  }
  checksum_ = checksum;
  used = size;
  if (length > 0) {
    rows = payload;
    return absl::OkStatus();
  }
  at_ = At::kEnd;
  if (NumberAt<uint64_t>(payload, 0) == count_) return absl::OkStatus();
  return Damaged(
      absl::StrCat("the file ends after ", count_, " rows, and says that it has others"));
}

absl::Status ObjectFileReader::NextRow(Decoder& in, std::string_view& row) {
  uint64_t size = 0;
  if (!in.ReadVarint(size) || size > in.remaining() ||
      !in.ReadView(static_cast<size_t>(size), row)) {
    return Damaged("a block's rows do not end where it does");
  }
  ++count_;
  return absl::OkStatus();
}

absl::Status ObjectFileReader::EndFile() {
  absl::Status whole;
  if (at_ != At::kEnd) {
    whole = at_ == At::kHeader && bytes_.size() < header_.size()
                ? CheckObjectFileMark(std::string_view(bytes_).substr(0, kObjectFileMarkBytes),
                                      CodecName())
                : absl::OkStatus();
    if (whole.ok()) {
      whole = absl::DataLossError(absl::StrCat("it is cut off at byte ", offset_ + bytes_.size(),
                                               ": the end of a file of objects is missing"));
    }
  }
  bytes_.clear();
  offset_ = 0;
  at_ = At::kHeader;
  checksum_ = 0;
  count_ = 0;
  return whole;
}

}  // namespace wavetank::runtime::internal
