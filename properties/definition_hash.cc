#include "properties/definition_hash.h"

#include <string>
#include <string_view>

#include "properties/plain_xxh3.h"

namespace wavetank::properties {
namespace {

// Protobuf's wire format, as far as a definition needs it.
class Fields {
 public:
  void Varint(int number, uint64_t value) {
    Tag(number, 0);
    Raw(value);
  }
  void Bytes(int number, std::string_view value) {
    Tag(number, 2);
    Raw(value.size());
    bytes_.append(value);
  }
  void Fixed32(int number, uint32_t value) {
    Tag(number, 5);
    for (int shift = 0; shift < 32; shift += 8) bytes_ += static_cast<char>(value >> shift & 0xff);
  }
  const std::string& bytes() const { return bytes_; }

 private:
  void Tag(int number, int type) {
    Raw(static_cast<uint64_t>(number) << 3 | static_cast<uint64_t>(type));
  }
  void Raw(uint64_t value) {
    for (; value >= 0x80; value >>= 7) bytes_ += static_cast<char>((value & 0x7f) | 0x80);
    bytes_ += static_cast<char>(value);
  }

  std::string bytes_;
};

std::string BytesOf(const checkpoint::InputFile& file) {
  Fields fields;
  if (!file.path().empty()) fields.Bytes(1, file.path());
  if (file.size_bytes() != 0) fields.Varint(2, file.size_bytes());
  if (file.crc32c() != 0) fields.Fixed32(3, file.crc32c());
  if (file.modified_ns() != 0) fields.Varint(4, static_cast<uint64_t>(file.modified_ns()));
  return fields.bytes();
}

std::string BytesOf(const checkpoint::SourceRange& range) {
  Fields fields;
  if (!range.source().empty()) fields.Bytes(1, range.source());
  if (!range.start_offset().empty()) fields.Bytes(2, range.start_offset());
  if (!range.end_offset().empty()) fields.Bytes(3, range.end_offset());
  for (const checkpoint::InputFile& file : range.files()) fields.Bytes(4, BytesOf(file));
  if (!range.root().empty()) fields.Bytes(5, range.root());
  return fields.bytes();
}

}  // namespace

uint64_t HashOfDefinition(const checkpoint::BatchDefinition& definition) {
  Fields fields;
  if (definition.batch_id() != 0) fields.Varint(1, static_cast<uint64_t>(definition.batch_id()));
  for (const checkpoint::SourceRange& range : definition.sources()) {
    fields.Bytes(2, BytesOf(range));
  }
  if (definition.has_watermark_ms()) {
    fields.Varint(3, static_cast<uint64_t>(definition.watermark_ms()));
  }
  if (definition.timestamp_ms() != 0) {
    fields.Varint(4, static_cast<uint64_t>(definition.timestamp_ms()));
  }
  return PlainXxh3(fields.bytes());
}

}  // namespace wavetank::properties
