#include "checkpoint/state_file.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"

#include "checkpoint/coding.h"
#include "checkpoint/crc32c.h"
#include "checkpoint/paths.h"
#include "platform/check.h"
#include "platform/random.h"
#include "platform/status_macros.h"
#include "platform/text.h"

namespace wavetank::checkpoint {
namespace {

constexpr std::string_view kMagic = "WTST";
constexpr uint32_t kFormat = 2;
constexpr size_t kFixedHeaderBytes = 12;  // magic, format, length of the rest of the header
constexpr size_t kBlockBytes = size_t{64} << 10;
constexpr uint32_t kLongestHeader = 1 << 20;
constexpr uint64_t kOrdered = 1;  // a flag of a store

uint32_t Checksum(uint64_t id, uint64_t offset, std::string_view bytes) {
  std::string salt;
  PutFixed(salt, id);
  PutFixed(salt, offset);
  return Crc32c(bytes, Crc32c(salt));
}

std::string EncodeFields(const StateFileHeader& header) {
  std::string fields;
  PutFixed(fields, static_cast<uint32_t>(header.kind));
  PutFixed(fields, static_cast<uint64_t>(header.version));
  PutString(fields, header.name);
  PutString(fields, header.parent);
  PutString(fields, header.stands_for);
  PutString(fields, header.operator_fingerprint);
  PutVarint(fields, static_cast<uint64_t>(header.compression));
  PutVarint(fields, header.stores.size());
  for (const auto& [store, entries] : header.stores) {
    PutString(fields, store.name);
    PutString(fields, store.schema_fingerprint);
    PutVarint(fields, store.order == KeyOrder::kBytes ? kOrdered : 0);
    PutVarint(fields, entries);
  }
  return fields;
}

}  // namespace

StateFileEncoder::StateFileEncoder(const StateFileHeader& header)
    : id_(platform::StableHash(header.name)), compressor_(header.compression) {
  const std::string fields = EncodeFields(header);
  WT_CHECK(fields.size() < kLongestHeader, "a state file's header is too long");
  bytes_ = kMagic;
  PutFixed(bytes_, kFormat);
  PutFixed(bytes_, static_cast<uint32_t>(fields.size() + sizeof(uint32_t)));
  bytes_ += fields;
  PutFixed(bytes_, Crc32c(bytes_));
  for (const StoreInFile& store : header.stores) expected_.push_back(store.entries);
}

void StateFileEncoder::Add(size_t store, std::string_view key,
                           std::optional<std::string_view> value) {
  WT_CHECK(store < expected_.size() && expected_[store] > 0,
           "a state file gets the entries that its header says");
  if (store != block_store_) EndBlock();
  block_store_ = store;
  PutVarint(block_, key.size());
  PutVarint(block_, value ? value->size() + 1 : 0);
  block_ += key;
  if (value) block_ += *value;
  --expected_[store];
  ++entries_;
  if (block_.size() >= kBlockBytes) EndBlock();
}

void StateFileEncoder::EndBlock() {
  if (block_.empty()) return;
  const std::string_view stored = compressor_.Compress(block_);
  const size_t offset = bytes_.size();
  PutFixed(bytes_, uint32_t{0});  // the checksum, below
  PutFixed(bytes_, static_cast<uint32_t>(block_store_));
  PutFixed(bytes_, static_cast<uint64_t>(stored.size()));
  PutFixed(bytes_, static_cast<uint64_t>(block_.size()));
  bytes_ += stored;
  std::string checksum;
  PutFixed(checksum, Checksum(id_, taken_ + offset, std::string_view(bytes_).substr(offset + 4)));
  std::copy(checksum.begin(), checksum.end(), bytes_.begin() + static_cast<ptrdiff_t>(offset));
  block_.clear();
}

std::string StateFileEncoder::Take() {
  taken_ += bytes_.size();
  return std::exchange(bytes_, std::string());
}

std::string StateFileEncoder::Finish() {
  EndBlock();
  WT_CHECK(std::ranges::all_of(expected_, [](uint64_t left) { return left == 0; }),
           "a state file gets the entries that its header says");
  std::string end;
  PutFixed(end, uint32_t{0});
  PutFixed(end, uint64_t{0});
  PutFixed(end, static_cast<uint64_t>(entries_));
  PutFixed(bytes_, Checksum(id_, taken_ + bytes_.size(), end));
  bytes_ += end;
  return std::move(bytes_);
}

StateFileDecoder::StateFileDecoder(std::string path, StateFileVisitor& visitor)
    : path_(std::move(path)), visitor_(visitor) {}

// A part that stands whole in a piece is read where it is; only one that is cut is put together.
absl::Status StateFileDecoder::Feed(std::string_view piece) {
  while (!piece.empty()) {
    if (rest_.empty()) {
      WT_ASSIGN_OR_RETURN(const size_t read, ReadPart(piece));
      if (read == 0) rest_ = piece;
      piece.remove_prefix(read == 0 ? piece.size() : read);
      continue;
    }
    const size_t missing = std::min(wanted_ - rest_.size(), piece.size());
    rest_ += piece.substr(0, missing);
    piece.remove_prefix(missing);
    if (rest_.size() < wanted_) break;
    WT_ASSIGN_OR_RETURN(const size_t read, ReadPart(rest_));
    if (read > 0) rest_.clear();
  }
  return absl::OkStatus();
}

absl::Status StateFileDecoder::Finish() const {
  return finished_ ? absl::OkStatus() : Damaged("the file ends too early");
}

absl::StatusOr<size_t> StateFileDecoder::ReadPart(std::string_view bytes) {
  if (finished_) return Damaged("bytes follow its end");
  WT_ASSIGN_OR_RETURN(const size_t read, header_read_ ? ReadBlock(bytes) : ReadHeader(bytes));
  offset_ += read;
  return read;
}

absl::StatusOr<size_t> StateFileDecoder::ReadHeader(std::string_view bytes) {
  wanted_ = kFixedHeaderBytes;
  if (bytes.size() < wanted_) return 0;
  Decoder fixed(bytes);
  if (fixed.Bytes(kMagic.size()) != kMagic) return Damaged("it is not a state file");
  header_.format = fixed.Fixed<uint32_t>();
  const auto length = fixed.Fixed<uint32_t>();
  if (length < sizeof(uint32_t) || length > kLongestHeader) return Damaged("its header is damaged");
  wanted_ = kFixedHeaderBytes + length;
  if (bytes.size() < wanted_) return 0;

  const size_t checked = wanted_ - sizeof(uint32_t);
  Decoder checksum(bytes.substr(checked, sizeof(uint32_t)));
  if (checksum.Fixed<uint32_t>() != Crc32c(bytes.substr(0, checked))) {
    return Damaged("its header is damaged");
  }
  if (header_.format > kFormat) {
    return absl::FailedPreconditionError(
        absl::StrCat(path_, ": format ", header_.format, " is newer than ", kFormat,
                     ", the newest this build reads; use a newer build"));
  }
  const std::string_view fields = bytes.substr(kFixedHeaderBytes, checked - kFixedHeaderBytes);
  if (!ReadFields(fields)) return Damaged("its header is malformed");
  if (header_.name != NameInPath(path_)) {
    return Damaged(absl::StrCat("it was written as ", header_.name));
  }
  id_ = platform::StableHash(header_.name);
  read_.assign(header_.stores.size(), 0);
  header_read_ = true;
  WT_RETURN_IF_ERROR(visitor_.OnHeader(header_));
  return wanted_;
}

// False: they are malformed.
bool StateFileDecoder::ReadFields(std::string_view fields) {
  Decoder decoder(fields);
  header_.kind = static_cast<StateFileKind>(decoder.Fixed<uint32_t>());
  header_.version = static_cast<int64_t>(decoder.Fixed<uint64_t>());
  header_.name = std::string(decoder.String());
  header_.parent = std::string(decoder.String());
  const bool known =
      header_.kind == StateFileKind::kSnapshot || header_.kind == StateFileKind::kDelta;
  if (header_.format == 1) {
    header_.stores.resize(1);
    return decoder.Finished() && known;
  }
  header_.stands_for = std::string(decoder.String());
  header_.operator_fingerprint = std::string(decoder.String());
  const uint64_t compression = decoder.Varint();
  header_.compression = static_cast<StateCompression>(compression);
  const uint64_t stores = decoder.Varint();
  for (uint64_t i = 0; i < stores && decoder.ok(); ++i) {
    StoreInFile& in_file = header_.stores.emplace_back();
    in_file.store.name = std::string(decoder.String());
    in_file.store.schema_fingerprint = std::string(decoder.String());
    const uint64_t flags = decoder.Varint();
    in_file.store.order = flags == kOrdered ? KeyOrder::kBytes : KeyOrder::kNone;
    in_file.entries = decoder.Varint();
    if (flags > kOrdered || in_file.entries > UINT32_MAX) return false;
  }
  return decoder.Finished() && known && header_.format == kFormat &&
         compression <= static_cast<uint64_t>(StateCompression::kZstd);
}

size_t StateFileDecoder::block_header_bytes() const { return header_.format == 1 ? 8 : 24; }

StateFileDecoder::Block StateFileDecoder::ReadBlockHeader(std::string_view bytes) const {
  Decoder decoder(bytes);
  Block block;
  if (header_.format == 1) {
    block.stored_bytes = block.raw_bytes = decoder.Fixed<uint32_t>();
    block.checksum = decoder.Fixed<uint32_t>();
  } else {
    block.checksum = decoder.Fixed<uint32_t>();
    block.store = decoder.Fixed<uint32_t>();
    block.stored_bytes = decoder.Fixed<uint64_t>();
    block.raw_bytes = decoder.Fixed<uint64_t>();
  }
  return block;
}

absl::StatusOr<size_t> StateFileDecoder::ReadBlock(std::string_view bytes) {
  constexpr uint64_t kLargestBlock =
      StateTable::kLargestKey + StateTable::kLargestValue + 2 * kBlockBytes;
  const bool oldest = header_.format == 1;
  wanted_ = block_header_bytes();
  if (bytes.size() < wanted_) return 0;
  const Block block = ReadBlockHeader(bytes);
  const bool end = block.stored_bytes == 0;
  if (block.stored_bytes > kLargestBlock) return Damaged("a block is damaged");
  wanted_ += end && oldest ? sizeof(uint64_t) : block.stored_bytes;
  if (bytes.size() < wanted_) return 0;

  const std::string_view stored =
      bytes.substr(block_header_bytes(), wanted_ - block_header_bytes());
  const std::string_view checked = oldest ? stored : bytes.substr(4, wanted_ - 4);
  if (Checksum(id_, offset_, checked) != block.checksum) return Damaged("a block is damaged");
  if (end) {
    WT_RETURN_IF_ERROR(ReadEnd(oldest ? Decoder(stored).Fixed<uint64_t>() : block.raw_bytes));
  } else {
    WT_RETURN_IF_ERROR(ReadEntries(block, stored));
  }
  return wanted_;
}

absl::Status StateFileDecoder::ReadEnd(uint64_t entries) {
  bool as_said = entries == entries_;
  for (size_t i = 0; i < read_.size() && header_.format > 1; ++i) {
    as_said = as_said && read_[i] == header_.stores[i].entries;
  }
  if (!as_said) return Damaged("it does not hold as many entries as it says");
  finished_ = true;
  return absl::OkStatus();
}

absl::Status StateFileDecoder::ReadEntries(const Block& block, std::string_view stored) {
  if (block.store >= header_.stores.size()) return Damaged("a block is of no store that it names");
  std::string_view raw = stored;
  if (block.raw_bytes != stored.size() &&
      !decompressor_.Decompress(header_.compression, stored, block.raw_bytes, &raw)) {
    return Damaged("a block cannot be decompressed");
  }
  keys_.clear();
  values_.clear();
  Decoder fields(raw);
  while (!fields.rest().empty()) {
    const uint64_t key_size = fields.Varint();
    const uint64_t value_size = fields.Varint();
    keys_.push_back(fields.Bytes(key_size));
    if (value_size == 0) {
      values_.emplace_back(std::nullopt);
    } else {
      values_.emplace_back(fields.Bytes(value_size - 1));
    }
    if (key_size > StateTable::kLargestKey || value_size > StateTable::kLargestValue + 1) {
      return Damaged("a block holds a key or value that is too long");
    }
  }
  if (!fields.Finished()) return Damaged("a block is malformed");
  visitor_.OnEntries(block.store, keys_, values_);
  read_[block.store] += keys_.size();
  entries_ += keys_.size();
  return absl::OkStatus();
}

absl::Status StateFileDecoder::Damaged(std::string_view what) const {
  return absl::DataLossError(absl::StrCat(path_, ": at offset ", offset_, ": ",
                                          platform::ToAbsl(what),
                                          "; the state version that names it cannot be loaded"));
}

}  // namespace wavetank::checkpoint
