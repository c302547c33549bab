#include "checkpoint/state_file.h"

#include <utility>

#include "absl/strings/str_cat.h"

#include "checkpoint/coding.h"
#include "checkpoint/crc32c.h"
#include "platform/random.h"
#include "platform/status_macros.h"
#include "platform/text.h"

namespace wavetank::checkpoint {
namespace {

constexpr std::string_view kMagic = "WTST";
constexpr uint32_t kFormat = 1;
constexpr size_t kFixedHeaderBytes = 12;  // magic, format, length of the rest of the header
constexpr size_t kBlockHeaderBytes = 8;
constexpr size_t kFooterBytes = 8;
constexpr size_t kBlockBytes = size_t{64} << 10;
constexpr uint32_t kLongestHeader = 64 << 10;

uint32_t Checksum(uint64_t id, uint64_t offset, std::string_view payload) {
  std::string salt;
  PutFixed(salt, id);
  PutFixed(salt, offset);
  return Crc32c(payload, Crc32c(salt));
}

std::string_view NameIn(std::string_view path) {
  const size_t slash = path.rfind('/');
  return slash == std::string_view::npos ? path : path.substr(slash + 1);
}

}  // namespace

StateFileEncoder::StateFileEncoder(const StateFileHeader& header)
    : id_(platform::StableHash(header.name)) {
  std::string rest;
  PutFixed(rest, static_cast<uint32_t>(header.kind));
  PutFixed(rest, static_cast<uint64_t>(header.version));
  PutString(rest, header.name);
  PutString(rest, header.parent);
  bytes_ = kMagic;
  PutFixed(bytes_, kFormat);
  PutFixed(bytes_, static_cast<uint32_t>(rest.size() + sizeof(uint32_t)));
  bytes_ += rest;
  PutFixed(bytes_, Crc32c(bytes_));
}

void StateFileEncoder::Add(std::string_view key, const std::string_view* value) {
  PutVarint(block_, key.size());
  PutVarint(block_, value == nullptr ? 0 : value->size() + 1);
  block_ += key;
  if (value != nullptr) block_ += *value;
  ++entries_;
  if (block_.size() >= kBlockBytes) EndBlock();
}

void StateFileEncoder::EndBlock() {
  if (block_.empty()) return;
  const uint64_t offset = bytes_.size();
  PutFixed(bytes_, static_cast<uint32_t>(block_.size()));
  PutFixed(bytes_, Checksum(id_, offset, block_));
  bytes_ += block_;
  block_.clear();
}

std::string StateFileEncoder::Finish() {
  EndBlock();
  std::string footer;
  PutFixed(footer, static_cast<uint64_t>(entries_));
  const uint64_t offset = bytes_.size();
  PutFixed(bytes_, uint32_t{0});
  PutFixed(bytes_, Checksum(id_, offset, footer));
  bytes_ += footer;
  return std::move(bytes_);
}

StateFileDecoder::StateFileDecoder(std::string path, Visitor visit)
    : path_(std::move(path)), visit_(std::move(visit)) {}

absl::Status StateFileDecoder::Feed(std::string_view piece) {
  rest_ += piece;
  while (!rest_.empty()) {
    if (finished_) return Damaged("bytes follow its end");
    WT_ASSIGN_OR_RETURN(const bool advanced, header_read_ ? ReadBlock() : ReadHeader());
    if (!advanced) break;
  }
  return absl::OkStatus();
}

absl::Status StateFileDecoder::Finish() const {
  return finished_ ? absl::OkStatus() : Damaged("the file ends too early");
}

absl::StatusOr<bool> StateFileDecoder::ReadHeader() {
  if (rest_.size() < kFixedHeaderBytes) return false;
  Decoder fixed(rest_);
  if (fixed.Bytes(kMagic.size()) != kMagic) return Damaged("it is not a state file");
  const auto format = fixed.Fixed<uint32_t>();
  const auto length = fixed.Fixed<uint32_t>();
  if (length < sizeof(uint32_t) || length > kLongestHeader) return Damaged("its header is damaged");
  if (rest_.size() < kFixedHeaderBytes + length) return false;

  const size_t checked = kFixedHeaderBytes + length - sizeof(uint32_t);
  Decoder decoder(std::string_view(rest_).substr(kFixedHeaderBytes, length));
  header_.kind = static_cast<StateFileKind>(decoder.Fixed<uint32_t>());
  header_.version = static_cast<int64_t>(decoder.Fixed<uint64_t>());
  header_.name = std::string(decoder.String());
  header_.parent = std::string(decoder.String());
  Decoder checksum(std::string_view(rest_).substr(checked, sizeof(uint32_t)));
  if (checksum.Fixed<uint32_t>() != Crc32c(std::string_view(rest_).substr(0, checked))) {
    return Damaged("its header is damaged");
  }
  if (format > kFormat) {
    return absl::FailedPreconditionError(
        absl::StrCat(path_, ": format ", format, " is newer than ", kFormat,
                     ", the newest this build reads; use a newer build"));
  }
  const bool known =
      header_.kind == StateFileKind::kSnapshot || header_.kind == StateFileKind::kDelta;
  if (!decoder.ok() || !known) return Damaged("its header is malformed");
  if (header_.name != NameIn(path_)) {
    return Damaged(absl::StrCat("it was written as ", header_.name));
  }
  id_ = platform::StableHash(header_.name);
  header_read_ = true;
  rest_.erase(0, kFixedHeaderBytes + length);
  offset_ += kFixedHeaderBytes + length;
  return true;
}

absl::StatusOr<bool> StateFileDecoder::ReadBlock() {
  if (rest_.size() < kBlockHeaderBytes) return false;
  Decoder decoder(rest_);
  const auto length = decoder.Fixed<uint32_t>();
  const auto checksum = decoder.Fixed<uint32_t>();
  const size_t payload_bytes = length == 0 ? kFooterBytes : length;
  if (decoder.rest().size() < payload_bytes) return false;
  const std::string_view payload = decoder.Bytes(payload_bytes);
  if (Checksum(id_, offset_, payload) != checksum) return Damaged("a block is damaged");
  Decoder fields(payload);
  if (length == 0) {
    if (fields.Fixed<uint64_t>() != static_cast<uint64_t>(entries_)) {
      return Damaged("it does not hold as many entries as it says");
    }
    finished_ = true;
  }
  while (fields.ok() && !fields.rest().empty()) {
    const uint64_t key_size = fields.Varint();
    const uint64_t value_size = fields.Varint();
    const std::string_view key = fields.Bytes(key_size);
    const std::string_view value = fields.Bytes(value_size == 0 ? 0 : value_size - 1);
    if (!fields.ok()) break;
    visit_(key, value_size == 0 ? nullptr : &value);
    ++entries_;
  }
  if (!fields.ok()) return Damaged("a block is malformed");
  rest_.erase(0, kBlockHeaderBytes + payload_bytes);
  offset_ += kBlockHeaderBytes + payload_bytes;
  return true;
}

absl::Status StateFileDecoder::Damaged(std::string_view what) const {
  return absl::DataLossError(absl::StrCat(path_, ": at offset ", offset_, ": ",
                                          platform::ToAbsl(what),
                                          "; the state version that names it cannot be loaded"));
}

}  // namespace wavetank::checkpoint
